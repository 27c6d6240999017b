"""The emulated account's process: serve on loopback, connect to nobody, end when told or orphaned."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import make_server

from local.emulator.app import Account
from local.emulator.child import ClusterEndpoint

_ORPHAN_CHECK_SECONDS = 1.0
_OUTWARD = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class _Quiet(MotoRequestHandler):
    """Requests are counted (`/_roost/calls`), not logged."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def serve(port_file: Path, clusters: Mapping[str, ClusterEndpoint]) -> None:
    """Serve on a free loopback port, written atomically to `port_file`; never returns."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s")
    sys.addaudithook(_connect_to_nobody)
    server = make_server("127.0.0.1", 0, Account(clusters), threaded=True, request_handler=_Quiet)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    threading.Thread(target=_watch_parent, args=(os.getppid(), stop), daemon=True).start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    unfinished = port_file.with_suffix(".new")
    unfinished.write_text(str(server.server_port))
    unfinished.replace(port_file)
    stop.wait()
    # Not sys.exit: that would wait for requests under way.
    sys.stderr.flush()
    os._exit(0)


def _connect_to_nobody(event: str, _arguments: tuple[Any, ...]) -> None:
    """Moto has services that call out (SNS to a URL, Lambda to Docker); here nothing leaves the process."""
    if event in _OUTWARD:
        raise PermissionError("the emulated account connects to nobody")


def _watch_parent(parent: int, stop: threading.Event) -> None:
    """A parent killed with SIGKILL tells nobody, but its children get another parent."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_CHECK_SECONDS)
    stop.set()
