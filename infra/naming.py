"""Names that people type or that AWS needs in advance, kept within their limits.

Logical names (the engine's) are kebab-case and keyed by purpose or zone, never by index or stack. Physical
names are left to autonaming but for the few that are made here.
"""

from __future__ import annotations

import hashlib
import re

_TAIL = 6
_PREFIX_LIMIT = 24
_REVISION = re.compile(r"(?=.{1,40}$)[0-9a-z]+(_[0-9a-z]+)*")


def fitted(name: str, limit: int) -> str:
    """`name` if it fits; else its beginning and a hash of the whole, so that different names stay different.

    `limit` is at least 8. The result is kebab-case if `name` is.
    """
    if limit < _TAIL + 2:
        raise ValueError(f"a limit of {limit} leaves no room for a name and a hash of {_TAIL}")
    if len(name) <= limit:
        return name
    tail = hashlib.sha256(name.encode()).hexdigest()[:_TAIL]
    return f"{name[: limit - _TAIL - 1].rstrip('-')}-{tail}"


def stack_prefix(stack: str) -> str:
    """`roost-<stack>`, at most 24 characters of kebab-case: begins every name that AWS needs in advance.

    Pulumi allows capitals, dots and underscores in a stack's name; such names get a hash, so that no two
    stacks share a prefix. The longest suffix is that of a bucket: its prefix may have 37 characters.
    """
    label = re.sub(r"[^a-z0-9]+", "-", stack.lower()).strip("-")
    if label != stack:
        label = f"{label}-{hashlib.sha256(stack.encode()).hexdigest()[:_TAIL]}".lstrip("-")
    return fitted(f"roost-{label}", _PREFIX_LIMIT)


def migration_job(revision: str) -> str:
    """`migrate-<revision>`: a new revision is a new Job, and the same one never runs twice."""
    if not _REVISION.fullmatch(revision):
        raise ValueError(
            f"{revision!r} is not an alembic revision: 1 to 40 lower-case letters, digits, single underscores"
        )
    return f"migrate-{revision.replace('_', '-')}"


def bootstrap_job(content: str) -> str:
    """`bootstrap-<hash>`: the Job runs again exactly when what it sets up changes."""
    return f"bootstrap-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
