"""Time and memory of a vLLM pod, from the size of its weights and the number of its GPUs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.inference_pod import (
    BUDGET_MAX,
    BUDGET_MIN,
    GIB,
    PROGRESS_MIN,
    PodTiming,
    pod_needs,
    pod_timing,
)


def timing(weights_gib: float, speed: int = 250, **given: int) -> PodTiming:
    return pod_timing(int(weights_gib * GIB), mib_per_second=speed, **{"pre_stop": 15, "drain": 120, **given})


def test_a_small_model_gets_the_floor_that_kserve_gives() -> None:
    small = timing(3)
    assert (small.startup.period_seconds, small.startup.failure_threshold) == (10, 60)
    assert small.progress_deadline == 1346
    assert small.grace == 150


def test_seventy_billion_in_bf16_over_a_default_disk_get_what_they_need() -> None:
    # 131 GiB at 125 MB/s are 19 minutes; upstream takes 2,400 s for such models and faster disks.
    large = timing(131.4, speed=119)
    assert large.startup.budget_seconds == 2 * (1131 + 240) + 8
    assert large.progress_deadline > 2400


def test_no_budget_is_above_an_hour() -> None:
    assert timing(1300, speed=125).startup.failure_threshold == 360


@given(
    weights=st.floats(min_value=0.1, max_value=1500),
    speed=st.integers(min_value=50, max_value=20_000),
    pre_stop=st.integers(min_value=3, max_value=120),
    drain=st.integers(min_value=1, max_value=3300),
)
def test_deadlines_contain_each_other(weights: float, speed: int, pre_stop: int, drain: int) -> None:
    it = timing(weights, speed, pre_stop=pre_stop, drain=drain)
    assert BUDGET_MIN <= it.startup.budget_seconds <= BUDGET_MAX
    assert it.progress_deadline >= max(PROGRESS_MIN, it.startup.budget_seconds + 600)
    assert it.grace > pre_stop + drain
    assert it.startup.timeout_seconds >= 10
    assert it.liveness.budget_seconds > it.readiness.budget_seconds


@given(
    weights=st.floats(min_value=0.1, max_value=700),
    more=st.floats(min_value=0, max_value=700),
    speed=st.integers(min_value=50, max_value=20_000),
)
def test_more_weights_never_get_less_time(weights: float, more: float, speed: int) -> None:
    less, larger = timing(weights, speed), timing(weights + more, speed)
    assert less.startup.budget_seconds <= larger.startup.budget_seconds
    assert less.progress_deadline <= larger.progress_deadline


def test_what_is_given_stays() -> None:
    it = timing(3, grace=200, progress_deadline=700)
    assert (it.grace, it.progress_deadline) == (200, 700)


@pytest.mark.parametrize(
    ("gpus", "shared", "request_gib", "cpu"),
    [(1, 2, 10, 2000), (2, 8, 18, 3000), (4, 12, 26, 5000), (8, 20, 42, 9000)],
)
def test_needs_by_gpus(gpus: int, shared: int, request_gib: int, cpu: int) -> None:
    needs = pod_needs(gpus)
    assert (needs.gpus, needs.cpu_millis) == (gpus, cpu)
    assert (needs.shared_memory, needs.memory_request) == (shared * GIB, request_gib * GIB)
    # Gate G6: shared memory counts against the limit, and 8 GiB beside it.
    assert needs.memory_limit >= needs.shared_memory + 8 * GIB
