"""Policy packs' processes, one ahead: while a pack loads its rules, the next process imports the SDK.

The engine starts packs one after the other and waits for each, and half of a pack's start is `import pulumi`.
"""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

from local.plugins.language_python.children import Children
from local.plugins.language_python.interpreter import Interpreter

_RUNNER = Path(__file__).with_name("runner.py")


class Packs:
    """Starts policy packs. Thread-safe."""

    def __init__(self, children: Children) -> None:
        self._children = children
        self._spares: dict[Path, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(
        self, python: Interpreter, job: Mapping[str, object], *, directory: Path, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        """A process that is the pack of `job`, in `directory`; its output comes through pipes."""
        with self._lock:
            process = self._spares.pop(python.executable, None)
            if process is None or process.poll() is not None:
                process = self._idle(python, directory, variables)
            # A pack runs where it lies, so that it finds its own files, and with what the engine gave it.
            whole = {**job, "directory": str(directory), "variables": dict(variables)}
            assert process.stdin is not None
            process.stdin.write(json.dumps(whole).encode())
            process.stdin.close()
            self._spares[python.executable] = self._idle(python, directory, variables)
        return process

    def _idle(
        self, python: Interpreter, directory: Path, variables: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        argv = [str(python.executable), "-u", str(_RUNNER), "analyzer"]
        return self._children.start(
            argv, directory=directory, variables=variables, capture=True, given=subprocess.PIPE
        )
