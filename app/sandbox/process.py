"""The process that tools are forked from, from the server's side: asked for calls over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import orjson

from app.sandbox.gathered import Gathered
from app.sandbox.inside import frames
from app.sandbox.limits import Limits
from app.sandbox.types import Job, Result

log = logging.getLogger("roost.sandbox")

ROOT = Path(__file__).resolve().parents[2]
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from app.sandbox.inside.zygote import main;"
    " del sys.path[0]; main(sys.argv[2])"
)
START_SECONDS = 20.0
GRACE_SECONDS = 5.0
"""How much later than the sandbox the server gives up on a call by itself."""

MOST_BYTES = 16 * 1024 * 1024
"""Of one call's answer; the sandbox sends less, a tool that writes to the pipe itself is cut off."""


class SandboxError(Exception):
    """Tools cannot run on this machine; the message says why and what to do."""


class Zygote:
    """The running process and the calls that it was asked for."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, directory: str) -> None:
        self._process, self._control, self._directory = process, control, directory
        self._numbers = itertools.count(1)
        self._ends: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._hello: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.layers: dict[str, Any] = {}
        self.gone = False
        asyncio.get_running_loop().add_reader(control.fileno(), self._hear)

    @classmethod
    async def start(cls, limits: Limits) -> Zygote:
        """Start the process with nothing of our environment. Raises SandboxError."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        directory = tempfile.mkdtemp(prefix="roost-sandbox-")
        try:
            config = _directories(directory) | limits.for_zygote() | {"control": theirs.fileno()}
            process = subprocess.Popen(  # noqa: ASYNC220 (it takes milliseconds, once)
                [_interpreter(), "-I", "-S", "-B", "-X", "utf8", "-c", START, str(ROOT), json.dumps(config)],
                env={"LANG": "C.UTF-8", "MALLOC_ARENA_MAX": "2"}, cwd="/", stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, pass_fds=[theirs.fileno()], start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            shutil.rmtree(directory, ignore_errors=True)
            raise SandboxError(f"The tools' sandbox cannot be started: {error.strerror}.") from None
        finally:
            theirs.close()
        zygote = cls(process, ours, directory)
        try:
            async with asyncio.timeout(START_SECONDS):
                zygote.layers = await zygote._hello
        except (TimeoutError, ConnectionError):
            zygote.close()
            raise SandboxError("The tools' sandbox did not start; the server's log has its error.") from None
        log.info("tools' sandbox started", extra={"layers": zygote.layers})
        return zygote

    async def run(self, job: Job, seconds: float) -> Result:
        """Run one call to its end, or to the end of its time; killed when cancelled."""
        loop, number = asyncio.get_running_loop(), next(self._numbers)
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        ended = self._ends[number] = loop.create_future()
        gathered = Gathered()
        try:
            with theirs:
                socket.send_fds(
                    self._control, [orjson.dumps({"call": number, "seconds": seconds})], [theirs.fileno()]
                )
            async with asyncio.timeout(seconds + GRACE_SECONDS):
                with contextlib.suppress(ConnectionError):  # it died; how, the end says
                    await loop.sock_sendall(ours, frames.pack(b"q", _request(job)))
                    while data := await loop.sock_recv(ours, 1 << 16):
                        gathered.take(data)
                        if gathered.answer is not None or gathered.size > MOST_BYTES:
                            break
                if gathered.answer is not None and gathered.size <= MOST_BYTES:
                    return gathered.result()
                if gathered.size > MOST_BYTES:
                    self._kill(number)
                return gathered.failed(job.name, _why(await ended, seconds))
        except TimeoutError:
            return gathered.failed(job.name, f"it was not done after {seconds:g} seconds")
        except OSError:
            self.gone = True
            return gathered.failed(job.name, "the sandbox ended")
        finally:
            self._ends.pop(number, None)
            if not ended.done():
                self._kill(number)
            ours.close()

    def close(self) -> None:
        """Hang up: the process ends, and its calls with it."""
        self._lost()
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _kill(self, number: int) -> None:
        with contextlib.suppress(OSError):  # gone, and the call with it
            self._control.send(orjson.dumps({"kill": number}))

    def _hear(self) -> None:
        try:
            data = self._control.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._lost()
            return
        told = orjson.loads(data)
        if "ready" in told:
            self._hello.set_result(told["ready"])
        elif (ended := self._ends.get(told["ended"])) and not ended.done():
            ended.set_result(told)

    def _lost(self) -> None:
        if self.gone:
            return
        self.gone = True
        asyncio.get_running_loop().remove_reader(self._control.fileno())
        if not self._hello.done():
            self._hello.set_exception(ConnectionError())
        for ended in self._ends.values():
            if not ended.done():
                ended.set_result({"why": "gone", "status": 0})


def _why(ended: dict[str, Any], seconds: float) -> str:
    killed = {
        "time": f"it was not done after {seconds:g} seconds",
        "threads": "it started too many threads",
        "disk": "it wrote too much to its directory",
        "cancelled": "it returned too much",
        "gone": "the sandbox ended",
    }
    status = ended["status"]
    if ended["why"]:
        return killed.get(ended["why"], str(ended["why"]))
    if status == -24:  # SIGXCPU
        return "it used all the processor time that it may"
    return "it had no memory left" if status == 71 else f"its process ended with {status}"


def _request(job: Job) -> bytes:
    body = {"source": job.source, "name": job.name, "arguments": job.arguments, "env": job.env}
    return orjson.dumps(body | {"agent_state": job.agent_state})


def _directories(directory: str) -> dict[str, str]:
    """Ours, with a file that no tool may touch, and in it the tools' own."""
    calls, outside = Path(directory, "calls"), Path(directory, "outside")
    calls.mkdir(0o700)
    outside.write_bytes(b"")
    return {"scratch": str(calls), "outside": str(outside)}


def _interpreter() -> str:
    """Python itself, not a virtual environment's: no packages, and readable for everybody."""
    base: Any = getattr(sys, "_base_executable", None)
    return str(base or sys.executable)
