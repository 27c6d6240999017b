"""How many connections an RDS instance has memory for.

AWS sets `max_connections` to LEAST(DBInstanceClassMemory / 9531392, 5000) unless it is told otherwise. That
memory is a little below the nominal size: a tenth is taken off for what the operating system keeps.
"""

from __future__ import annotations

import re

_BYTES_PER_CONNECTION = 9_531_392
_LIMIT = 5000
_SIZES = ("micro", "small", "medium", "large", "xlarge")
_LARGE_GIB = {"t": 8, "m": 8, "r": 16}


def memory_gib(instance_class: str) -> int | None:
    """Nominal memory of `db.r7g.large` and its like; None for a family that is not known."""
    match = re.fullmatch(r"db\.([tmr])\d\w*\.(?:(\d+)xlarge|(\w+))", instance_class)
    if match is None:
        return None
    large = _LARGE_GIB[match[1]]
    if match[2]:
        return large * 2 * int(match[2])
    if match[3] not in _SIZES:
        return None
    return int(large * 2.0 ** (_SIZES.index(match[3]) - _SIZES.index("large")))


def connections_ceiling(instance_class: str) -> int | None:
    """The largest sensible `max_connections`; None where the memory is not known."""
    memory = memory_gib(instance_class)
    if memory is None:
        return None
    return min(_LIMIT, memory * 2**30 * 9 // 10 // _BYTES_PER_CONNECTION)
