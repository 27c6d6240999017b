"""Conversations: contexts of an agent besides its own; feedback on steps; what was sent to providers."""

from __future__ import annotations

from alembic import op

revision = "0006_conversations"
down_revision: str | None = "0005_tools"
branch_labels = None
depends_on = None

CONVERSATIONS = """
CREATE TABLE conversations (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    summary text,
    description text,
    model text,
    model_settings jsonb,
    llm_config jsonb NOT NULL DEFAULT '{}',
    context_window_limit integer,
    hidden boolean NOT NULL DEFAULT false,
    archived_at timestamptz,
    context_start bigint NOT NULL DEFAULT 1,
    last_message_at timestamptz,
    last_run_completion timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX ix_conversations_org_created ON conversations (org_id, created_at, id);
CREATE INDEX ix_conversations_agent_created ON conversations (agent_id, created_at, id);
"""

# A message without conversation belongs to the agent's own thread. Each message is in one of the two
# partial indexes, so that neither thread's view grows with the other's history.
LINKS = """
ALTER TABLE messages ADD COLUMN conversation_id uuid REFERENCES conversations ON DELETE CASCADE;
CREATE INDEX ix_messages_conversation ON messages (conversation_id, seq) WHERE conversation_id IS NOT NULL;
CREATE INDEX ix_messages_own_thread ON messages (agent_id, seq) WHERE conversation_id IS NULL;
CREATE INDEX ix_messages_org_created ON messages (org_id, created_at, id);
ALTER TABLE runs ADD COLUMN conversation_id uuid REFERENCES conversations ON DELETE SET NULL;
CREATE INDEX ix_runs_conversation ON runs (conversation_id, created_at) WHERE conversation_id IS NOT NULL;
"""

STEPS = """
ALTER TABLE steps ADD COLUMN feedback text CONSTRAINT ck_steps_feedback
    CHECK (feedback in ('positive', 'negative'));
ALTER TABLE steps ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE steps ADD COLUMN trace_id text;
CREATE TABLE provider_traces (
    step_id uuid PRIMARY KEY REFERENCES steps ON DELETE CASCADE,
    org_id uuid NOT NULL REFERENCES organizations,
    request jsonb NOT NULL,
    response jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""


DOWN = """
DELETE FROM messages WHERE conversation_id IS NOT NULL;
DROP INDEX ix_messages_org_created;
DROP TABLE provider_traces;
ALTER TABLE steps DROP COLUMN trace_id, DROP COLUMN tags, DROP COLUMN feedback;
ALTER TABLE runs DROP COLUMN conversation_id;
ALTER TABLE messages DROP COLUMN conversation_id;
DROP TABLE conversations;
"""


def upgrade() -> None:
    """Add the tables and columns; the version before this one neither reads nor writes them."""
    for script in (CONVERSATIONS, LINKS, STEPS):
        _execute(script)


def downgrade() -> None:
    """Remove them; what was said in conversations goes with them, the agents' own threads stay."""
    _execute(DOWN)


def _execute(script: str) -> None:
    for statement in filter(str.strip, script.split(";\n")):
        op.execute(statement)
