"""Users, keys, roles, audit log, rate limits."""

from __future__ import annotations

revision = "0003_identity"
down_revision: str | None = "0002_history"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
