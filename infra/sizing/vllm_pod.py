"""What a vLLM pod asks of its node, and how long it may take to start and to stop.

    startup   = 2 x (weights / bandwidth + 240 s), probed every 10 s, 600 s at least, 3,600 s at most. The
                240 s are process start, compilation, profiling and graph capture without a warm cache.
    grace     = preStop + drain + 15 s (Kubernetes counts preStop into the grace period)
    progress  = startup + 2 x weights / bandwidth (from the bucket to the node, before the server starts) +
                image pull 600 s + grace (no surge: the new pod waits for the old one's GPU),
                1,200 s at least
    CPU       = 1 + TP cores: the engine's core and its workers poll without a pause
    shm       = 2 GiB alone, 8, 12 and 20 GiB for 2, 4 and 8 GPUs, counted into the memory
    memory    = shm + 8 GiB + 3 GiB for each worker beyond the first + 2 GiB of read buffers for each worker

Sources: vLLM's production-stack (60 probes of 10 s, 1,200 s, shared memory up to 20 GiB), KServe's
LLMInferenceService, and start times that users report (vllm-project/vllm issues 19824, 20264; a kubelet's
timeout of 1 s took busy pods out of rotation in llm-d/llm-d-benchmark issue 1734).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from infra.sizing.timing import Probe

FIXED_START_SECONDS = 240
START_MARGIN = 2
PROBE_SECONDS = 10
LEAST_PROBES, MOST_PROBES = 60, 360
STOP_MARGIN = 15
IMAGE_PULL_SECONDS = 600
LEAST_PROGRESS_SECONDS = 1200

ENGINE_GIB = 8
WORKER_GIB = 3
READ_BUFFER_GIB = 2
_SHM_GIB = {1: 2, 2: 8, 4: 12, 8: 20}


@dataclass(frozen=True, kw_only=True)
class VllmTiming:
    """All in seconds."""

    start_seconds: int
    """How long the start should take: half of the budget, where no bound cuts in."""
    startup: Probe
    liveness: Probe
    readiness: Probe
    pre_stop: int
    drain: int
    termination_grace: int
    progress_deadline: int

    @property
    def starts_in_time(self) -> bool:
        """Whether the largest budget suffices for what the weights take."""
        return self.start_seconds <= self.startup.budget_seconds


def vllm_timing(
    *,
    weights_gib: float,
    mib_per_second: int,
    pre_stop: int,
    drain: int,
    termination_grace: int | None = None,
    progress_deadline: int | None = None,
) -> VllmTiming:
    """Derive what is not given; what is given stays as it is, for the rules to judge."""
    reading = ceil(weights_gib * 1024 / mib_per_second)
    start = reading + FIXED_START_SECONDS
    probes = min(MOST_PROBES, max(LEAST_PROBES, ceil(START_MARGIN * start / PROBE_SECONDS)))
    startup = Probe(period_seconds=PROBE_SECONDS, timeout_seconds=5, failure_threshold=probes)
    grace = termination_grace or pre_stop + drain + STOP_MARGIN
    return VllmTiming(
        start_seconds=start,
        startup=startup,
        # A saturated engine answers late; one second, the default, would kill pods that only work hard.
        liveness=Probe(period_seconds=20, timeout_seconds=15, failure_threshold=6),
        readiness=Probe(period_seconds=10, timeout_seconds=10, failure_threshold=3),
        pre_stop=pre_stop,
        drain=drain,
        termination_grace=grace,
        progress_deadline=progress_deadline
        or max(
            LEAST_PROGRESS_SECONDS,
            startup.budget_seconds + START_MARGIN * reading + IMAGE_PULL_SECONDS + grace,
        ),
    )


@dataclass(frozen=True, kw_only=True)
class VllmPod:
    """Requests of one pod; memory is request and limit in one, and nothing limits its CPU."""

    gpus: int
    cpus: int
    memory_gib: int
    shm_gib: int


def vllm_pod(tensor_parallel: int) -> VllmPod:
    """A pod by the number of GPUs that share its model."""
    shm = _SHM_GIB[tensor_parallel]
    workers = WORKER_GIB * (tensor_parallel - 1) + READ_BUFFER_GIB * tensor_parallel
    return VllmPod(
        gpus=tensor_parallel,
        cpus=1 + tensor_parallel,
        memory_gib=shm + ENGINE_GIB + workers,
        shm_gib=shm,
    )
