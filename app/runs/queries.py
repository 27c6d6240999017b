"""SQL on runs and steps. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement


def _run(alias: str) -> str:
    r = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'run-' || {r}.id AS id, 'agent-' || {r}.agent_id AS agent_id,
        {r}.status, {r}.stop_reason, {r}.background, {r}.created_at, {r}.completed_at, {r}.metadata,
        {r}.request_config, {r}.ttft_ns, {r}.total_duration_ns,
        'conv-' || {r}.conversation_id AS conversation_id, {r}.callback_url,
        {r}.callback_sent_at, {r}.callback_status_code, {r}.callback_error,
        NULL AS base_template_id) j)"""


def _step(alias: str) -> str:
    s = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'step-' || {s}.id AS id, 'run-' || {s}.run_id AS run_id,
        'agent-' || {s}.agent_id AS agent_id, {s}.status, {s}.stop_reason, {s}.request_id, {s}.provider_name,
        'base' AS provider_category, {s}.model, {s}.model_handle, {s}.model_endpoint,
            {s}.context_window_limit,
        {s}.prompt_tokens, {s}.completion_tokens, {s}.total_tokens, {s}.cached_input_tokens,
        {s}.reasoning_tokens, {s}.error_type, {s}.error_data, '[]'::json AS messages, '[]'::json AS tags,
        NULL AS feedback, NULL AS project_id, NULL AS trace_id) j)"""


GET_RUN = Statement("get_run", f"SELECT {_run('r')} FROM runs r WHERE r.org_id = $1 AND r.id = $2")


def job(alias: str) -> str:
    """A background run as Letta's Job."""
    r = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'job-' || {r}.id AS id, 'run' AS job_type, {r}.status, {r}.stop_reason, {r}.background,
        'agent-' || {r}.agent_id AS agent_id, {r}.created_at, {r}.updated_at, {r}.completed_at,
        {r}.metadata, {r}.callback_url, {r}.callback_sent_at, {r}.callback_status_code, {r}.callback_error,
        {r}.ttft_ns, {r}.total_duration_ns) j)"""


GET_METRICS = Statement(
    "get_run_metrics",
    """SELECT json_build_object('id', 'run-' || r.id, 'agent_id', 'agent-' || r.agent_id,
        'run_start_ns', (extract(epoch FROM r.created_at) * 1e9)::bigint, 'run_ns', r.total_duration_ns,
        'ttft_ns', r.ttft_ns, 'total_duration_ns', r.total_duration_ns,
        'num_steps', (SELECT count(*) FROM steps s WHERE s.run_id = r.id AND s.status = 'success'),
        'tools_used', (SELECT json_agg('tool-' || t.id ORDER BY t.name) FROM tools t
            WHERE t.org_id = r.org_id AND t.name IN (
                SELECT call ->> 'name' FROM messages m, jsonb_array_elements(m.tool_calls) call
                WHERE m.org_id = $1 AND m.run_id = r.id AND m.role = 'assistant')),
        'project_id', NULL, 'template_id', NULL, 'base_template_id', NULL)::text
    FROM runs r WHERE r.org_id = $1 AND r.id = $2""",
)

STATES = Statement(
    "get_run_states",
    "SELECT id, status FROM runs WHERE org_id = $1 AND agent_id = $2 AND id = ANY($3::uuid[])",
)

DELETE = Statement(
    "delete_run",
    f"""WITH gone AS (
        DELETE FROM runs WHERE org_id = $1 AND id = $2 AND status NOT IN ('created', 'running') RETURNING id)
    SELECT EXISTS (SELECT FROM gone) AS deleted, {_run("r")} AS body FROM runs r
    WHERE r.org_id = $1 AND r.id = $2""",
)

GET_USAGE = Statement(
    "get_run_usage", "SELECT coalesce(usage, '{}')::text FROM runs WHERE org_id = $1 AND id = $2"
)

LIST_RUNS = Listing(
    name="list_runs",
    table="runs",
    select=f"SELECT {_run('t')} FROM runs t",
    scope="{0}.org_id = $1",
    order=("{0}.created_at", "{0}.id"),
    kind="run",
)

GET_STEP = Statement("get_step", f"SELECT {_step('s')} FROM steps s WHERE s.org_id = $1 AND s.id = $2")

LIST_STEPS = Listing(
    name="list_steps_of_run",
    table="steps",
    select=f"SELECT {_step('t')} FROM steps t",
    scope="{0}.org_id = $1 AND {0}.run_id = $2",
    order=("{0}.created_at", "{0}.id"),
    kind="step",
)

FILTERS = {
    "agent_id": "t.agent_id = {}::uuid",
    "agent_ids": "t.agent_id = ANY({}::uuid[])",
    "conversation_id": "t.conversation_id = {}::uuid",
    "statuses": "t.status = ANY({}::text[])",
    "stop_reason": "t.stop_reason = {}",
    "background": "t.background = {}::boolean",
    "active": "(t.status in ('created', 'running')) = {}::boolean",
}
