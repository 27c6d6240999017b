"""SQL on messages. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement

COLUMNS = (
    "id, seq, role, text, parts, reasoning, tool_calls, tool_returns, approvals, name, otid, sender_id,"
    " is_err, run_id, step_id, created_at"
)

SHOWN = "{0}.role <> 'heartbeat'"
"""What listings have: all messages but those that only the model reads."""

# Messages arrive as a JSON array; `n` counts from 0 and becomes the sequence number after {base}.
INSERTED = """INSERT INTO messages (id, org_id, agent_id, seq, role, text, parts, reasoning, tool_calls,
        tool_returns, approvals, name, otid, sender_id, model, is_err, run_id, step_id, conversation_id,
        created_at)
    SELECT new.id, $1, {agent}, {base} + n, role, text, parts, reasoning, tool_calls,
        tool_returns, approvals, name, otid, sender_id, model, coalesce(is_err, false), {run}, {step},
        {conversation}, coalesce(new.created_at, now())
    FROM jsonb_to_recordset({source}) AS new (n int, id uuid, role text, text text, parts jsonb,
        reasoning text, tool_calls jsonb, tool_returns jsonb, approvals jsonb, name text, otid text,
        sender_id text, model text, is_err boolean, created_at timestamptz){more}"""

LIST = Listing(
    name="list_messages",
    table="messages",
    select=f"SELECT {', '.join('t.' + name.strip() for name in COLUMNS.split(','))} FROM messages t",
    scope=f"{{0}}.org_id = $1 AND {{0}}.agent_id = $2 AND {SHOWN}",
    order=("{0}.seq",),
    kind="message",
)

LIST_OF_RUN = Listing(
    name="list_messages_of_run",
    table="messages",
    select=LIST.select,
    scope=f"{{0}}.org_id = $1 AND {{0}}.run_id = $2 AND {SHOWN}",
    order=("{0}.seq",),
    kind="message",
)

GET = Statement("get_message", f"{LIST.select} WHERE t.org_id = $1 AND t.id = $2")

TYPES = {
    "system_message": "t.role = 'system'",
    "user_message": "t.role = 'user'",
    "assistant_message": "(t.role IN ('assistant', 'approval') AND (t.text <> '' OR t.tool_calls IS NULL"
    """ OR t.tool_calls @> '[{"name": "send_message"}]'))""",
    "reasoning_message": "(t.role IN ('assistant', 'approval') AND (t.reasoning <> ''"
    " OR t.tool_calls @? '$[*].thinking'))",
    "hidden_reasoning_message": "false",
    "tool_call_message": "(t.role IN ('assistant', 'approval') AND t.tool_calls IS NOT NULL)",
    "tool_return_message": "t.role = 'tool'",
    "approval_request_message": "(t.role = 'approval' AND t.tool_calls IS NOT NULL)",
    "approval_response_message": "(t.role = 'approval' AND t.approvals IS NOT NULL)",
    "summary_message": "t.role = 'summary'",
    "event_message": "false",
}
"""Which rows may have a part of a message type: a page of them is empty only at the end of the list."""

RUNNING = Statement(
    "get_running_run",
    "SELECT id FROM runs WHERE org_id = $1 AND agent_id = $2 AND status = 'running'",
)

BY_OTID = Statement(
    "get_run_by_otid",
    """SELECT r.id AS run_id, r.status, r.stop_reason, r.usage
    FROM message_otids o JOIN runs r ON r.id = o.run_id
    WHERE r.org_id = $1 AND o.agent_id = $2 AND o.otid = ANY($3::text[]) LIMIT 1""",
)
