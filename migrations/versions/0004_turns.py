"""Runs that another server resumes, tool calls that happen once, streams that are replayed."""

from __future__ import annotations

from alembic import op

revision = "0004_turns"
down_revision: str | None = "0003_identity"
branch_labels = None
depends_on = None

RUNS = """
ALTER TABLE runs
    ADD COLUMN attempt integer NOT NULL DEFAULT 1,
    ADD COLUMN callback_url text,
    ADD COLUMN callback_sent_at timestamptz,
    ADD COLUMN callback_status_code integer,
    ADD COLUMN callback_error text,
    ADD COLUMN callback_attempts integer NOT NULL DEFAULT 0,
    ADD COLUMN callback_after timestamptz;
CREATE INDEX ix_runs_callback ON runs (callback_after) WHERE callback_after IS NOT NULL;
"""
"""`callback_after` is when a call back is due; it is set while one is owed and at no other time."""

# A row from when a call that acts outside the database begins; `result` when it came back.
TOOL_CALLS = """
CREATE TABLE tool_calls (
    org_id uuid NOT NULL REFERENCES organizations,
    step_id uuid NOT NULL REFERENCES steps ON DELETE CASCADE,
    tool_call_id text NOT NULL,
    name text NOT NULL,
    result jsonb,
    started_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    PRIMARY KEY (step_id, tool_call_id)
);
"""

# A row holds the events first_seq to last_seq, a line of JSON each.
RUN_EVENTS = """
CREATE TABLE run_events (
    org_id uuid NOT NULL REFERENCES organizations,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    frames text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (run_id, first_seq)
) WITH (autovacuum_vacuum_scale_factor = 0.01);
CREATE INDEX ix_run_events_created ON run_events (created_at);
"""

COLUMNS = (
    "attempt", "callback_url", "callback_sent_at", "callback_status_code", "callback_error",
    "callback_attempts", "callback_after",
)  # fmt: skip


def upgrade() -> None:
    for script in (RUNS, TOOL_CALLS, RUN_EVENTS):
        for statement in filter(str.strip, script.split(";\n")):
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE run_events, tool_calls")
    op.execute(f"ALTER TABLE runs {', '.join(f'DROP COLUMN {name}' for name in COLUMNS)}")
