"""Conversations, feedback on steps."""

from __future__ import annotations

revision = "0006_conversations"
down_revision: str | None = "0005_tools"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
