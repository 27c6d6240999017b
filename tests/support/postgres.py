"""A private PostgreSQL with pgvector for tests: quick rather than durable, and it logs every statement."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Generator
from dataclasses import dataclass

import asyncpg

from local.serving import postgres


@dataclass(frozen=True)
class Cluster(postgres.Cluster):
    """A running server and its master login."""

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the master through a throw-away connection; the first value as text."""

        async def run() -> str:
            connection = await asyncpg.connect(
                host=self.host, port=self.port, user=self.user, password=self.password, database=database
            )
            try:
                return str(await connection.fetchval(statement))
            finally:
                await connection.close()

        return asyncio.run(run())


@contextlib.contextmanager
def cluster(**settings: str) -> Generator[Cluster]:
    """Initialise a server in a temporary directory, start it, and remove everything afterwards."""
    wanted = postgres.WITHOUT_DURABILITY | {
        "shared_buffers": "64MB",
        "max_connections": "60",
        "log_statement": "all",
        "log_line_prefix": "%m %d %a ",
    }
    with postgres.cluster(wanted | settings) as running:
        yield Cluster(**vars(running))
