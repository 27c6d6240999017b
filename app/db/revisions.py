"""Which migrations this program carries, read from the files without importing alembic."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parents[2] / "migrations"


@dataclass(frozen=True)
class Revisions:
    """The revision identifiers that we know, and the newest one."""

    known: frozenset[str]
    head: str

    def too_old(self, current: str | None) -> bool:
        """Whether a database at `current` lacks something that this program needs.

        A revision that we have never heard of is newer than us: during a roll the old version keeps
        serving on the migrated database.
        """
        return current is None or (current in self.known and current != self.head)


def read(directory: Path = DIRECTORY) -> Revisions:
    """Parse `revision` and `down_revision` of every migration. Raises ValueError unless there is one head."""
    parents: dict[str, str | None] = {}
    for path in sorted((directory / "versions").glob("*.py")):
        names = _constants(path)
        parents[str(names["revision"])] = names["down_revision"]
    heads = sorted(set(parents) - set(parents.values()))
    if len(heads) != 1:
        raise ValueError(
            f"The migrations in {directory} have {len(heads)} heads ({heads}); there must be one."
        )
    return Revisions(frozenset(parents), heads[0])


def _constants(path: Path) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
        value = getattr(node, "value", None)
        for target in targets:
            if isinstance(target, ast.Name) and isinstance(value, ast.Constant):
                found[target.id] = None if value.value is None else str(value.value)
    return found
