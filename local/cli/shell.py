"""`make env` and `make shell`."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.cli import environment, platform, tools


def env() -> int:
    """Exports on stdout and nothing else; what is missing is said on stderr."""
    found = _variables()
    sys.stdout.write(environment.exports(found))
    return 0


def shell() -> int:
    """Become the user's shell with the stack's environment."""
    found = _variables()
    os.environ.update(found)
    program = os.environ.get("SHELL") or "/bin/sh"
    sys.stderr.write("A shell for the stack: pulumi, kubectl and letta-client know it. `exit` leaves it.\n")
    sys.stderr.flush()
    os.execvp(program, [program, *_prompt(program)])  # noqa: S606 - becoming the shell is the point


def _variables() -> dict[str, str]:
    target = platform.target()
    outputs: dict[str, Any] = {}
    if target is not None:
        outputs = tools.stack().outputs(secrets=True)
    _complain(outputs)
    return environment.variables(target, outputs)


def _complain(outputs: Mapping[str, Any]) -> None:
    if not outputs:
        sys.stderr.write(
            "The stack is not up, so LETTA_BASE_URL and the like are missing: `make up` first.\n"
        )


def _prompt(program: str) -> list[str]:
    """Arguments that put a mark into bash's prompt after the user's own set-up has run."""
    if Path(program).name != "bash":
        return []
    with tempfile.NamedTemporaryFile("w", prefix="roost-shell-", delete=False) as handle:
        handle.write('[ -f ~/.bashrc ] && . ~/.bashrc\nPS1="(roost) $PS1"\n')
        # The user's own set-up may have put PATH in another order.
        handle.write(f"export PATH={os.environ['PATH']!r}\nrm -f {handle.name}\n")
    return ["--rcfile", handle.name, "-i"]
