"""The database revision that this checkout's migrations lead to, read without connecting to anything."""

from __future__ import annotations

from pathlib import Path

from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def head_revision(migrations: Path = MIGRATIONS) -> str:
    """The one head of the alembic scripts in `migrations`; ValueError when there is none or several."""
    heads = ScriptDirectory(str(migrations)).get_heads()
    if len(heads) != 1:
        raise ValueError(
            f"{migrations.name}/ has {len(heads)} heads ({', '.join(heads) or 'no revision at all'}), and a "
            "database can be at one only: rebase the newer revision onto the other, or add a merge revision."
        )
    return heads[0]
