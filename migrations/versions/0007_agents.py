"""What agents remember of approvals, rules and compaction."""

from __future__ import annotations

revision = "0007_agents"
down_revision: str | None = "0006_conversations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
