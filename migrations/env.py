"""Run by alembic. The connection, with its lock and timeouts, is handed over by `app/db/migrate.py`."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from app.db import schema


def migrate(connection: Connection) -> None:
    """Bring the schema to the requested revision, one transaction per migration."""
    context.configure(
        connection=connection,
        target_metadata=schema.metadata,
        version_table_schema=schema.SCHEMA,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    # `alembic upgrade head --sql`: the script for a review; it needs no database.
    context.configure(
        dialect_name="postgresql",
        target_metadata=schema.metadata,
        version_table_schema=schema.SCHEMA,
        transaction_per_migration=True,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
elif "connection" in context.config.attributes:
    migrate(context.config.attributes["connection"])
else:
    raise SystemExit("Run migrations with `python -m app.cli db migrate`, which takes the lock first.")
