"""One signed request and its answer, with patience for what passes; blocking, for commands and threads."""

from __future__ import annotations

import hashlib
import http.client
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.aws.credentials import Identity
from app.aws.signing import signed

ATTEMPTS = 6
SECONDS = 60
_PASSING = {429, 500, 502, 503, 504}


class RequestError(Exception):
    """AWS refused, or could not be reached."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What came back."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Sender:
    """Sends requests of one service in one region."""

    identity: Identity
    region: str
    service: str

    def send(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        """The first good answer within ATTEMPTS. Raises RequestError."""
        digest = hashlib.sha256(body).hexdigest()
        for attempt in range(1, ATTEMPTS + 1):
            full = signed(
                method,
                url,
                headers or {},
                body_sha256=digest,
                credentials=self.identity.credentials(),
                region=self.region,
                service=self.service,
            )
            try:
                return _once(method, url, body, full)
            except RequestError as error:
                if attempt == ATTEMPTS or (error.status is not None and error.status not in _PASSING):
                    raise
            time.sleep(random.uniform(0.5, 1) * min(20, 2**attempt))  # noqa: S311
        raise AssertionError("unreachable: the last attempt returns or raises")


def _once(method: str, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=SECONDS)
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        said = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise RequestError(f"{method} {parts.netloc}{parts.path}: {error!r}") from None
    finally:
        connection.close()
    if response.status >= 300:
        reason = said[:500].decode("utf-8", "replace")
        raise RequestError(
            f"{method} {parts.netloc}{parts.path}: {response.status} {reason}", response.status
        )
    return Answer({name.lower(): value for name, value in response.getheaders()}, said)
