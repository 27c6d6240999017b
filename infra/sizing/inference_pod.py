"""What one vLLM pod asks of its node, and how long it may take: from its weights, bandwidth and GPUs.

    copy            = weights / bandwidth                bucket to node, before the server starts
    load            = weights / bandwidth + 240 s        node to GPU; compiling, profiling, graphs
    startup budget  = 2 x load, within 600 and 3,600 s   /health every 10 s
    progress        = node 240 s + image 480 s + 2 x copy + startup budget, at least 1,200 s
    grace           = preStop + drain + 15 s
    shared memory   = 2 GiB on one GPU, else 8 GiB and 2 more for each GPU above two, at most 20
    CPU             = one for the engine and one for each GPU's worker, all of which poll
    memory          = shared memory + 8 GiB + 2 GiB for each further worker; 2 GiB more before it is killed

Sources: runtime anchors A.5 (start times and probes of KServe and vLLM's production-stack, its shared memory,
vLLM's drain), A.4 gate G6 (memory).
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.sizing.timing import Probe

ENGINE_SECONDS = 240
BUDGET_MIN, BUDGET_MAX = 600, 3600
NODE_SECONDS = 240
"""For a GPU node to boot and join."""
IMAGE_SECONDS = 480
"""For its first pull of an image of 15 GiB."""
PROGRESS_MIN = 1200
STOP_MARGIN = 15
GIB = 2**30

# A saturated server answers late: kubelet's default of one second would take it away when it is needed most.
READINESS = Probe(period_seconds=10, timeout_seconds=15, failure_threshold=3)
LIVENESS = Probe(period_seconds=20, timeout_seconds=15, failure_threshold=6)


@dataclass(frozen=True, kw_only=True)
class PodTiming:
    """All in seconds."""

    startup: Probe
    readiness: Probe
    liveness: Probe
    pre_stop: int
    drain: int
    grace: int
    progress_deadline: int


@dataclass(frozen=True, kw_only=True)
class PodNeeds:
    """Memory in bytes, CPU in thousandths of a core."""

    gpus: int
    cpu_millis: int
    shared_memory: int
    memory_request: int
    memory_limit: int


def pod_timing(
    weights_bytes: int,
    *,
    mib_per_second: int,
    pre_stop: int,
    drain: int,
    grace: int | None = None,
    progress_deadline: int | None = None,
) -> PodTiming:
    """Derive what is not given; what is given stays as it is, for the settings' rules to judge."""
    copy = -(-weights_bytes // (mib_per_second * 2**20))
    budget = min(max(2 * (copy + ENGINE_SECONDS), BUDGET_MIN), BUDGET_MAX)
    startup = Probe(period_seconds=10, timeout_seconds=15, failure_threshold=-(-budget // 10))
    computed = NODE_SECONDS + IMAGE_SECONDS + 2 * copy + startup.budget_seconds
    return PodTiming(
        startup=startup,
        readiness=READINESS,
        liveness=LIVENESS,
        pre_stop=pre_stop,
        drain=drain,
        grace=grace or pre_stop + drain + STOP_MARGIN,
        progress_deadline=progress_deadline or max(PROGRESS_MIN, computed),
    )


def pod_needs(tensor_parallel: int) -> PodNeeds:
    """What a replica on so many GPUs asks for."""
    shared = 2 if tensor_parallel == 1 else min(20, 8 + 2 * (tensor_parallel - 2))
    request = shared + 8 + 2 * (tensor_parallel - 1)
    return PodNeeds(
        gpus=tensor_parallel,
        cpu_millis=1000 * (1 + tensor_parallel),
        shared_memory=shared * GIB,
        memory_request=request * GIB,
        memory_limit=(request + 2) * GIB,
    )
