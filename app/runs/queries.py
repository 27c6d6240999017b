"""SQL on runs. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement
from app.steps.queries import step_json


def _run(alias: str) -> str:
    r = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'run-' || {r}.id AS id, 'agent-' || {r}.agent_id AS agent_id,
        {r}.status, {r}.stop_reason, {r}.background, {r}.created_at, {r}.completed_at, {r}.metadata,
        {r}.request_config, {r}.ttft_ns, {r}.total_duration_ns,
        'conv-' || {r}.conversation_id AS conversation_id, {r}.callback_url,
        {r}.callback_sent_at, {r}.callback_status_code, {r}.callback_error,
        NULL AS base_template_id) j)"""


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

LIST_STEPS = Listing(
    name="list_steps_of_run",
    table="steps",
    select=f"SELECT {step_json('t')} FROM steps t",
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
