"""Regions that are gone: whoever asks anything of one finds the connection closed, without a word."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter

from local.emulator.operations import Environ, signed_for


class Regions:
    """Which regions do not answer, and what was asked of them; used by many threads.

    A request is for the region that it is signed for; here that goes for global services (IAM, Route 53) as
    well, so whoever is in another region reaches them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._gone: set[str] = set()
        self._asked: Counter[str] = Counter()

    def shut_off(self, region: str) -> None:
        """From now on."""
        with self._lock:
            self._gone.add(region)

    def swallows(self, environ: Environ, title: str) -> bool:
        """Whether a request is for such a region; then its connection is closed, and it is noted."""
        region = signed_for(environ.get("HTTP_AUTHORIZATION", ""))
        with self._lock:
            if region not in self._gone:
                return False
            self._asked[f"{region} {title}"] += 1
        connection: socket.socket = environ["werkzeug.socket"]
        with contextlib.suppress(OSError):  # the caller may have hung up
            connection.shutdown(socket.SHUT_RDWR)
        return True

    def asked(self) -> dict[str, int]:
        """How often what was asked in vain: `eu-central-1 rds.DescribeDBInstances`."""
        with self._lock:
            return dict(sorted(self._asked.items()))
