"""Runs one plugin process: serve gRPC on loopback, print the port, leave quietly when told or orphaned."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import grpc

# The engine sends whole stacks' states in one message; so do the official SDKs allow 400 MiB.
_MESSAGE_LIMIT = 400 * 1024 * 1024
# Threads start only when needed; one waits for each resource that is not ready yet.
_WORKERS = 256
_ORPHAN_CHECK_SECONDS = 1.0

CHANNEL_OPTIONS = (
    ("grpc.max_send_message_length", _MESSAGE_LIMIT),
    ("grpc.max_receive_message_length", _MESSAGE_LIMIT),
    ("grpc.enable_http_proxy", 0),
)


def serve(register: Callable[[grpc.Server], None], on_exit: Callable[[], None] | None = None) -> None:
    """Serve what `register` adds to the server until SIGINT, SIGTERM or the engine's death; never returns.

    `on_exit` runs once before the process ends: the place to end child processes.
    """
    server = grpc.server(ThreadPoolExecutor(max_workers=_WORKERS), options=CHANNEL_OPTIONS)
    register(server)
    port = server.add_insecure_port("127.0.0.1:0")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch_parent, args=(os.getppid(), stop), daemon=True).start()
    server.start()
    print(port, flush=True)
    stop.wait()
    if on_exit:
        on_exit()
    # Not sys.exit: that would wait for calls which are still waiting for a cluster.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _watch_parent(parent: int, stop: threading.Event) -> None:
    """An engine killed with SIGKILL tells nobody, but its children get another parent."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_SECONDS)
    stop.set()
