"""`pulumi` for this checkout: keeps machine-specific encryption data out of the committed Pulumi.local.yaml.

Pulumi writes `encryptionsalt`, which belongs to one passphrase and so to one machine, into the stack's
configuration file, even where the state holds it as well; no setting turns that off. So commands on the stack
`local` of this checkout get a copy of the file (PULUMI_OPTION_CONFIG_FILE), and the salt comes from the state
(PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER). What a command is asked to change in the configuration
(`pulumi config set`, `--config key=value`) is brought back into the file, without the salt.

Every other project, stack and command runs as if this were not here.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from local.paths import REPO, state

_STACK = "local"
_SALT = b"encryptionsalt:"
# Flags of any command that take a value, which is therefore not the command.
_VALUE_FLAGS = frozenset({"-C", "--cwd", "-s", "--stack", "--color", "-v", "--verbose", "--tracing"})


def main() -> NoReturn:
    """Become `argv[1] argv[2:]`, or run it and bring changes of the configuration back."""
    binary, arguments = sys.argv[1], sys.argv[2:]
    committed = REPO / f"Pulumi.{_STACK}.yaml"
    if not committed.exists() or not is_local_stack(arguments):
        os.execv(binary, [binary, *arguments])  # noqa: S606 - becoming pulumi is the point
    before, copy = committed.read_bytes(), state() / committed.name
    _replace(copy, before)
    os.environ["PULUMI_OPTION_CONFIG_FILE"] = str(copy)
    os.environ["PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER"] = "true"
    # `pulumi stack rm` would delete the committed file.
    os.environ["PULUMI_OPTION_PRESERVE_CONFIG"] = "true"
    # A passphrase in the environment wins over the file, and would be another stack's.
    os.environ.pop("PULUMI_CONFIG_PASSPHRASE", None)
    if not _edits_configuration(arguments):
        os.execv(binary, [binary, *arguments])  # noqa: S606
    status = _wait([binary, *arguments])
    if _words(arguments)[:2] == ["stack", "init"]:
        _replace(committed, before)  # it knows no other file to write the salt to
    else:
        _bring_back(copy.read_bytes(), committed, before)
    sys.exit(status)


def is_local_stack(arguments: Sequence[str]) -> bool:
    """Whether a pulumi with these arguments, started here and now, works on this checkout's `local`."""
    if _project(Path(_flag(arguments, "-C", "--cwd") or ".")) != REPO / "Pulumi.yaml":
        return False
    words = _words(arguments)
    created = words[2] if words[:2] == ["stack", "init"] and len(words) > 2 else ""
    named = created or _flag(arguments, "-s", "--stack") or os.environ.get("PULUMI_STACK") or _selected()
    return named.rsplit("/", 1)[-1] == _STACK


def without_salt(text: bytes) -> bytes:
    """A stack's configuration file without the line that belongs to one machine."""
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(_SALT))


def _project(directory: Path) -> Path | None:
    directory = directory.resolve()
    candidates = (folder / "Pulumi.yaml" for folder in (directory, *directory.parents))
    return next((path for path in candidates if path.exists()), None)


def _selected() -> str:
    """The stack that `pulumi stack select` chose for this checkout; empty if none."""
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    key = hashlib.sha1(str(REPO / "Pulumi.yaml").encode(), usedforsecurity=False).hexdigest()
    for path in (home / "workspaces").glob(f"*-{key}-workspace.json"):
        document = json.loads(path.read_text())
        return document.get("stacks", {}).get(backend) or document.get("stack") or ""
    return ""


def _flag(arguments: Sequence[str], short: str, long: str) -> str:
    """The value of a flag, in any of the forms that pulumi takes; empty if it is not given."""
    for index, argument in enumerate(arguments):
        if argument in {short, long} and index + 1 < len(arguments):
            return arguments[index + 1]
        if argument.startswith(f"{long}="):
            return argument.partition("=")[2]
        if argument.startswith(short) and not argument.startswith("--") and len(argument) > len(short):
            return argument[len(short) :].removeprefix("=")
    return ""


def _words(arguments: Sequence[str]) -> list[str]:
    """The command and its operands."""
    words: list[str] = []
    skip = False
    for argument in arguments:
        if not skip and not argument.startswith("-"):
            words.append(argument)
        skip = not skip and argument in _VALUE_FLAGS
    return words


def _edits_configuration(arguments: Sequence[str]) -> bool:
    words = _words(arguments)
    if words[:1] == ["config"] or words[:2] == ["stack", "init"]:
        return True
    return any(a in {"-c", "--config"} or a.startswith("--config=") for a in arguments)


def _bring_back(edited: bytes, committed: Path, before: bytes) -> None:
    """Keep what the user changed; what pulumi only wrote in another way stays as it was."""
    import yaml  # here: most commands never need it

    stripped = without_salt(edited)
    if yaml.safe_load(stripped) != yaml.safe_load(before):
        _replace(committed, stripped)


def _replace(path: Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.write_bytes(content)
    scratch.replace(path)


def _wait(argv: list[str]) -> int:
    """Run to the end; a signal from the terminal reaches the child by itself."""
    process = subprocess.Popen(argv)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.terminate())
    status = process.wait()
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    main()
