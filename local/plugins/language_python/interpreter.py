"""Which Python runs a program: the virtual environment of its Pulumi.yaml, or else our own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pulumi.runtime.proto import language_pb2

from local.plugins.base.values import decode

# What uv and poetry (with `virtualenvs.in-project`) make beside the project file.
_PROJECT_ENVIRONMENT = ".venv"


@dataclass(frozen=True)
class Interpreter:
    """A Python executable, and the virtual environment that it belongs to (None: it is in none)."""

    executable: Path
    environment: Path | None

    def variables(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` with this environment activated, so that what the program starts finds it first."""
        variables = {key: value for key, value in base.items() if key != "PYTHONHOME"}
        if self.environment:
            variables["VIRTUAL_ENV"] = str(self.environment)
            variables["PATH"] = os.pathsep.join(
                [str(self.environment / "bin"), *filter(None, [base.get("PATH")])]
            )
        return variables


def choose(info: language_pb2.ProgramInfo) -> Interpreter:
    """The interpreter for a program.

    `virtualenv` (relative to Pulumi.yaml) counts where it exists; so does `.venv` for the toolchains `uv`
    and `poetry`. Otherwise it is the environment that this host itself runs in.
    """
    options = decode(info.options)
    root = Path(info.root_directory)
    candidates: list[Path] = []
    if isinstance(given := options.get("virtualenv"), str) and given:
        candidates.append(root / given)
    if options.get("toolchain") in {"uv", "poetry"}:
        candidates.append(root / _PROJECT_ENVIRONMENT)
    for environment in candidates:
        executable = environment / "bin" / "python"
        if executable.exists():
            return Interpreter(executable, environment)
    own = Path(sys.prefix) if sys.prefix != sys.base_prefix else None
    return Interpreter(Path(sys.executable), own)
