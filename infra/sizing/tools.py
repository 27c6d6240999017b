"""How many of users' tools a server's pod runs at once, so that they cannot have it killed for memory."""

from __future__ import annotations

from infra.sizing.quantities import memory_bytes

TOOL_MIB = 256
"""Memory that one tool may take."""
_SERVER_MIB = 512
"""What the server itself may grow to: 120 MiB after start, and the turns and streams of a busy hour."""
_MOST = 8
"""Beyond it they wait for the pod's CPU, not for memory."""


def tools_at_once(memory_limit: str) -> int:
    """Tools at the same time in a pod with that `memoryLimit`; never fewer than one."""
    return max(1, min(_MOST, (memory_bytes(memory_limit) // 2**20 - _SERVER_MIB) // TOOL_MIB))
