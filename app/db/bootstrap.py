"""`roost db bootstrap`: what only the master login can do — extension, logins, schema, grants. Idempotent."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.db import connect

ITERATIONS = 4096


@dataclass(frozen=True)
class Login:
    """One role to make; the password stays out of reprs."""

    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Logins:
    """The owner of the schema, the server's login, and one that only reads."""

    migrator: Login
    app: Login
    readonly: Login
    app_statement_timeout: int = 60
    """Seconds after which a statement of the server is cancelled; 0 is never."""

    @classmethod
    def from_environment(cls) -> Logins:
        """ROOST_{MIGRATOR,APP,READONLY}_{USER,PASSWORD or _FILE} and ROOST_APP_STATEMENT_TIMEOUT_SECONDS.

        Raises ValueError with a sentence.
        """
        logins = [_login(kind) for kind in ("MIGRATOR", "APP", "READONLY")]
        timeout = os.environ.get("ROOST_APP_STATEMENT_TIMEOUT_SECONDS", str(cls.app_statement_timeout))
        if not timeout.isdecimal():
            raise ValueError(f"ROOST_APP_STATEMENT_TIMEOUT_SECONDS is {timeout!r}; it must be whole seconds.")
        return cls(*logins, app_statement_timeout=int(timeout))


async def bootstrap(target: connect.Target, logins: Logins) -> None:
    """Make the database usable for `roost db migrate` and the server, in one transaction."""
    connection = await connect.patiently(target, application="roost-bootstrap")
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtext('roost bootstrap'))")
            await connection.execute("CREATE EXTENSION IF NOT EXISTS vector SCHEMA public")
            for login in (logins.migrator, logins.app, logins.readonly):
                await _ensure_login(connection, login)
            await _ensure_schema(connection, logins)
    finally:
        await connection.close()


async def _ensure_login(connection: Any, login: Login) -> None:
    role = _identifier(login.name)
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", login.name):
        await connection.execute(f"CREATE ROLE {role}")
    # A SCRAM verifier instead of the password: the statement may end up in the server's log.
    await connection.execute(f"ALTER ROLE {role} LOGIN PASSWORD '{scram_verifier(login.password)}'")


async def _ensure_schema(connection: Any, logins: Logins) -> None:
    migrator, app, readonly = (
        _identifier(login.name) for login in (logins.migrator, logins.app, logins.readonly)
    )
    database = _identifier(await connection.fetchval("SELECT current_database()"))
    later = f"ALTER DEFAULT PRIVILEGES FOR ROLE {migrator} IN SCHEMA roost"
    statements = [
        # RDS' master is no superuser: only a member of the owner may create a schema for it.
        f"GRANT {migrator} TO CURRENT_USER",
        f"CREATE SCHEMA IF NOT EXISTS roost AUTHORIZATION {migrator}",
        f"ALTER SCHEMA roost OWNER TO {migrator}",
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"GRANT CONNECT ON DATABASE {database} TO {migrator}, {app}, {readonly}",
        f"GRANT USAGE ON SCHEMA roost TO {app}, {readonly}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA roost TO {app}",
        f"GRANT SELECT ON ALL TABLES IN SCHEMA roost TO {readonly}",
        f"{later} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        f"{later} GRANT SELECT ON TABLES TO {readonly}",
        f"{later} GRANT USAGE, SELECT ON SEQUENCES TO {app}",
        # How old the oldest transaction is, whosever it is, only a monitor may see.
        f"GRANT pg_monitor TO {readonly}",
        f"ALTER ROLE {app} SET statement_timeout = '{logins.app_statement_timeout}s'",
        f"ALTER ROLE {readonly} SET default_transaction_read_only = on",
        f"ALTER ROLE {readonly} SET search_path = roost, public",
    ]
    for statement in statements:
        await connection.execute(statement)


def scram_verifier(password: str) -> str:
    """RFC 5803 verifier of a password, as Postgres stores it in `pg_authid`."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", unicodedata.normalize("NFKC", password).encode(), salt, ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    salt64, stored64, server64 = (base64.b64encode(part).decode() for part in (salt, stored, server))
    return f"SCRAM-SHA-256${ITERATIONS}:{salt64}${stored64}:{server64}"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _login(kind: str) -> Login:
    name = os.environ.get(f"ROOST_{kind}_USER")
    path = os.environ.get(f"ROOST_{kind}_PASSWORD_FILE")
    password = os.environ.get(f"ROOST_{kind}_PASSWORD")
    if not name:
        raise ValueError(f"ROOST_{kind}_USER is not set; name the login to create.")
    if bool(path) == bool(password):
        raise ValueError(f"Set exactly one of ROOST_{kind}_PASSWORD_FILE and ROOST_{kind}_PASSWORD.")
    if path:
        password = Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    if not password:
        raise ValueError(f"ROOST_{kind}_PASSWORD_FILE is {path!r}, an empty file.")
    return Login(name, password)
