"""Costs per day, leaders of background work."""

from __future__ import annotations

from alembic import op

revision = "0008_operations"
down_revision: str | None = "0007_agents"
branch_labels = None
depends_on = None

# Agents may be deleted, what they cost stays: agent_id refers to nothing. Rows are updated with every step,
# so there is room for it in their pages.
USAGE = """
CREATE TABLE usage_daily (
    org_id uuid NOT NULL REFERENCES organizations ON DELETE CASCADE,
    agent_id uuid NOT NULL,
    day date NOT NULL,
    model text NOT NULL,
    steps bigint NOT NULL DEFAULT 0,
    unpriced_steps bigint NOT NULL DEFAULT 0,
    prompt_tokens bigint NOT NULL DEFAULT 0,
    completion_tokens bigint NOT NULL DEFAULT 0,
    cached_input_tokens bigint NOT NULL DEFAULT 0,
    cache_write_tokens bigint NOT NULL DEFAULT 0,
    reasoning_tokens bigint NOT NULL DEFAULT 0,
    cost_usd numeric NOT NULL DEFAULT 0,
    PRIMARY KEY (org_id, agent_id, day, model)
) WITH (fillfactor = 70);
CREATE INDEX ix_usage_daily_org_day ON usage_daily (org_id, day);
"""


def upgrade() -> None:
    for statement in filter(str.strip, USAGE.split(";\n")):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE usage_daily")
