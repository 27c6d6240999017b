"""Small executable scripts: the command `pulumi`, and one for each fallback plugin."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from local.paths import REPO

MARK = "# Made by Roost: fallback plugin."
"""Stands in every plugin launcher, and tells it from an official plugin."""


def write_script(path: Path, text: str) -> None:
    """Put an executable in place, whole or not at all; one that is right already is not touched."""
    if path.is_file() and not path.is_symlink() and path.read_text(errors="replace") == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_text(text)
    scratch.chmod(0o755)
    scratch.replace(path)


def is_launcher(path: Path) -> bool:
    """Whether `path` is one of our plugin launchers (an official plugin is a large binary)."""
    try:
        with path.open("rb") as handle:
            return MARK.encode() in handle.read(1024)
    except OSError:
        return False


def plugin_script(module: str, executable: str, official: Path) -> str:
    """A launcher that becomes `python -m <module>`, or the official plugin if there is one by now.

    `official` is where the user's own Pulumi would install this version; a newer one of the same major
    version beside it counts too.
    """
    major = official.parent.name.rpartition("-v")[0] + "-v" + _major(official.parent.name)
    pattern = f"{shlex.quote(str(official.parent.parent / major))}.*/{shlex.quote(executable)}"
    return f"""#!/bin/sh
{MARK}
wanted={shlex.quote(str(official))}
newest=$(ls -d {pattern} 2>/dev/null | sort -V | tail -n 1)
if [ -x "$newest" ] && [ "$(printf '%s\\n' "$wanted" "$newest" | sort -V | tail -n 1)" = "$newest" ]; then
  exec "$newest" "$@"
fi
export PYTHONPATH={shlex.quote(str(REPO))}${{PYTHONPATH:+:$PYTHONPATH}}
exec {shlex.quote(sys.executable)} -m {module} "$@"
"""


def _major(directory: str) -> str:
    return directory.rpartition("-v")[2].split(".", maxsplit=1)[0]
