"""Names: how a logical name is put together, and how a physical one is kept within its limit.

Logical names (the engine's) are kebab-case and keyed by purpose or zone, never by index or stack. Physical
names are left to autonaming; these functions are for the few that people type or that AWS needs in advance.
"""

from __future__ import annotations

import hashlib
import re

DNS_LABEL_LIMIT = 63
_KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_TAIL = 6
_REVISION = re.compile(r"[0-9a-z_]{1,40}")


def kebab(*parts: str) -> str:
    """Join kebab-case parts: `kebab("private", "a")` is `private-a`. ValueError for any other part."""
    for part in parts:
        if not _KEBAB.fullmatch(part):
            raise ValueError(
                f"{part!r} cannot be part of a name: use lower-case letters, digits and single hyphens"
            )
    return "-".join(parts)


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


def dns_label(text: str, limit: int = DNS_LABEL_LIMIT) -> str:
    """Any text as a DNS label (RFC 1123): lower case, digits, inner hyphens; never empty.

    Texts that differ only in characters that a label cannot carry get different labels.
    """
    label = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if label != text:
        tail = hashlib.sha256(text.encode()).hexdigest()[:_TAIL]
        label = f"{label}-{tail}" if label else f"x-{tail}"
    return fitted(label, limit)


def migration_job(revision: str) -> str:
    """`migrate-<revision>`: a new revision is a new Job, and the same one never runs twice."""
    if not _REVISION.fullmatch(revision):
        raise ValueError(
            f"{revision!r} is not an alembic revision: 1 to 40 lower-case letters, digits and underscores"
        )
    return f"migrate-{revision.replace('_', '-').strip('-')}"


def bootstrap_job(content: str) -> str:
    """`bootstrap-<hash>`: the Job runs again exactly when what it sets up changes."""
    return f"bootstrap-{hashlib.sha256(content.encode()).hexdigest()[:10]}"
