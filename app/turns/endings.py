"""How a run ends otherwise than by its last step: it failed, it was cancelled, or nobody could finish it.

The run's end and what makes its history valid are one statement: a call that was stored without its return
gets one, with the tool's own result where the tool came back. A process that still works on the run is fenced
off by the status, and writes nothing any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.db.pool import Database, Statement, to_json

CANCELLED = "The run was cancelled before this call was done; what it did until then is unknown."
LOST = "The result of this call was lost; whether it ran is unknown."

# `$1` status, `$2` stop reason, `$3` error, `$4` what an unanswered call returns. `{step}` is whether a run
# without an unfinished step gets a step that tells of the failure.
_CLOSE = """WITH run AS (
        UPDATE runs SET status = $1, stop_reason = $2, error = $3::jsonb, lease_expires_at = NULL,
            completed_at = clock_timestamp(), updated_at = now(),
            callback_after = CASE WHEN callback_url IS NOT NULL THEN now() END,
            total_duration_ns = (extract(epoch FROM clock_timestamp() - created_at) * 1e9)::bigint
        WHERE {scope} AND status = 'running' RETURNING id, org_id, agent_id, conversation_id),
    unfinished AS (
        UPDATE steps s SET status = $1, stop_reason = $2, error_type = $3::jsonb ->> 'type',
            error_data = $3::jsonb
        FROM run WHERE s.run_id = run.id AND s.status = 'pending' RETURNING s.id, s.run_id),
    failed AS (
        INSERT INTO steps (id, org_id, run_id, agent_id, status, stop_reason, error_type, error_data)
        SELECT gen_random_uuid(), run.org_id, run.id, run.agent_id, $1, $2, $3::jsonb ->> 'type', $3::jsonb
        FROM run WHERE $1 = 'failed' AND NOT EXISTS (SELECT FROM unfinished u WHERE u.run_id = run.id)),
    called AS (
        SELECT run.*, u.id AS step_id, m.tool_calls FROM run LEFT JOIN unfinished u ON u.run_id = run.id
        JOIN agents a ON a.id = run.agent_id
        CROSS JOIN LATERAL (
            SELECT tool_calls FROM messages WHERE agent_id = a.id AND seq >= a.next_seq - 2000
                AND conversation_id IS NOT DISTINCT FROM run.conversation_id
                AND (tool_calls IS NOT NULL OR tool_returns IS NOT NULL)
            ORDER BY seq DESC LIMIT 1) m
        WHERE m.tool_calls IS NOT NULL),
    agent AS (
        UPDATE agents a SET last_stop_reason = $2, last_run_completion = clock_timestamp(),
            next_seq = next_seq + (SELECT count(*) FROM called c WHERE c.agent_id = a.id)
        FROM run WHERE a.id = run.agent_id RETURNING a.id, a.next_seq - 1 AS seq),
    returned AS (
        INSERT INTO messages (id, org_id, agent_id, conversation_id, run_id, step_id, seq, role, tool_returns)
        SELECT gen_random_uuid(), c.org_id, c.agent_id, c.conversation_id, c.id, c.step_id, agent.seq, 'tool',
            (SELECT jsonb_agg(coalesce(t.result, jsonb_build_object('tool_call_id', o.call ->> 'id',
                    'name', o.call ->> 'name', 'status', 'error', 'text', $4::text)) ORDER BY o.n)
                FROM jsonb_array_elements(c.tool_calls) WITH ORDINALITY AS o (call, n)
                LEFT JOIN tool_calls t ON t.step_id = c.step_id AND t.tool_call_id = o.call ->> 'id')
        FROM called c JOIN agent ON agent.id = c.agent_id)
    SELECT id FROM run"""

FAIL = Statement("fail_turn", _CLOSE.format(scope="org_id = $5 AND id = $6 AND lease_token = $7"))

CANCEL = Statement(
    "cancel_runs",
    _CLOSE.format(
        scope="org_id = $5 AND ($6::uuid IS NULL OR agent_id = $6) AND ($7::uuid[] IS NULL OR id = ANY($7))"
    ),
)

ABANDON = Statement("abandon_runs", _CLOSE.format(scope="lease_expires_at < now() AND attempt >= $5"))


async def fail(
    db: Database, org_id: UUID, run_id: UUID, token: UUID, reason: str, kind: str, message: str
) -> None:
    """End a run of ours as failed; what earlier steps wrote stays."""
    body = to_json({"type": kind, "message": message})
    await db.rows(FAIL, "failed", reason, body, LOST, org_id, run_id, token)


async def cancel(
    db: Database, org_id: UUID, *, agent_id: UUID | None = None, run_ids: Sequence[UUID] | None = None
) -> list[UUID]:
    """Cancel the running ones of an agent's runs or of given runs, wherever they run; the ids of those."""
    rows = await db.rows(CANCEL, "cancelled", "cancelled", None, CANCELLED, org_id, agent_id, run_ids)
    return [row["id"] for row in rows]


async def abandon(db: Database, attempts: int) -> list[UUID]:
    """Fail the runs that were begun `attempts` times and that no process works on; their ids."""
    body = to_json(
        {
            "type": "attempts_exhausted",
            "message": f"The server that ran this turn went away, {attempts} times; it is not tried again.",
        }
    )
    rows = await db.rows(ABANDON, "failed", "error", body, LOST, attempts)
    return [row["id"] for row in rows]
