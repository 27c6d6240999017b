"""SQL of the memory tools. `$1` is the organisation, `$2` the agent; every statement but the first needs
its lock."""

from __future__ import annotations

from app.db.pool import Statement

LOCK = Statement(
    "lock_block",
    """SELECT b.id, b.value, b.char_limit, b.read_only FROM blocks b JOIN blocks_agents x ON x.block_id = b.id
    WHERE b.org_id = $1 AND x.agent_id = $2 AND x.label = $3 FOR UPDATE OF b""",
)

WRITE = Statement(
    "write_block",
    "UPDATE blocks SET value = $3, version = version + 1, updated_at = now() WHERE org_id = $1 AND id = $2",
)

# Nothing is returned, and nothing kept, when the agent has a block of that label already.
CREATE = Statement(
    "create_block_of_agent",
    """WITH free AS (
        SELECT a.id FROM agents a WHERE a.org_id = $1 AND a.id = $2
            AND NOT EXISTS (SELECT 1 FROM blocks_agents x WHERE x.agent_id = $2 AND x.label = $4)),
    block AS (
        INSERT INTO blocks (id, org_id, label, value, char_limit, description)
        SELECT $3, $1, $4, $5, $6, $7 FROM free RETURNING id)
    INSERT INTO blocks_agents (agent_id, block_id, label)
    SELECT free.id, block.id, $4 FROM free, block RETURNING block_id""",
)

DETACH = Statement(
    "detach_block_by_label",
    """DELETE FROM blocks_agents x USING agents a
    WHERE a.org_id = $1 AND a.id = $2 AND x.agent_id = a.id AND x.label = $3""",
)

# The label is also that of the other agents which share the block: none of them may have it taken.
RENAME = Statement(
    "rename_block_of_agent",
    """WITH block AS (
        UPDATE blocks b SET label = $4, description = coalesce($5, description), version = version + 1,
            updated_at = now()
        WHERE b.org_id = $1 AND b.id = $3 AND EXISTS (
                SELECT 1 FROM blocks_agents x WHERE x.agent_id = $2 AND x.block_id = b.id)
            AND NOT EXISTS (
                SELECT 1 FROM blocks_agents x JOIN blocks_agents o ON o.agent_id = x.agent_id
                WHERE x.block_id = b.id AND o.block_id <> b.id AND o.label = $4)
        RETURNING b.id)
    UPDATE blocks_agents x SET label = $4 FROM block WHERE x.block_id = block.id RETURNING x.block_id""",
)
