"""Messages by month, vectors with an index, text search."""

from __future__ import annotations

revision = "0002_history"
down_revision: str | None = "0001_initial"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
