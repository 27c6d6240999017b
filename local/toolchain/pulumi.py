"""The Pulumi engine in use: the user's own where it is recent enough, else one built from Go modules.

`provide` makes everything ready and is cheap when it is; `environment` is what any `pulumi` needs to find
this machine's state. `tool_dir()/pulumi` is the command that people type (see `stack_config` for why it is
more than a link).
"""

from __future__ import annotations

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from local.paths import REPO, private_state, state, tool_dir
from local.progress import PhaseError, Progress
from local.toolchain import gobuild, plugins
from local.toolchain.launcher import write_script
from local.toolchain.plugins import Plugin
from local.toolchain.versions import PULUMI

MINIMUM_VERSION = (3, 259, 0)
"""The engine against which the program and the fallback plugins are tested; an older one is not used."""

STACK = "local"
_QUESTION_SECONDS = 60
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True)
class Pulumi:
    """What `make up` uses."""

    command: Path
    """`tool_dir()/pulumi`: run this one."""
    binary: Path
    """The engine behind it."""
    version: str
    built: bool
    """Whether it was built here, because there was no recent one on PATH."""
    plugins: Mapping[str, Plugin]
    """The plugins in use, by name (`kubernetes`, `python`, …)."""


def provide(progress: Progress) -> Pulumi:
    """Make engine, plugins, command and the stack `local` ready.

    Raises:
        PhaseError: a build or the creation of the stack failed.
    """
    binary, version, built = engine(progress)
    variables = environment()
    found = plugins.provide(binary, variables, progress)
    command = tool_dir() / "pulumi"
    write_script(command, _command_script(binary))
    pulumi = Pulumi(command, binary, version, built, found)
    _ensure_stack(pulumi, variables, progress)
    return pulumi


def variables() -> dict[str, str]:
    """What `make env` exports so that `pulumi` works on this machine's state; makes that state if needed.

    PATH is not in it: `tool_dir()` belongs in front, and PULUMI_CONFIG_PASSPHRASE must not be set.

    Raises:
        PhaseError: the passphrase of an existing state is missing.
    """
    backend, home = private_state() / "pulumi", plugins.home()
    for directory in (backend, home):
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        "PULUMI_BACKEND_URL": f"file://{backend}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(_passphrase_file(backend)),
        "PULUMI_HOME": str(home),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }


def environment() -> dict[str, str]:
    """The whole environment for a `pulumi` that we start: ours, `variables()` and PATH."""
    # A passphrase in the environment would win over the file, and be another stack's.
    inherited = {key: value for key, value in os.environ.items() if key != "PULUMI_CONFIG_PASSPHRASE"}
    rest = [part for part in inherited.get("PATH", os.defpath).split(os.pathsep) if part != str(tool_dir())]
    return {**inherited, **variables(), "PATH": os.pathsep.join([str(tool_dir()), *rest])}


def stack_exists() -> bool:
    """Whether this machine's state knows the stack `local`."""
    return any((state() / "pulumi").glob(f".pulumi/stacks/*/{STACK}.json*"))


def engine(progress: Progress) -> tuple[Path, str, bool]:
    """The engine's binary, its version, and whether it was built here because PATH has no recent one."""
    own = shutil.which("pulumi", path=plugins.foreign_path())
    if own is not None:
        version = _version(Path(own))
        if version >= MINIMUM_VERSION:
            return Path(own), _dotted(version), False
        progress.note(f"pulumi {_dotted(version)} on PATH is older than {_dotted(MINIMUM_VERSION)}")
    binary = gobuild.build(PULUMI, progress) / "pulumi"
    return binary, _dotted(_version(binary)), True


def _version(binary: Path) -> tuple[int, int, int]:
    """(0, 0, 0) for something that does not answer like a pulumi."""
    try:
        answer = subprocess.run(
            [str(binary), "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=_QUESTION_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0, 0)
    found = _VERSION.match(answer.stdout.strip())
    return (int(found[1]), int(found[2]), int(found[3])) if found else (0, 0, 0)


def _dotted(version: tuple[int, int, int]) -> str:
    return ".".join(map(str, version))


def _command_script(binary: Path) -> str:
    python, repo = shlex.quote(sys.executable), shlex.quote(str(REPO))
    return (
        "#!/bin/sh\n"
        "# Made by Roost: runs pulumi without letting it write to the committed Pulumi.local.yaml.\n"
        f"export PYTHONPATH={repo}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        f'exec {python} -m local.toolchain.stack_config {shlex.quote(str(binary))} "$@"\n'
    )


def _passphrase_file(backend: Path) -> Path:
    path = state() / "passphrase"
    if path.exists():
        return path
    if any(backend.glob(".pulumi/stacks/*/*.json*")):
        raise PhaseError(
            f"{path} is missing, and the secrets in {backend} were encrypted with what it held.",
            "Put the file back, or give up that state: make clean",
        )
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as handle:
        handle.write(secrets.token_urlsafe(32))
    return path


def _ensure_stack(pulumi: Pulumi, variables: Mapping[str, str], progress: Progress) -> None:
    """Create the stack away from the checkout, where `stack init` would write the encryption salt."""
    if stack_exists():
        return
    progress.note(f"creating the stack {STACK}")
    with tempfile.TemporaryDirectory(prefix="roost-stack-") as scratch:
        shutil.copy(REPO / "Pulumi.yaml", scratch)
        _run(pulumi.binary, ["stack", "init", STACK, "--no-select"], Path(scratch), variables)
    # So that `pulumi up` without --stack means this one.
    _run(pulumi.binary, ["stack", "select", STACK], REPO, variables)


def _run(binary: Path, arguments: list[str], directory: Path, variables: Mapping[str, str]) -> None:
    result = subprocess.run(
        [str(binary), *arguments, "--non-interactive"],
        cwd=directory,
        env=dict(variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_QUESTION_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise PhaseError(
            f"`pulumi {' '.join(arguments)}` failed: {result.stderr.strip() or result.stdout.strip()}",
            f"If {state()} was changed by hand, put it back; otherwise `make clean` starts afresh.",
        )
