"""Servers that die at a chosen point of a turn: a process that forks one for each line that it reads.

Only a test's harness: it wraps the turn's coroutine and kills the process when the turn was suspended or
resumed for the n-th time, counting from the request on. A line is `port n`; 0 is never. The answer is the
child's number. Custom tools do not run in the sandbox here: they write a line into the file `RINGS`, so that
a test can count.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any

EXIT = 86


class Fuse:
    """Kills the process at the n-th point."""

    def __init__(self, count: int) -> None:
        self._left = count

    def point(self) -> None:
        """One point of a turn."""
        self._left -= 1
        if self._left == 0:
            os._exit(EXIT)

    def wrap(self, work: Coroutine[Any, Any, Any]) -> Coroutine[Any, Any, Any]:
        """The same coroutine, every suspension and every resumption of which is a point."""

        async def run() -> Any:
            return await _Counted(self, work)

        return run()


class _Counted:
    def __init__(self, fuse: Fuse, work: Coroutine[Any, Any, Any]) -> None:
        self._fuse = fuse
        self._work = work

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self._work.__await__()
        error: BaseException | None = None
        try:
            while True:
                self._fuse.point()
                try:
                    waiting = inner.throw(error) if error else inner.send(None)
                except StopIteration as stop:
                    self._fuse.point()
                    return stop.value
                self._fuse.point()
                error = None
                try:
                    yield waiting
                except BaseException as raised:  # noqa: BLE001 (passed on to the turn)
                    error = raised
        finally:
            inner.close()  # pyright: ignore[reportAttributeAccessIssue]


def patch(fuse: Fuse, rings: Path) -> None:
    """Put the fuse into turns, and the counting tool where the sandbox was."""
    from app.messages.service import Sender
    from app.sandbox.types import Result
    from app.tools.custom import CustomTools
    from app.turns import recovery
    from app.turns.supervisor import Turns

    recovery.SCAN_SECONDS = 0.1
    start, spawn = Sender.start, Turns.spawn

    async def started(self: Sender, *args: Any, **options: Any) -> Any:
        return await fuse.wrap(start(self, *args, **options))

    def spawned(self: Turns, turn: Any, work: Any) -> Any:
        return spawn(self, turn, fuse.wrap(work))

    async def call(_: CustomTools, __: Any, ___: Any, ____: str, arguments: dict[str, Any]) -> Result:
        await asyncio.sleep(0)
        with rings.open("a", encoding="utf-8") as file:
            file.write(f"{arguments['key']}\n")
        await asyncio.sleep(0)
        return Result(True, f"rang {arguments['key']}")

    Sender.start, Turns.spawn, CustomTools.call = started, spawned, call  # pyright: ignore[reportAttributeAccessIssue]


def child(port: int, count: int) -> None:
    """Serve until killed."""
    os.dup2(2, 1)  # standard output is the answer to the test
    os.environ["PORT"] = str(port)
    patch(Fuse(count), Path(os.environ["RINGS"]))
    from app.serve import serve
    from app.settings import load_server

    os._exit(serve(load_server()))


def main() -> None:
    """Fork a server for each line, until standard input ends."""
    import app.main
    import app.serve  # noqa: F401 (imported once, for all children)

    print("ready", flush=True)
    for line in sys.stdin:
        port, count = map(int, line.split())
        if (number := os.fork()) == 0:
            child(port, count)
        print(number, flush=True)
        os.waitpid(-1, os.WNOHANG)


if __name__ == "__main__":
    main()
