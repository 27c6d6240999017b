"""Runs the server under uvicorn, and drains it on SIGTERM."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
from functools import partial
from types import FrameType

import uvicorn

from app import workers
from app.http.lifecycle import Lifecycle
from app.main import create_app
from app.settings import Settings
from app.telemetry import logs

log = logging.getLogger("roost")

POLL_SECONDS = 0.05
CUT_SECONDS = 2
"""What the drain left over is cut within this time; its turns release their leases in the lifespan."""


class Server(uvicorn.Server):
    """uvicorn, but SIGTERM first fails readiness and lets work in flight finish while still listening."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._draining: asyncio.Task[None] | None = None
        self.parent: int | None = None
        """A file descriptor that ends with the process whose worker this is."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """First signal: drain. Second one: stop now."""
        if self._draining is not None or sig == signal.SIGINT:
            super().handle_exit(sig, frame)
            return
        self._lifecycle.drain()
        # A signal handler may run between two bytecodes of the loop; the loop starts the task itself.
        self._loop.call_soon_threadsafe(self._start_draining)

    async def serve(self, sockets: list[object] | None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Serve until drained."""
        self._loop = asyncio.get_running_loop()
        if self.parent is not None:
            self._loop.add_reader(self.parent, self._orphaned, self.parent)
        await super().serve(sockets)  # pyright: ignore[reportArgumentType]

    def _orphaned(self, parent: int) -> None:
        self._loop.remove_reader(parent)
        log.error("the parent of this worker is gone")
        self.handle_exit(signal.SIGTERM, None)

    def _start_draining(self) -> None:
        self._draining = self._loop.create_task(self._drain(), name="drain")

    async def _drain(self) -> None:
        deadline = self._loop.time() + self._drain_seconds
        log.info("draining", extra={"drain_seconds": self._drain_seconds})
        while self._lifecycle.busy and self._loop.time() < deadline:  # noqa: ASYNC110 (bounded)
            await asyncio.sleep(POLL_SECONDS)
        log.info("drained", extra={"finished": not self._lifecycle.busy})
        self.should_exit = True


def serve(settings: Settings) -> int:
    """Serve until a signal; 0 after an orderly end."""
    logs.configure(settings.log_level)
    if settings.workers == 1:
        return _serve(settings)
    grace = settings.drain_seconds + CUT_SECONDS + 10
    work = partial(_serve, settings)
    return workers.run(settings.workers, settings.listen_host, settings.listen_port, work, grace)


def _serve(settings: Settings, listener: socket.socket | None = None, parent: int | None = None) -> int:
    """One server; as a worker on a socket of its parent."""
    lifecycle = Lifecycle()
    config = uvicorn.Config(
        create_app(settings, lifecycle),
        host=settings.listen_host,
        port=settings.listen_port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=settings.keep_alive,
        timeout_graceful_shutdown=CUT_SECONDS,
        proxy_headers=True,
        forwarded_allow_ips="*",
        backlog=workers.BACKLOG,
    )
    server = Server(config, lifecycle, settings.drain_seconds)
    server.parent = parent
    try:
        server.run([listener] if listener else None)
    except KeyboardInterrupt:
        return 130
    return 0 if server.started else 3
