"""Agents' secrets, encrypted, and what tools are found by."""

from __future__ import annotations

from alembic import op

revision = "0005_tools"
down_revision: str | None = "0004_turns"
branch_labels = None
depends_on = None

SECRETS = """
CREATE TABLE agent_secrets (
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    key text NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    org_id uuid NOT NULL REFERENCES organizations,
    value_enc text NOT NULL,
    description text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent_id, key)
);
"""

# Vectors are made when somebody searches by meaning; `digest` tells whether the tool changed since.
VECTORS = """
CREATE TABLE tool_vectors (
    tool_id uuid PRIMARY KEY REFERENCES tools ON DELETE CASCADE,
    org_id uuid NOT NULL REFERENCES organizations,
    model text NOT NULL,
    digest text NOT NULL,
    embedding vector NOT NULL
);
"""


def upgrade() -> None:
    for script in (SECRETS, VECTORS):
        op.execute(script)


def downgrade() -> None:
    op.execute("DROP TABLE tool_vectors, agent_secrets")
