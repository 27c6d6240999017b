"""SQL on runs and steps. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement


def _run(alias: str) -> str:
    r = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'run-' || {r}.id AS id, 'agent-' || {r}.agent_id AS agent_id,
        {r}.status, {r}.stop_reason, {r}.background, {r}.created_at, {r}.completed_at, {r}.metadata,
        {r}.request_config, {r}.ttft_ns, {r}.total_duration_ns, NULL AS conversation_id, NULL AS callback_url,
        NULL AS callback_sent_at, NULL AS callback_status_code, NULL AS callback_error,
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
    "statuses": "t.status = ANY({}::text[])",
    "stop_reason": "t.stop_reason = {}",
    "background": "t.background = {}::boolean",
    "active": "(t.status in ('created', 'running')) = {}::boolean",
}
