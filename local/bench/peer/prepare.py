"""Makes the peer's tables, with the peer's own interpreter; its migrations are not in its package.

`create_all` leaves out the sequence that orders messages, which a migration of the peer makes.
"""

import asyncio

from letta.orm.base import Base  # pyright: ignore[reportMissingImports]
from letta.server.db import engine  # pyright: ignore[reportMissingImports]
from sqlalchemy import text

STATEMENTS = (
    "CREATE SEQUENCE message_seq_id OWNED BY messages.sequence_id",
    "ALTER TABLE messages ALTER COLUMN sequence_id SET DEFAULT nextval('message_seq_id')",
)


async def main() -> None:
    """In one transaction."""
    async with engine.begin() as connection:
        await connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
        await connection.run_sync(Base.metadata.create_all)
        for statement in STATEMENTS:
            await connection.execute(text(statement))


if __name__ == "__main__":
    asyncio.run(main())
