"""GPU instances of EC2: what they have, and what they cost on demand.

`visible_gib` is what CUDA's allocator sees of one GPU, not what the card is sold as. Prices are us-east-1,
Linux, on demand, in USD; other regions differ by some percent. Sources: the EC2 price list and instance pages
as several captures of July and August 2026 agree on them, and the memory that vLLM's logs report (22.30 GiB
on A10G, 79.25 on A100-80). Tables from before mid-2025 still hold p-family prices that are half as high
again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from infra.sizing.instance_types import Architecture, architecture

CAPTURED_AT = date(2026, 8, 31)
"""When the table was last compared with AWS's; whoever compares it anew writes the day here."""

TEST_AGE = timedelta(days=180)
"""Older than this, a unit test fails: someone has to look."""

SETTINGS_AGE = timedelta(days=365)
"""Older than this, it judges no settings any more."""

HOURS_PER_MONTH = 730

QUOTAS = {"G and VT": "L-DB2E81BA", "P": "L-417A185B"}
"""Service Quotas' codes of "Running On-Demand … instances", which counts vCPUs."""


@dataclass(frozen=True, kw_only=True)
class GpuInstance:
    """One instance type."""

    name: str
    gpu: str
    gpus: int
    compute_capability: tuple[int, int]
    """NVIDIA's, as (8, 9): what the hardware can multiply."""
    visible_gib: float
    """Of each GPU."""
    vcpus: int
    memory_gib: int
    dollars_per_hour: float

    @property
    def dollars_per_month(self) -> float:
        """Running all the time."""
        return self.dollars_per_hour * HOURS_PER_MONTH

    @property
    def family(self) -> str:
        """`g6e` of `g6e.xlarge`."""
        return self.name.partition(".")[0]

    @property
    def quota_code(self) -> str:
        """The quota that its vCPUs count against."""
        return QUOTAS["P" if self.name.startswith("p") else "G and VT"]

    @property
    def architecture(self) -> Architecture:
        """Of the processor beside the GPU."""
        return architecture(self.name)


_GPUS: dict[str, tuple[tuple[int, int], float]] = {
    "L4": ((8, 9), 22.0),
    "A10G": ((8, 6), 22.3),
    "L40S": ((8, 9), 44.4),
    "RTX PRO 6000": ((12, 0), 94.0),
    "A100-40": ((8, 0), 39.4),
    "A100-80": ((8, 0), 79.2),
    "H100": ((9, 0), 79.2),
    "H200": ((9, 0), 139.8),
    "B200": ((10, 0), 178.0),
    "B300": ((10, 3), 268.0),
}
"""Compute capability, and visible GiB."""

# name, GPUs, GPU, vCPUs, memory in GiB, USD per hour
_ROWS: tuple[tuple[str, int, str, int, int, float], ...] = (
    ("g6.xlarge", 1, "L4", 4, 16, 0.8048),
    ("g6.2xlarge", 1, "L4", 8, 32, 0.9776),
    ("g5.xlarge", 1, "A10G", 4, 16, 1.006),
    ("g5.2xlarge", 1, "A10G", 8, 32, 1.212),
    ("g6e.xlarge", 1, "L40S", 4, 32, 1.861),
    ("g6e.2xlarge", 1, "L40S", 8, 64, 2.24208),
    ("g6e.4xlarge", 1, "L40S", 16, 128, 3.00424),
    ("g7e.4xlarge", 1, "RTX PRO 6000", 16, 128, 4.00),
    ("g6.12xlarge", 4, "L4", 48, 192, 4.6016),
    ("g5.12xlarge", 4, "A10G", 48, 192, 5.672),
    ("p5.4xlarge", 1, "H100", 16, 256, 6.88),
    ("g6e.12xlarge", 4, "L40S", 48, 384, 10.49264),
    ("g6.48xlarge", 8, "L4", 192, 768, 13.3504),
    ("g5.48xlarge", 8, "A10G", 192, 768, 16.288),
    ("p4d.24xlarge", 8, "A100-40", 96, 1152, 21.957642),
    ("p4de.24xlarge", 8, "A100-80", 96, 1152, 27.44705),
    ("g6e.48xlarge", 8, "L40S", 192, 1536, 30.13118),
    ("p5.48xlarge", 8, "H100", 192, 2048, 55.04),
    ("p5en.48xlarge", 8, "H200", 192, 2048, 63.296),
    ("p6-b200.48xlarge", 8, "B200", 192, 2048, 113.9328),
    ("p6-b300.48xlarge", 8, "B300", 192, 4096, 142.416),
)

GPU_INSTANCES: dict[str, GpuInstance] = {
    name: GpuInstance(
        name=name,
        gpu=gpu,
        gpus=gpus,
        compute_capability=_GPUS[gpu][0],
        visible_gib=_GPUS[gpu][1],
        vcpus=vcpus,
        memory_gib=memory_gib,
        dollars_per_hour=dollars,
    )
    for name, gpus, gpu, vcpus, memory_gib, dollars in _ROWS
}
"""By type, from the cheapest to the dearest."""

NOT_ON_DEMAND = {
    "p5e.48xlarge": "AWS sells it in capacity blocks only",
}
"""Types that no node group gets by asking."""


def age(today: date) -> timedelta:
    """How old the table is."""
    return today - CAPTURED_AT
