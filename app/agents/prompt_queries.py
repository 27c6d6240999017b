"""SQL on the compiled system prompt and the history behind it. `$1` is the organisation."""

from __future__ import annotations

from app.db.pool import Statement

PARTS = Statement(
    "get_prompt_parts",
    """SELECT a.system, a.tool_rules::text, a.timezone, a.next_seq,
        (SELECT coalesce(json_agg(json_build_object('label', b.label, 'value', b.value, 'limit', b.char_limit,
                'description', b.description, 'read_only', b.read_only) ORDER BY x.created_at, x.label), '[]')
            FROM blocks_agents x JOIN blocks b ON b.id = x.block_id WHERE x.agent_id = a.id)::text AS blocks,
        (SELECT json_build_object('passages', r.passage_count, 'tags', r.tags) FROM archives_agents x
            JOIN archives r ON r.id = x.archive_id WHERE x.agent_id = a.id)::text AS archive
    FROM agents a WHERE a.org_id = $1 AND a.id = $2""",
)

STORE = Statement(
    "store_prompt",
    """WITH agent AS (
        UPDATE agents SET prompt_key = $4 WHERE org_id = $1 AND id = $2 RETURNING id)
    UPDATE messages m SET text = $3 FROM agent
    WHERE m.agent_id = agent.id AND m.conversation_id IS NULL AND m.seq = 1 RETURNING m.id""",
)

# The agent's own thread but for its system prompt; conversations keep theirs. Not while a turn runs.
RESET = Statement(
    "reset_messages",
    """WITH agent AS (
        UPDATE agents a SET context_start = greatest(a.next_seq, 2), updated_at = now(),
            pending_approval = NULL
        WHERE a.org_id = $1 AND a.id = $2
            AND NOT EXISTS (SELECT FROM runs WHERE agent_id = $2 AND status = 'running') RETURNING a.id),
    gone AS (
        DELETE FROM messages m USING agent
        WHERE m.agent_id = agent.id AND m.conversation_id IS NULL AND m.seq > 1)
    SELECT id FROM agent""",
)
