"""A vLLM pod gets the time and the memory that its weights and its GPUs ask for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.vllm_pod import VllmTiming, vllm_pod, vllm_timing


def timing(weights_gib: float, mib_per_second: int = 250, **given_seconds: int) -> VllmTiming:
    return vllm_timing(
        weights_gib=weights_gib,
        mib_per_second=mib_per_second,
        pre_stop=15,
        drain=120,
        termination_grace=given_seconds.get("grace"),
        progress_deadline=given_seconds.get("progress"),
    )


def test_small_weights_get_what_everybody_gives() -> None:
    """60 probes of 10 s, as production-stack and KServe, and 150 s to stop."""
    small = timing(15)
    assert (small.startup.failure_threshold, small.startup.period_seconds) == (61, 10)
    assert timing(1).startup.budget_seconds == 600
    assert timing(1).progress_deadline == 1350 + 2 * 5
    assert small.termination_grace == 150


def test_large_weights_get_twice_what_they_take() -> None:
    """131 GiB at gp3's 125 MiB a second are 18 minutes."""
    large = timing(131.4, 125)
    assert large.start_seconds == 1077 + 240
    assert large.startup.budget_seconds == 2640
    assert large.progress_deadline == 2640 + 2 * 1077 + 600 + 150


@given(
    st.floats(0.5, 1000),
    st.integers(50, 20_000),
    st.integers(3, 120),
    st.integers(1, 3300),
)
def test_nothing_is_killed_that_works(weights: float, speed: int, pre_stop: int, drain: int) -> None:
    result = vllm_timing(weights_gib=weights, mib_per_second=speed, pre_stop=pre_stop, drain=drain)
    assert 600 <= result.startup.budget_seconds <= 3600
    assert result.starts_in_time == (result.start_seconds <= 3600)
    assert result.progress_deadline > result.startup.budget_seconds + result.termination_grace
    assert result.termination_grace > result.pre_stop + result.drain
    assert result.liveness.budget_seconds >= 120
    assert result.readiness.budget_seconds < result.liveness.budget_seconds
    for probe in (result.startup, result.liveness, result.readiness):
        assert 1 < probe.timeout_seconds <= probe.period_seconds


def test_what_is_given_stays() -> None:
    assert timing(15, grace=10).termination_grace == 10
    assert timing(15, progress=60).progress_deadline == 60


@pytest.mark.parametrize(("gpus", "memory", "shm"), [(1, 12, 2), (2, 23, 8), (4, 37, 12), (8, 65, 20)])
def test_a_pod_by_its_gpus(gpus: int, memory: int, shm: int) -> None:
    pod = vllm_pod(gpus)
    assert (pod.gpus, pod.memory_gib, pod.shm_gib) == (gpus, memory, shm)
    assert pod.cpus == gpus + 1, "the engine and each worker poll"
    assert pod.memory_gib >= pod.shm_gib + 8
