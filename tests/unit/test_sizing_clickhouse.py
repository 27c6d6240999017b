"""The telemetry store's disk and memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.clickhouse import (
    FULL_SHARE,
    KEEP_FREE_SHARE,
    QUERY_SHARE,
    SERVER_SHARE,
    Flow,
    disk_gib,
    keep_free_bytes,
    share_of,
    smallest_disk_gib,
)

_FLOWS = st.lists(
    st.builds(
        Flow,
        gib_per_day=st.floats(min_value=0.01, max_value=1000),
        days=st.integers(min_value=1, max_value=400),
    ),
    max_size=4,
).map(tuple)


def test_the_planning_example() -> None:
    # Runtime-anchors C.2: 5 GB a day raw for 30 days are 22.5 GB, for which 50 GiB are plenty.
    flows = (Flow(gib_per_day=5, days=30),)
    assert disk_gib(flows) == 22.5
    assert smallest_disk_gib(flows) == 40


@given(_FLOWS)
def test_the_smallest_disk_stays_below_the_alarm_and_is_not_wasteful(flows: tuple[Flow, ...]) -> None:
    smallest = smallest_disk_gib(flows)
    assert disk_gib(flows) <= smallest * FULL_SHARE + 1e-6
    assert smallest == 10 or disk_gib(flows) > (smallest - 10) * FULL_SHARE - 1e-6


@given(st.integers(min_value=4 * 2**30, max_value=2**40))
def test_one_query_leaves_memory_to_the_server(limit: int) -> None:
    assert 0 < share_of(limit, QUERY_SHARE) < share_of(limit, SERVER_SHARE) < limit


@given(st.integers(min_value=10, max_value=16_384))
def test_what_stays_free_is_beyond_the_alarm(disk: int) -> None:
    assert 0 < keep_free_bytes(disk) < disk * 2**30 * (1 - FULL_SHARE)
    assert KEEP_FREE_SHARE < 1 - FULL_SHARE
