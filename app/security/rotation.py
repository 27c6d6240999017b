"""`roost secrets rotate`: every stored secret under the current key, in batches, while servers run."""

from __future__ import annotations

from typing import Any

from app.db import connect
from app.security.encryption import Cipher

BATCH = 500

# Secrets are the text columns whose names end in `_enc`.
FIND_COLUMNS = """SELECT c.relname AS table, a.attname AS column
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
WHERE c.relnamespace = 'roost'::regnamespace AND c.relkind = 'r' AND NOT c.relispartition
    AND a.atttypid = 'text'::regtype AND a.attname LIKE '%\\_enc' AND NOT a.attisdropped
ORDER BY 1, 2"""

NEXT = """SELECT ctid, "{column}" AS stored FROM roost."{table}"
WHERE "{column}" IS NOT NULL AND NOT starts_with("{column}", $1) LIMIT $2 FOR UPDATE"""

WRITE = """UPDATE roost."{table}" SET "{column}" = n.stored
FROM unnest($1::tid[], $2::text[]) AS n (place, stored) WHERE roost."{table}".ctid = n.place"""


async def rotate(target: connect.Target, cipher: Cipher) -> dict[str, int]:
    """Re-encrypt what another key encrypted; how many values of each column. Raises UnreadableSecretError."""
    connection = await connect.patiently(target, application="roost-secrets")
    try:
        columns = await connection.fetch(FIND_COLUMNS)
        done: dict[str, int] = {}
        for row in columns:
            done[f"{row['table']}.{row['column']}"] = await _column(connection, cipher, dict(row))
        return done
    finally:
        await connection.close()


async def _column(connection: Any, cipher: Cipher, names: dict[str, str]) -> int:
    """One column, a transaction per batch: an interrupted rotation goes on where it stopped."""
    total = 0
    while True:
        async with connection.transaction():
            rows = await connection.fetch(NEXT.format(**names), cipher.current.prefix, BATCH)
            renewed = [cipher.encrypt(cipher.decrypt(row["stored"])) for row in rows]
            await connection.execute(WRITE.format(**names), [row["ctid"] for row in rows], renewed)
        total += len(rows)
        if len(rows) < BATCH:
            return total
