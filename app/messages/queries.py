"""SQL on messages. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement

COLUMNS = (
    "id, seq, role, text, parts, reasoning, tool_calls, tool_returns, name, otid, sender_id, is_err,"
    " run_id, step_id, created_at"
)

# Messages arrive as a JSON array; `n` counts from 0 and becomes the sequence number after {base}.
INSERTED = """INSERT INTO messages (id, org_id, agent_id, seq, role, text, parts, reasoning, tool_calls,
        tool_returns, name, otid, sender_id, model, is_err, run_id, step_id, conversation_id)
    SELECT new.id, $1, {agent}, {base} + n, role, text, parts, reasoning, tool_calls,
        tool_returns, name, otid, sender_id, model, coalesce(is_err, false), {run}, {step}, {conversation}
    FROM jsonb_to_recordset({source}) AS new (n int, id uuid, role text, text text, parts jsonb,
        reasoning text, tool_calls jsonb, tool_returns jsonb, name text, otid text, sender_id text,
        model text, is_err boolean){more}"""

LIST = Listing(
    name="list_messages",
    table="messages",
    select=f"SELECT {', '.join('t.' + name.strip() for name in COLUMNS.split(','))} FROM messages t",
    scope="{0}.org_id = $1 AND {0}.agent_id = $2",
    order=("{0}.seq",),
    kind="message",
)

LIST_OF_RUN = Listing(
    name="list_messages_of_run",
    table="messages",
    select=LIST.select,
    scope="{0}.org_id = $1 AND {0}.run_id = $2",
    order=("{0}.seq",),
    kind="message",
)

GET = Statement("get_message", f"{LIST.select} WHERE t.org_id = $1 AND t.id = $2")

TYPES = {
    "system_message": "t.role = 'system'",
    "user_message": "t.role = 'user'",
    "assistant_message": "(t.role = 'assistant' AND (t.text <> '' OR t.tool_calls IS NULL"
    """ OR t.tool_calls @> '[{"name": "send_message"}]'))""",
    "reasoning_message": "(t.role = 'assistant' AND t.reasoning <> '')",
    "hidden_reasoning_message": "false",
    "tool_call_message": "(t.role = 'assistant' AND t.tool_calls IS NOT NULL)",
    "tool_return_message": "t.role = 'tool'",
    "approval_request_message": "t.role IN ('approval', 'assistant')",
    "approval_response_message": "t.role = 'approval'",
    "summary_message": "t.role = 'summary'",
    "event_message": "t.role IN ('summary', 'event')",
}
"""Which rows may have a part of a message type: a page of them is empty only at the end of the list."""

BY_OTID = Statement(
    "get_run_by_otid",
    """SELECT m.run_id, r.status, r.stop_reason, r.usage FROM messages m JOIN runs r ON r.id = m.run_id
    WHERE m.org_id = $1 AND m.agent_id = $2 AND m.otid = ANY($3::text[]) LIMIT 1""",
)
