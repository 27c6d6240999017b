"""Costs per day, leaders of background work."""

from __future__ import annotations

revision = "0008_operations"
down_revision: str | None = "0007_agents"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
