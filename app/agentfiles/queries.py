"""SQL of agent files. `$1` is the organisation."""

from __future__ import annotations

from app.db.pool import Statement

_MESSAGE = """json_build_object('id', 'message-' || m.id, 'role', m.role, 'text', m.text, 'parts', m.parts,
        'reasoning', m.reasoning, 'tool_calls', m.tool_calls, 'tool_returns', m.tool_returns,
        'name', m.name, 'model', m.model, 'created_at', m.created_at)"""

# The newest messages of a thread (`$3` names a conversation), in order; `$4` is how many.
MESSAGES = Statement(
    "export_messages",
    f"""SELECT coalesce(json_agg({_MESSAGE} ORDER BY m.seq), '[]')::text FROM (
        SELECT * FROM messages WHERE org_id = $1 AND agent_id = $2 AND role <> 'heartbeat'
            AND conversation_id IS NULL AND $3::uuid IS NULL
        UNION ALL SELECT * FROM messages WHERE org_id = $1 AND agent_id = $2 AND role <> 'heartbeat'
            AND conversation_id = $3::uuid
        ORDER BY seq DESC LIMIT $4) m""",
)

TOOLS_BY_NAME = Statement(
    "find_tools_by_name",
    "SELECT id, name, tool_type FROM tools WHERE org_id = $1 AND name = ANY($2::text[])",
)
