"""Tools of users, their sandbox and their secrets."""

from __future__ import annotations

revision = "0005_tools"
down_revision: str | None = "0004_turns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
