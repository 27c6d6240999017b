"""Talking back to the engine: log lines that show up in the output of `pulumi up`."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Literal

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from local.paths import cache
from local.plugins.base.serving import CHANNEL_OPTIONS

_DEADLINE_SECONDS = 5
_SEVERITIES = {
    "debug": engine_pb2.DEBUG,
    "info": engine_pb2.INFO,
    "warning": engine_pb2.WARNING,
    "error": engine_pb2.ERROR,
}


class Engine:
    """A connection to the engine at `address` (host:port); thread-safe."""

    def __init__(self, address: str) -> None:
        self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(address, options=CHANNEL_OPTIONS))
        self._stream = 0
        self._lock = threading.Lock()

    def log(
        self,
        severity: Literal["debug", "info", "warning", "error"],
        message: str,
        urn: str = "",
        *,
        ephemeral: bool = False,
    ) -> None:
        """Show `message`, under the resource `urn` if given.

        An `ephemeral` line shows in the resource's row while it lasts and leaves no trace: for progress.
        A log line that cannot be delivered is dropped; it must not fail the operation that it describes.
        """
        with self._lock:
            self._stream += 1
            stream = self._stream
        request = engine_pb2.LogRequest(
            severity=_SEVERITIES[severity], message=message, urn=urn, streamId=stream, ephemeral=ephemeral
        )
        try:
            self._stub.Log(request, timeout=_DEADLINE_SECONDS)
        except grpc.RpcError:
            return

    def say_fallback(self, plugin: str, instead_of: str) -> None:
        """Say once per run of `pulumi` that `plugin` is our fallback for the official `instead_of`."""
        if _first_time(plugin):
            self.log(
                "info",
                # The newline keeps apart what several plugins say about one stack.
                f"{plugin}: Roost's fallback plugin is in use, since {instead_of} could not be downloaded\n",
            )


def _first_time(plugin: str) -> bool:
    """True once per engine process: `pulumi up` starts each plugin twice, to preview and to update."""
    parent = os.getppid()
    run = f"{parent} {_start_time(parent)}"
    marker = cache() / "notices" / plugin
    try:
        if marker.exists() and marker.read_text() == run:
            return False
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.write_text(run)
    except OSError:
        return True  # an unwritable cache costs a repeated line, nothing more
    return True


def _start_time(pid: int) -> str:
    """What tells two processes with the same id apart; empty where there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
