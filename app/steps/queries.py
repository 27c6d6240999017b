"""SQL on steps: one call of a model with what came of it. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement
from app.messages import queries as message_queries


def step_json(alias: str) -> str:
    """JSON text of Letta's Step for a row of `steps`."""
    s = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT 'step-' || {s}.id AS id, NULL AS origin,
        'run-' || {s}.run_id AS run_id, 'agent-' || {s}.agent_id AS agent_id, {s}.status, {s}.stop_reason,
        {s}.request_id, NULL AS provider_id, {s}.provider_name, 'base' AS provider_category, {s}.model,
        {s}.model_handle, {s}.model_endpoint, {s}.context_window_limit, {s}.prompt_tokens,
        {s}.completion_tokens, {s}.total_tokens, {s}.cached_input_tokens, NULL AS cache_write_tokens,
        {s}.reasoning_tokens, {s}.error_type, {s}.error_data, '[]'::json AS messages, {s}.tags, NULL AS tid,
        {s}.feedback, NULL AS project_id, {s}.trace_id) j)"""


GET = Statement("get_step", f"SELECT {step_json('s')} FROM steps s WHERE s.org_id = $1 AND s.id = $2")

LIST = Listing(
    name="list_steps",
    table="steps",
    select=f"SELECT {step_json('t')} FROM steps t",
    scope="{0}.org_id = $1",
    order=("{0}.created_at", "{0}.id"),
    kind="step",
)

FILTERS = {
    "agent_id": "t.agent_id = {}::uuid",
    "start_date": "t.created_at >= {}::timestamptz",
    "end_date": "t.created_at <= {}::timestamptz",
    "model": "t.model = {}",
    "trace_ids": "t.trace_id = ANY({}::text[])",
    "feedback": "t.feedback = {}",
    "has_feedback": "(t.feedback IS NOT NULL) = {}::boolean",
    "tags": "t.tags && {}::text[]",
}
"""Query parameters of the listing as SQL; all values are parameters."""

MESSAGES = Listing(
    name="list_messages_of_step",
    table="messages",
    select=message_queries.LIST.select,
    scope="{0}.org_id = $1 AND {0}.step_id = $2",
    order=("{0}.seq",),
    kind="message",
)

METRICS = Statement(
    "get_step_metrics",
    """SELECT json_build_object('id', 'step-' || s.id, 'run_id', 'run-' || s.run_id,
        'agent_id', 'agent-' || s.agent_id, 'provider_id', NULL, 'project_id', NULL,
        'template_id', NULL, 'base_template_id', NULL,
        'step_start_ns', (extract(epoch FROM s.created_at) * 1e9)::bigint - s.step_ns,
        'llm_request_start_ns', (extract(epoch FROM s.created_at) * 1e9)::bigint - s.step_ns,
        'llm_request_ns', s.llm_request_ns, 'tool_execution_ns', s.tool_execution_ns,
        'step_ns', s.step_ns)::text
    FROM steps s WHERE s.org_id = $1 AND s.id = $2""",
)

FEEDBACK = Statement(
    "set_step_feedback",
    f"""WITH changed AS (
        UPDATE steps SET feedback = $3, tags = coalesce($4::text[], tags)
        WHERE org_id = $1 AND id = $2 RETURNING *)
    SELECT {step_json("changed")} FROM changed""",
)

KEEP_TRACE = Statement(
    "keep_provider_trace",
    """INSERT INTO provider_traces (step_id, org_id, request, response)
    SELECT s.id, $1, $3::jsonb, $4::jsonb FROM steps s WHERE s.org_id = $1 AND s.id = $2
    ON CONFLICT (step_id) DO NOTHING""",
)

GET_TRACE = Statement(
    "get_provider_trace",
    """SELECT json_build_object('id', 'provider_trace-' || s.id, 'step_id', 'step-' || s.id,
        'run_id', 'run-' || s.run_id, 'agent_id', 'agent-' || s.agent_id, 'call_type', 'agent_step',
        'request_json', t.request, 'response_json', t.response, 'created_at', t.created_at,
        'latency_ms', s.llm_request_ns / 1000000)::text
    FROM provider_traces t JOIN steps s ON s.id = t.step_id WHERE t.org_id = $1 AND t.step_id = $2""",
)
