"""The pod network, played: the API server's connections to pods end in handlers of ours.

On EKS the API server lives outside the cluster and reaches pods through a tunnel. This is the other end of
such a tunnel: it answers `CONNECT address:port` on a Unix socket, and gives the connection to whoever plays
the pod. TLS is between the API server and that handler, so certificates are really checked.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeAlias

Handler: TypeAlias = Callable[[socket.socket], None]
_IDLE_SECONDS = 120.0
_LONGEST_REQUEST = 8192


class PodNetwork:
    """Who listens at which address of a pod; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[tuple[str, int], Handler] = {}

    def listen(self, address: str, port: int, handler: Handler) -> None:
        """From now on `handler` gets the connections to this port; it runs in a thread of its own."""
        with self._lock:
            self._listeners[address, port] = handler

    def leave(self, address: str) -> None:
        """Nobody listens at this address any more."""
        with self._lock:
            for where in [where for where in self._listeners if where[0] == address]:
                del self._listeners[where]

    def find(self, address: str, port: int) -> Handler | None:
        """Who listens there."""
        with self._lock:
            return self._listeners.get((address, port))


@contextlib.contextmanager
def serving(path: Path, network: PodNetwork) -> Generator[None]:
    """Answer at the socket `path` while the context lasts."""

    class Connect(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            connection: socket.socket = self.request
            connection.settimeout(_IDLE_SECONDS)
            # An API server that goes away, or gives up waiting, is no fault of the network.
            with contextlib.suppress(OSError):
                _tunnel(connection, network)

    class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
        daemon_threads = True
        block_on_close = False

    path.unlink(missing_ok=True)
    with Server(str(path), Connect) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            path.unlink(missing_ok=True)


def _tunnel(connection: socket.socket, network: PodNetwork) -> None:
    wanted = _wanted(connection)
    handler = network.find(*wanted) if wanted else None
    if handler is None:
        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        return
    connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    handler(connection)


def _wanted(connection: socket.socket) -> tuple[str, int] | None:
    """Address and port of a CONNECT request, read to its end and not a byte further."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        # Byte by byte: what follows belongs to TLS.
        byte = connection.recv(1)
        if not byte or len(head) > _LONGEST_REQUEST:
            return None
        head += byte
    method, target, *_ = head.decode("ascii", "replace").split(" ")
    host, _, port = target.rpartition(":")
    return (host, int(port)) if method == "CONNECT" and port.isdigit() else None
