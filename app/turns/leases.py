"""Leases of runs, on the database's clock: who works on a run, and what nobody works on any more.

Tokens fence: whoever takes a run over gives it a new one, and every write of a turn asks for its own. These
statements serve all organisations that the process serves.
"""

from __future__ import annotations

from app.db.pool import ServerStatement

LEASE_SECONDS = 30.0
BEAT_SECONDS = 10.0
FENCE_SECONDS = 20.0
"""Without a successful renewal for this long we stop our own turns: another process may take them."""

ATTEMPTS = 3
"""How often a run is begun. A turn that takes its server down with it must not take them all."""

RENEW = ServerStatement(
    "renew_leases",
    """UPDATE runs SET lease_expires_at = now() + make_interval(secs => $2)
    WHERE lease_token = ANY($1::uuid[]) AND status = 'running' RETURNING lease_token""",
)

# What became of runs that we work on: another token, another status, or nothing where it was deleted.
WATCH = ServerStatement("watch_runs", "SELECT id, lease_token, status FROM runs WHERE id = ANY($1::uuid[])")

# A release is no attempt: the next one to claim the run has as many as this one had.
RELEASE = ServerStatement(
    "release_leases",
    """UPDATE runs SET lease_expires_at = now() - interval '1 second', attempt = attempt - 1
    WHERE lease_token = ANY($1::uuid[]) AND status = 'running'""",
)

# The database was away from a turn of ours; whoever finds the run next goes on with it.
HAND_BACK = ServerStatement(
    "hand_back_runs",
    """UPDATE runs SET lease_expires_at = now() - interval '1 second'
    WHERE lease_token = ANY($1::uuid[]) AND status = 'running'""",
)

CLAIM = ServerStatement(
    "claim_runs",
    """WITH due AS (
        SELECT id FROM runs WHERE status = 'running' AND lease_expires_at < now() AND attempt < $3
        ORDER BY lease_expires_at LIMIT $4 FOR UPDATE SKIP LOCKED)
    UPDATE runs r SET lease_token = gen_random_uuid(), lease_owner = $1, attempt = attempt + 1,
        lease_expires_at = now() + make_interval(secs => $2), updated_at = now()
    FROM due WHERE r.id = due.id
    RETURNING r.id, r.org_id, r.agent_id, r.conversation_id, r.lease_token, r.request_config::text,
        r.usage::text, r.background, r.attempt,
        (SELECT coalesce(max(e.last_seq), 0) FROM run_events e WHERE e.run_id = r.id) AS last_seq""",
)
