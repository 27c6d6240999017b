"""The packs import nothing of the program, so a test holds their prices to its tables."""

from __future__ import annotations

import pytest

from infra.sizing.prices_instances import node_hour
from policies.rules.ops_dr_cost.cost_bounds import Bounds
from tests.unit.stacks import settings_of


def test_the_packs_prices_are_those_of_the_estimate() -> None:
    for name, dollars in Bounds().dollars_per_hour.items():
        assert dollars == pytest.approx(node_hour(name, "us-east-1"), abs=1e-6), name


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_packs_know_every_machine_of_the_examples(stack: str) -> None:
    aws = settings_of(stack).aws
    assert aws is not None
    groups = (aws.cluster.system_nodes, aws.cluster.app_nodes, aws.cluster.gpu_nodes)
    used = {name for group in groups if group for name in group.instance_types}
    assert used <= Bounds().dollars_per_hour.keys()
