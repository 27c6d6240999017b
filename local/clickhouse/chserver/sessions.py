"""The engine, and a session of its own for each login and database."""

from __future__ import annotations

import hmac
import importlib
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CODE = re.compile(r"Code: (\d+)")
_DATABASE = re.compile(r"[A-Za-z_]\w*")


class QueryError(Exception):
    """What the engine refused, in its own words."""

    @property
    def code(self) -> str:
        """ClickHouse's number for it."""
        found = _CODE.search(str(self))
        return found[1] if found else "1002"


@dataclass(frozen=True, kw_only=True)
class Login:
    """A password, and what is set in each of the login's sessions."""

    password: str
    settings: tuple[str, ...] = ()
    """As `readonly = 1`."""


class Sessions:
    """The engine takes one statement at a time in a session, and several sessions at once."""

    def __init__(self, location: str, logins: Mapping[str, Login]) -> None:
        self._location = location
        self._logins = logins
        self._chdb: Any = importlib.import_module("chdb")
        self._open: dict[tuple[str, str], tuple[Any, threading.Lock]] = {}
        self._opening = threading.Lock()
        self._keeper: Any = self._chdb.connect(location)  # the engine ends with its last connection

    def admits(self, user: str, password: str) -> bool:
        """Whether the password is the login's."""
        login = self._logins.get(user)
        return login is not None and hmac.compare_digest(login.password.encode(), password.encode())

    def run(self, user: str, database: str, statement: bytes, output: str) -> bytes:
        """The answer in a format of ClickHouse's. Raises QueryError."""
        session, lock = self._session(user, database)
        with lock:
            try:
                return session.query(statement, output).bytes() or b""
            except RuntimeError as error:
                raise QueryError(str(error)) from None

    def _session(self, user: str, database: str) -> tuple[Any, threading.Lock]:
        with self._opening:
            if (user, database) not in self._open:
                if not _DATABASE.fullmatch(database):
                    raise QueryError(f"Code: 81. DB::Exception: Database {database} does not exist.")
                session = self._chdb.connect(self._location)
                try:
                    if database != "default":  # where a session begins, and where not everybody may look
                        session.query(f"USE {database}")
                except RuntimeError as error:
                    session.close()
                    raise QueryError(str(error)) from None
                for setting in self._logins[user].settings:
                    session.query(f"SET {setting}")
                self._open[user, database] = session, threading.Lock()
            return self._open[user, database]
