"""SQL on conversations. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement

IN_CONTEXT = """ARRAY(SELECT 'message-' || m.id FROM (
            SELECT id, seq FROM messages
            WHERE agent_id = c.agent_id AND conversation_id IS NULL AND seq = 1
            UNION ALL SELECT id, seq FROM messages
            WHERE conversation_id = c.id AND seq >= c.context_start) m ORDER BY m.seq)"""


def _one(alias: str) -> str:
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'conv-' || c.id AS id, 'agent-' || c.agent_id AS agent_id, c.summary, c.description, c.model,
        c.model_settings, c.context_window_limit, c.hidden, c.archived_at IS NOT NULL AS archived,
        c.archived_at, {IN_CONTEXT} AS in_context_message_ids, '[]'::json AS isolated_block_ids,
        c.last_message_at, c.last_run_completion, c.created_at, c.updated_at,
        NULL AS created_by_id, NULL AS last_updated_by_id FROM (SELECT {alias}.*) c) j)"""


CREATE = Statement(
    "create_conversation",
    f"""WITH made AS (
        INSERT INTO conversations (id, org_id, agent_id, summary, description, model, model_settings,
            llm_config, context_window_limit, hidden, context_start)
        SELECT new.id, $1, a.id, new.summary, new.description, new.model, new.model_settings,
            new.llm_config, new.context_window_limit, new.hidden, a.next_seq
        FROM jsonb_populate_record(NULL::conversations, $3::jsonb) new
        JOIN agents a ON a.org_id = $1 AND a.id = $2 RETURNING *)
    SELECT {_one("made")} FROM made""",
)

GET = Statement(
    "get_conversation", f"SELECT {_one('t')} FROM conversations t WHERE t.org_id = $1 AND t.id = $2"
)

AGENT_OF = Statement(
    "get_agent_of_conversation", "SELECT agent_id FROM conversations WHERE org_id = $1 AND id = $2"
)

DELETE = Statement(
    "delete_conversation", "DELETE FROM conversations WHERE org_id = $1 AND id = $2 RETURNING id"
)

# What the model has in view is copied, so that neither side sees what the other says from then on and each
# can be deleted alone. `$3` is the conversation to copy from, or null for the agent's own thread.
FORK = Statement(
    "fork_conversation",
    """WITH source AS (
        SELECT a.id AS agent_id, c.id AS conversation_id, coalesce(c.context_start, a.context_start) AS start,
            c.summary, c.description, c.model, c.model_settings, c.llm_config, c.context_window_limit
        FROM agents a LEFT JOIN conversations c ON c.agent_id = a.id AND c.id = $3::uuid
        WHERE a.org_id = $1 AND a.id = $2 AND (c.id IS NOT NULL OR $3::uuid IS NULL)),
    seen AS (
        SELECT m.*, row_number() OVER (ORDER BY m.seq) - 1 AS n FROM source s, messages m
        WHERE m.agent_id = s.agent_id AND m.seq >= greatest(s.start, 2)
            AND CASE WHEN s.conversation_id IS NULL THEN m.conversation_id IS NULL
                ELSE m.conversation_id = s.conversation_id END
            AND ($5::uuid IS NULL OR m.seq <= (SELECT u.seq FROM messages u
                WHERE u.id = $5 AND u.agent_id = s.agent_id
                    AND u.conversation_id IS NOT DISTINCT FROM s.conversation_id))),
    agent AS (
        UPDATE agents a SET next_seq = next_seq + (SELECT count(*) FROM seen) FROM source s
        WHERE a.id = s.agent_id RETURNING a.next_seq - (SELECT count(*) FROM seen) AS base),
    made AS (
        INSERT INTO conversations (id, org_id, agent_id, summary, description, model, model_settings,
            llm_config, context_window_limit, hidden, context_start)
        SELECT $4, $1, s.agent_id, s.summary, s.description, s.model, s.model_settings,
            coalesce(s.llm_config, '{}'), s.context_window_limit, $6, agent.base
        FROM source s, agent RETURNING *),
    copied AS (
        INSERT INTO messages (id, org_id, agent_id, conversation_id, seq, role, text, parts, reasoning,
            tool_calls, tool_returns, approvals, name, sender_id, model, is_err, created_at)
        SELECT gen_random_uuid(), $1, seen.agent_id, made.id, agent.base + seen.n, seen.role, seen.text,
            seen.parts, seen.reasoning, seen.tool_calls, seen.tool_returns, seen.approvals, seen.name,
            seen.sender_id, seen.model, seen.is_err, seen.created_at
        FROM seen, agent, made)
    SELECT id FROM made""",
)

HAS_MESSAGE = Statement(
    "is_message_in_thread",
    """SELECT 1 FROM messages WHERE org_id = $1 AND agent_id = $2
    AND conversation_id IS NOT DISTINCT FROM $3::uuid AND id = $4""",
)

ACTIVE_RUNS = Statement(
    "list_active_runs_of_thread",
    """SELECT id FROM runs WHERE org_id = $1 AND agent_id = $2 AND status IN ('created', 'running')
    AND conversation_id IS NOT DISTINCT FROM $3::uuid""",
)

NEWEST_RUN = Statement(
    "get_newest_run_of_thread",
    """SELECT r.id FROM runs r WHERE r.org_id = $1 AND r.agent_id = $2 AND r.background
        AND r.conversation_id IS NOT DISTINCT FROM $3::uuid
        AND ($4::text IS NULL OR r.id = (
            SELECT m.run_id FROM messages m WHERE m.org_id = $1 AND m.agent_id = $2 AND m.otid = $4 LIMIT 1))
    ORDER BY r.created_at DESC LIMIT 1""",
)

LIST_SELECT = f"SELECT {_one('t')} FROM conversations t"

ORDERS = {
    "created_at": ("{0}.created_at", "{0}.id"),
    "last_run_completion": ("coalesce({0}.last_run_completion, '-infinity')", "{0}.id"),
    "last_message_at": ("coalesce({0}.last_message_at, '-infinity')", "{0}.id"),
}

FILTERS = {
    "agent_id": "t.agent_id = {}::uuid",
    "archived": "(t.archived_at IS NOT NULL) = {}::boolean",
    "summary_search": "t.summary ILIKE '%' || {} || '%'",
}
"""Query parameters of the listing as SQL; all values are parameters."""


def listing(order_by: str) -> Listing:
    """Conversations that are not hidden, in one of the orders."""
    return Listing(
        name="list_conversations",
        table="conversations",
        select=LIST_SELECT,
        scope="{0}.org_id = $1 AND NOT {0}.hidden",
        order=ORDERS[order_by],
        kind="conv",
    )


COLUMNS = {
    "summary": "text",
    "description": "text",
    "model": "text",
    "model_settings": "jsonb",
    "llm_config": "jsonb",
    "context_window_limit": "int",
    "last_message_at": "timestamptz",
}
"""What a PATCH may change, with its type; `archived` is a moment and not a value."""


def update(names: list[str], *, archived: bool | None) -> Statement:
    """Change a conversation's columns. Names come from `COLUMNS`, values are parameters from `$3` on."""
    changes = [f"{name} = ${3 + index}::{COLUMNS[name]}" for index, name in enumerate(names)]
    if archived is not None:
        changes.append(f"archived_at = {'coalesce(archived_at, now())' if archived else 'NULL'}")
    assignments = ", ".join([*changes, "updated_at = now()"])
    return Statement(
        "update_conversation",
        f"WITH changed AS (UPDATE conversations SET {assignments} WHERE org_id = $1 AND id = $2 RETURNING *)"
        f" SELECT {_one('changed')} FROM changed",
    )
