"""Timeouts that are computed together keep every stream alive, whatever the settings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings.edge import EdgeSettings
from infra.settings.server import ServerSettings
from infra.sizing.timing import compute_timing
from tests.unit.stacks import STACKS, settings_of

seconds = {
    "ping": st.integers(1, 300),
    "edge_idle": st.integers(5, 4000),
    "pre_stop": st.integers(3, 120),
    "drain": st.integers(1, 3300),
    "longest_stream": st.integers(10, 3300),
    "startup": st.integers(5, 600),
}


@given(**seconds)
def test_a_stopping_pod_finishes_what_it_streams(
    ping: int, edge_idle: int, pre_stop: int, drain: int, longest_stream: int, startup: int
) -> None:
    timing = compute_timing(
        ping=ping,
        edge_idle=edge_idle,
        pre_stop=pre_stop,
        drain=drain,
        longest_stream=longest_stream,
        startup=startup,
    )
    assert timing.termination_grace > timing.pre_stop + timing.drain
    assert timing.deregistration_delay == timing.pre_stop + timing.drain, (
        "the bound of the ALB must never bite"
    )
    assert timing.deregistration_delay <= 3600
    assert timing.keep_alive > timing.edge_idle, "of the two ends of an idle connection the edge closes first"


@given(**seconds)
def test_probes_leave_the_time_that_they_promise(
    ping: int, edge_idle: int, pre_stop: int, drain: int, longest_stream: int, startup: int
) -> None:
    timing = compute_timing(
        ping=ping,
        edge_idle=edge_idle,
        pre_stop=pre_stop,
        drain=drain,
        longest_stream=longest_stream,
        startup=startup,
    )
    assert timing.startup.budget_seconds >= startup
    assert timing.progress_deadline > timing.startup.budget_seconds
    assert timing.liveness.budget_seconds >= 60, "a pod that works hard is not killed for it"
    assert timing.readiness.budget_seconds < timing.liveness.budget_seconds, "out of rotation before dead"
    for probe in (timing.startup, timing.liveness, timing.readiness):
        assert probe.timeout_seconds >= 5, "the default of one second takes busy pods out"


def test_what_is_given_is_not_replaced() -> None:
    timing = compute_timing(
        ping=20,
        edge_idle=60,
        pre_stop=5,
        drain=30,
        longest_stream=30,
        startup=60,
        keep_alive=1,
        termination_grace=2,
    )
    assert (timing.keep_alive, timing.termination_grace) == (1, 2)


@pytest.mark.parametrize("stack", STACKS)
def test_every_stack_keeps_its_streams(stack: str) -> None:
    timing = settings_of(stack).timing
    assert timing.drain >= timing.longest_stream
    assert timing.edge_idle >= 2 * timing.ping
    assert timing.keep_alive > timing.edge_idle


def test_the_bounds_of_the_settings_keep_the_sum_within_what_a_load_balancer_allows() -> None:
    def most(section: type, field: str) -> int:
        return next(item.le for item in section.model_fields[field].metadata if hasattr(item, "le"))

    assert most(ServerSettings, "drain_seconds") + most(ServerSettings, "pre_stop_seconds") <= 3600
    assert most(EdgeSettings, "idle_timeout_seconds") <= 4000
