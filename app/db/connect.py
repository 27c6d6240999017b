"""From settings to an asyncpg connection: the arguments that the pool, migrations and bootstrap share."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from pydantic import SecretStr

WAIT_SECONDS = 60
"""How long the database commands wait for a server that is still starting."""

SERVER_SETTINGS = {
    "timezone": "UTC",
    "search_path": "roost,public",
    "idle_in_transaction_session_timeout": "60s",
}


class Target(Protocol):
    """What of the settings says where Postgres is."""

    @property
    def uri(self) -> SecretStr | None: ...
    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def database(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> SecretStr | None: ...
    @property
    def ssl_mode(self) -> str | None: ...
    @property
    def ca_file(self) -> Path | None: ...


def arguments(target: Target, *, application: str) -> dict[str, Any]:
    """Keyword arguments of `asyncpg.connect`; the password never becomes part of a printable URL."""
    common: dict[str, Any] = {
        "timeout": 10,
        "server_settings": SERVER_SETTINGS | {"application_name": application},
    }
    if (tls := _tls(target)) is not None:
        common["ssl"] = tls
    if target.uri is not None:
        # SQLAlchemy's spelling is common in other people's configuration.
        dsn = target.uri.get_secret_value().replace("postgresql+asyncpg://", "postgresql://", 1)
        return common | {"dsn": dsn}
    return common | {
        "host": target.host,
        "port": target.port,
        "database": target.database,
        "user": target.user,
        "password": target.password.get_secret_value() if target.password else None,
    }


async def patiently(target: Target, *, application: str) -> asyncpg.Connection:
    """Connect, waiting up to WAIT_SECONDS for a server that does not answer yet.

    Raises the last error; a wrong password or database fails at once.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT_SECONDS
    while True:
        try:
            return await asyncpg.connect(**arguments(target, application=application))
        except (OSError, TimeoutError, asyncpg.CannotConnectNowError) as error:
            refused_tls = type(error) is ConnectionError  # asyncpg's word for a server without TLS
            if refused_tls or loop.time() > deadline:
                raise
            await asyncio.sleep(1)


async def revision(target: Target) -> str | None:
    """The database's migration, or None when it was never migrated."""
    connection = await patiently(target, application="roost-db")
    try:
        return await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


def _tls(target: Target) -> ssl.SSLContext | str | None:
    if target.ssl_mode not in {"verify-ca", "verify-full"}:
        return target.ssl_mode
    context = ssl.create_default_context(cafile=str(target.ca_file) if target.ca_file else None)
    context.check_hostname = target.ssl_mode == "verify-full"
    return context
