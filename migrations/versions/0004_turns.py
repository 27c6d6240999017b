"""Runs that another server resumes, streams that are replayed."""

from __future__ import annotations

revision = "0004_turns"
down_revision: str | None = "0003_identity"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
