"""The process that tools are forked from: started once with an empty environment, Python already warm.

It knows nothing that a tool could want, so a fork of it has nothing to forget. It is told of calls over one
socket and reports their ends on it; the call's own pipe goes straight to the server.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any, NoReturn

from . import confine, execute, frames, landlock, probe
from .watch import Call, verdict

COMMON = (
    "base64", "collections", "datetime", "decimal", "enum", "functools", "hashlib", "itertools", "math",
    "random", "re", "statistics", "string", "time", "typing", "uuid",
)  # fmt: skip
"""What tools import most, so that each call need not."""

TICK_SECONDS = 0.1
PIPE = 3
"""The only descriptor that a tool inherits besides the standard ones, which lead nowhere."""
NO_MEMORY_EXIT = 71
BROKEN_EXIT = 70


@dataclass(frozen=True)
class Config:
    """What the server says once."""

    control: int
    scratch: str
    outside: str
    """A file of the server's that no tool may read; the probe tries."""
    memory_bytes: int
    file_bytes: int
    disk_bytes: int
    network: bool
    packages: str | None

    def walls(self) -> confine.Walls:
        """What `confine` needs of it."""
        return confine.Walls(self.memory_bytes, self.file_bytes, self.network, self.packages)


def main(argument: str) -> None:
    """Serve until the server goes away."""
    config = Config(**json.loads(argument))
    control = socket.socket(fileno=config.control)
    separate = confine.leave_namespaces(network=config.network)
    confine.hide()
    if config.packages:
        sys.path.append(config.packages)
    for name in COMMON:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    zygote = _Zygote(config, control)
    layers = {
        "seccomp": True,
        "landlock": landlock.version(confine.libc),
        "namespaces": separate,
        "holes": zygote.probe(),
    }
    control.send(json.dumps({"ready": layers}).encode())
    zygote.serve()


class _Zygote:
    def __init__(self, config: Config, control: socket.socket) -> None:
        self._config, self._control = config, control
        self._calls: dict[int, Call] = {}
        self._wake, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, _nothing)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Start, watch and reap calls until the server's end of the socket is closed."""
        while True:
            timeout = TICK_SECONDS if self._calls else None
            ready, _, _ = select.select([self._control, self._wake], [], [], timeout)
            if self._wake in ready:
                os.read(self._wake, 1024)
            if self._control in ready and not self._obey():
                return
            self._watch()
            self._reap()

    def probe(self) -> list[str]:
        """What a tool could do here and should not."""
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            with _dying():
                confine.confine(self._config.walls(), self._config.scratch, 5)
                found = probe.holes(self._config.outside, network=self._config.network)
                os.write(write, json.dumps(found).encode())
        os.close(write)
        with os.fdopen(read, "rb") as answers:
            told = answers.read()
        os.waitpid(pid, 0)
        return json.loads(told) if told else ["anything: the walls cannot be put up here"]

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self._control, 4096, 1)
        if not data:
            return False
        order = json.loads(data)
        if "kill" in order:
            if call := self._calls.get(order["kill"]):
                self._kill(call, "cancelled")
        else:
            self._start(order, socket.socket(fileno=descriptors[0]))
        return True

    def _start(self, order: dict[str, Any], channel: socket.socket) -> None:
        number, seconds = order["call"], order["seconds"]
        scratch = str(Path(self._config.scratch, str(number)))
        try:
            Path(scratch).mkdir(0o700)
            pid = os.fork()
        except OSError as error:
            self._tell(number, f"it could not be started: {error.strerror}", 0)
            return
        if pid == 0:
            with _dying():
                self._become_tool(channel, scratch, seconds)
        channel.close()
        self._calls[number] = Call(pid, scratch, monotonic() + seconds, self._config.disk_bytes)

    def _become_tool(self, channel: socket.socket, scratch: str, seconds: float) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.dup2(channel.detach(), PIPE)
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        os.closerange(PIPE + 1, 1 << 20)
        pipe = socket.socket(fileno=PIPE)
        request = json.loads(frames.read_one(pipe))
        os.chdir(scratch)
        os.environ.clear()
        os.environ.update(
            {"HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8", "PATH": ""} | request["env"]
        )
        confine.confine(self._config.walls(), scratch, seconds)
        execute.serve(pipe, request, network=self._config.network)

    def _watch(self) -> None:
        for call in self._calls.values():
            if call.why is None and (why := verdict(call)):
                self._kill(call, why)

    def _kill(self, call: Call, why: str) -> None:
        call.why = why
        os.kill(call.pid, signal.SIGKILL)  # not yet waited for, so the number is still its own

    def _reap(self) -> None:
        for number, call in list(self._calls.items()):
            pid, status = os.waitpid(call.pid, os.WNOHANG)
            if pid:
                del self._calls[number]
                shutil.rmtree(call.scratch, ignore_errors=True)
                self._tell(number, call.why, os.waitstatus_to_exitcode(status))

    def _tell(self, number: int, why: str | None, status: int) -> None:
        self._control.send(json.dumps({"ended": number, "why": why, "status": status}).encode())


def _nothing(_: int, __: object) -> None:
    """Only so that the signal writes to the descriptor that `select` waits for."""


class _dying(contextlib.AbstractContextManager[None]):  # noqa: N801
    """A forked child never returns to the code of its parent."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> NoReturn:
        os._exit(0 if kind is None else NO_MEMORY_EXIT if issubclass(kind, MemoryError) else BROKEN_EXIT)
