"""How much a call of a tool may use."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """The same for every call of a server; see docs/tools.md."""

    seconds: float = 60
    memory_mib: int = 256
    file_mib: int = 16
    disk_mib: int = 64
    concurrency: int = 4
    network: bool = False
    degraded: bool = False
    """Run tools although a wall is missing."""
    packages: str | None = None

    def for_zygote(self) -> dict[str, Any]:
        """As the sandbox's process takes them."""
        return {
            "memory_bytes": self.memory_mib * MIB,
            "file_bytes": self.file_mib * MIB,
            "disk_bytes": self.disk_mib * MIB,
            "network": self.network,
            "packages": self.packages,
        }
