"""ClickHouse's HTTP interface, one statement at a time, with nothing but the standard library."""

from __future__ import annotations

import os
import ssl
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from app.settings import SettingsError

_PATIENCE_SECONDS = 60
"""For a server that has just started, and for network policies that take a moment to reach its node."""
_TIMEOUT_SECONDS = 120


class StoreError(Exception):
    """What the store answered, in its own words."""


@dataclass(frozen=True)
class Store:
    """A ClickHouse server and a login; the password stays out of reprs, URLs and statements."""

    url: str
    user: str
    password: str = field(repr=False)
    ca_file: str | None = None

    @classmethod
    def from_environment(cls) -> Store:
        """ROOST_STORE_URL, ROOST_STORE_USER, ROOST_STORE_PASSWORD_FILE and, for a private authority,
        ROOST_STORE_CA_FILE.

        Raises SettingsError with a sentence.
        """
        url, user = _variable("ROOST_STORE_URL"), _variable("ROOST_STORE_USER")
        path = Path(_variable("ROOST_STORE_PASSWORD_FILE"))
        try:
            password = path.read_text().removesuffix("\n")
        except OSError as error:
            raise SettingsError(
                f"ROOST_STORE_PASSWORD_FILE is {path}, which cannot be read: {error}"
            ) from None
        return cls(url, user, password, os.environ.get("ROOST_STORE_CA_FILE"))

    def query(self, statement: str) -> list[list[str]]:
        """The rows of an answer, empty for a statement without one. Raises StoreError."""
        answer = self._answer(statement)
        return [line.split("\t") for line in answer.splitlines()]

    def wait(self) -> None:
        """Until it answers. Raises StoreError after a minute."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                self.query("SELECT 1")
            except ConnectionError as error:
                if time.monotonic() > deadline:
                    raise StoreError(f"{self.url} does not answer: {error}") from None
                time.sleep(1)
            else:
                return

    def _answer(self, statement: str) -> str:
        request = urllib.request.Request(  # noqa: S310 - the URL is the deployment's own
            f"{self.url}/?wait_end_of_query=1&default_format=TSV",
            data=statement.encode(),
            headers={"X-ClickHouse-User": self.user, "X-ClickHouse-Key": self.password},
        )
        context = ssl.create_default_context(cafile=self.ca_file) if self.url.startswith("https:") else None
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS, context=context) as answer:  # noqa: S310
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            raise StoreError(error.read().decode(errors="replace").strip()) from None
        except urllib.error.URLError as error:
            raise ConnectionError(error.reason) from None


def quoted(text: str) -> str:
    """A string literal of ClickHouse's SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _variable(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"{name} is not set, and `roost store` needs it.")
    return value
