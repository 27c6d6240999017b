"""What agents remember of approvals: the request that waits for an answer, and the answers."""

from __future__ import annotations

from alembic import op

revision = "0007_agents"
down_revision: str | None = "0006_conversations"
branch_labels = None
depends_on = None

# `pending_approval` is the request as clients are shown it; whoever starts a turn has to answer it.
UP = """
ALTER TABLE agents ADD COLUMN pending_approval jsonb;
ALTER TABLE conversations ADD COLUMN pending_approval jsonb;
ALTER TABLE messages ADD COLUMN approvals jsonb;
"""

# Approvals and what only the loop reads would be unknown roles to the version before.
DOWN = """
DELETE FROM messages WHERE role IN ('approval', 'heartbeat', 'summary');
ALTER TABLE messages DROP COLUMN approvals;
ALTER TABLE conversations DROP COLUMN pending_approval;
ALTER TABLE agents DROP COLUMN pending_approval;
"""


def upgrade() -> None:
    """Add the columns; the version before this one neither reads nor writes them."""
    _execute(UP)


def downgrade() -> None:
    """Remove them, with the messages that need them."""
    _execute(DOWN)


def _execute(script: str) -> None:
    for statement in filter(str.strip, script.split(";\n")):
        op.execute(statement)
