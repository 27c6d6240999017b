"""Connections, quantities, sums and the memory of instances."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.connections import SUPERUSER_RESERVED, SURGE_PODS, ConnectionBudget, PoolHolders
from infra.sizing.demand import Demand, total
from infra.sizing.quantities import cpu_millis, memory_bytes, show_cpu, show_memory
from infra.sizing.rds import connections_ceiling, memory_gib

budgets = st.builds(
    ConnectionBudget,
    holders=st.builds(
        PoolHolders,
        max_replicas=st.integers(1, 100),
        pool_size=st.integers(1, 200),
        besides=st.integers(0, 3),
    ),
    reserved=st.integers(1, 200),
    max_connections=st.integers(10, 5000),
)


def held(budget: ConnectionBudget, pool: int) -> int:
    """Connections when every pod that can exist during a rollout holds its whole pool, counted one by one."""
    replicas = budget.holders.max_replicas
    pods = ["running"] * replicas + ["new"] * SURGE_PODS + ["draining"] * replicas
    return sum(pool + budget.holders.besides for _ in pods) + budget.reserved + SUPERUSER_RESERVED


@given(budgets)
def test_a_budget_fits_exactly_when_nobody_can_be_refused(budget: ConnectionBudget) -> None:
    assert budget.fits == (held(budget, budget.holders.pool_size) <= budget.max_connections)


@given(budgets)
def test_the_remedies_that_are_offered_work_and_are_the_smallest(budget: ConnectionBudget) -> None:
    assert held(budget, budget.holders.pool_size) == budget.sufficient_max_connections
    if budget.largest_pool >= 1:
        assert held(budget, budget.largest_pool) <= budget.max_connections
        assert held(budget, budget.largest_pool + 1) > budget.max_connections


@given(st.integers(1, 10**6))
def test_cpu_survives_being_written_and_read(millis: int) -> None:
    assert cpu_millis(f"{millis}m") == millis
    assert cpu_millis(show_cpu(millis)) == millis
    assert cpu_millis(str(Decimal(millis) / 1000)) == millis


@given(st.integers(1, 2**20))
def test_memory_survives_being_written_and_read(mebibytes: int) -> None:
    assert memory_bytes(f"{mebibytes}Mi") == mebibytes * 2**20
    assert show_memory(mebibytes * 2**20) == f"{mebibytes}Mi"
    assert memory_bytes(show_memory(mebibytes * 2**20 - 1)) == mebibytes * 2**20, "rounded up"


@pytest.mark.parametrize(("text", "size"), [("1Gi", 2**30), ("1G", 10**9), ("2Ti", 2**41), ("5k", 5000)])
def test_memory_units(text: str, size: int) -> None:
    assert memory_bytes(text) == size


@pytest.mark.parametrize("text", ["", "0", "0m", "-1", "1.5m", "1c", "250 m", "0.0001", "1e3"])
def test_what_is_not_cpu_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="CPU"):
        cpu_millis(text)


@pytest.mark.parametrize("text", ["", "0Mi", "512", "1.5Gi", "1GB", "1 Gi", "-1Gi"])
def test_what_is_not_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="memory"):
        memory_bytes(text)


def test_demands_add_up() -> None:
    one = Demand(name="a", pods=2, cpu_millis=100, memory_request=10, memory_limit=20, storage=5)
    other = Demand(name="b", pods=1, cpu_millis=50, memory_request=1, memory_limit=2)
    assert total([one, other]) == Demand(
        name="total", pods=3, cpu_millis=150, memory_request=11, memory_limit=22, storage=5
    )


@pytest.mark.parametrize(
    ("instance_class", "gib"),
    [
        ("db.t4g.micro", 1),
        ("db.t4g.medium", 4),
        ("db.t3.large", 8),
        ("db.m7g.large", 8),
        ("db.m7g.4xlarge", 64),
        ("db.r7g.large", 16),
        ("db.r7g.xlarge", 32),
        ("db.r6i.2xlarge", 64),
        ("db.x2g.large", None),
        ("db.r7g.metal", None),
    ],
)
def test_memory_of_instance_classes(instance_class: str, gib: int | None) -> None:
    assert memory_gib(instance_class) == gib


def test_connections_stay_below_what_aws_itself_would_choose() -> None:
    assert connections_ceiling("db.r7g.large") == 16 * 2**30 * 9 // 10 // 9_531_392
    assert connections_ceiling("db.r7g.16xlarge") == 5000
    assert connections_ceiling("db.x2g.large") is None
