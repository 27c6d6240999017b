"""Agents' secrets: given to their tools as environment, stored encrypted, shown masked."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from app.db.pool import Session, Statement, to_json
from app.errors import Unprocessable
from app.security.encryption import Cipher

MASK = "********"
"""Shown in place of every value; sent back, it means that the value stays."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
RESERVED = frozenset({"HOME", "TMPDIR", "PATH", "LANG", "LD_PRELOAD", "LD_LIBRARY_PATH"})
MAX_VALUE = 32_768
MAX_COUNT = 200

OF_AGENT = f"""(SELECT coalesce(json_agg(json_build_object(
        'id', 'agent-env-' || s.id, 'agent_id', 'agent-' || s.agent_id, 'key', s.key, 'value', '{MASK}',
        'value_enc', NULL, 'description', s.description, 'created_at', s.created_at,
        'updated_at', s.updated_at) ORDER BY s.key), '[]')
    FROM agent_secrets s WHERE s.agent_id = a.id)"""  # noqa: S608 (our own constants)

# The new set replaces the old one; a value that is null here keeps what is stored.
SET = Statement(
    "set_agent_secrets",
    """WITH new AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS n (key text, value_enc text)),
    gone AS (
        DELETE FROM agent_secrets s WHERE s.org_id = $1 AND s.agent_id = $2
            AND s.key NOT IN (SELECT key FROM new)),
    changed AS (
        INSERT INTO agent_secrets (agent_id, org_id, key, value_enc)
        SELECT a.id, $1, n.key, n.value_enc FROM new n JOIN agents a ON a.id = $2 AND a.org_id = $1
        WHERE n.value_enc IS NOT NULL
        ON CONFLICT (agent_id, key) DO UPDATE SET value_enc = excluded.value_enc, updated_at = now())
    SELECT 1""",
)


def wanted(body: Any) -> dict[str, str] | None:
    """The secrets of a request under either of their two names; None when it says nothing of them."""
    given = [one for one in (body.secrets, body.tool_exec_environment_variables) if one is not None]
    if not given:
        return None
    merged: dict[str, Any] = {}
    for one in reversed(given):
        merged |= one
    for key, value in merged.items():
        _check(key, value)
    if len(merged) > MAX_COUNT:
        raise Unprocessable(f"An agent may have {MAX_COUNT} secrets; given were {len(merged)}.")
    return merged


async def store(
    session: Session, cipher: Cipher, org_id: UUID, agent_id: UUID, values: dict[str, str]
) -> None:
    """Make these the agent's secrets. Raises BadRequest where the server has no key."""
    rows = [
        {"key": key, "value_enc": None if value == MASK else cipher.encrypt(value)}
        for key, value in values.items()
    ]
    await session.rows(SET, org_id, agent_id, to_json(rows))


def _check(key: str, value: Any) -> None:
    if not NAME.fullmatch(key) or key in RESERVED or key.startswith("PYTHON"):
        raise Unprocessable(f"{key!r} cannot be a secret's name: use letters, digits and _; some are taken.")
    if not isinstance(value, str) or len(value) > MAX_VALUE or "\x00" in value:
        raise Unprocessable(f"The secret {key!r} must be a text of at most {MAX_VALUE} characters.")
