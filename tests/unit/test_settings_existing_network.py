"""A VPC that is there already, as the settings name it: what cannot be right is refused offline."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings.aws_network import (
    ENDPOINT_PER_GB,
    ENDPOINT_PER_HOUR,
    HOURS_PER_MONTH,
    NAT_PER_GB,
    NetworkSettings,
    endpoint_break_even_gb,
)
from infra.settings.profiles import merged
from tests.support.aws_vpc import EXISTING
from tests.unit.stacks import nested, problems_of, settings_of


def existing(**changes: Any) -> dict[str, Any]:
    return {"aws": {"network": {"existing": merged(EXISTING, changes)}}}


def test_a_vpc_of_somebody_else_is_accepted() -> None:
    settings = settings_of("dev", existing())
    assert settings.aws is not None
    plan = settings.aws.network.plan()
    assert plan.private == {"a": "10.7.32.0/19", "b": "10.7.64.0/19"}
    assert plan.pod_addresses == 2 * (8192 - 5)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"vpcId": "my-vpc"}, "has the wrong form, not 'my-vpc'"),
        ({"private": {"subnets": {"b": "subnet-zz"}}}, "must have a subnet's id, as subnet-0a1b2c3d"),
        ({"private": {"cidrs": {"b": "ten"}}}, "zone b must have an IPv4 range, as 10.7.32.0/19, not 'ten'"),
        ({"private": {"cidrs": {"c": "10.7.96.0/19"}}}, "give every subnet its range"),
        (
            {"private": {"subnets": {"c": "subnet-0c"}, "cidrs": {"c": "10.7.96.0/19"}}},
            "every zone needs one of each",
        ),
        ({"database": {"subnets": {"a": "subnet-0aa1"}}}, "subnet-0aa1 is named twice"),
        ({"database": {"cidrs": {"a": "10.7.32.0/24"}}}, "overlap, so one of them is not that subnet's"),
        ({"public": {"cidrs": {"a": "10.7.0.0/28"}}}, "it needs a /27 or larger"),
    ],
)
def test_refused_before_aws_is_asked(changes: dict[str, Any], says: str) -> None:
    (problem,) = problems_of("dev", existing(**changes))
    assert problem.startswith("`roost:aws.network.existing")
    assert says in problem


@pytest.mark.parametrize(
    ("network", "says"),
    [
        ({"zones": ["a", "c"]}, "subnets for the zones a, b, and zones lists a, c"),
        ({"ipv6": True}, "the stack adds no ipv6 to it"),
        ({"interfaceEndpoints": ["sts"]}, "the stack adds no interfaceEndpoints to it"),
    ],
)
def test_what_is_its_owners_business_is_refused(network: dict[str, Any], says: str) -> None:
    (problem,) = problems_of("dev", {"aws": {"network": {"existing": EXISTING, **network}}})
    assert says in problem


def test_services_must_not_overlap_its_subnets() -> None:
    (problem,) = problems_of("dev", merged(existing(), nested("aws.cluster.serviceCidr", "10.7.64.0/20")))
    assert "overlaps the VPC (10.7.0.0/24, " in problem


def test_it_must_have_room_for_all_nodes() -> None:
    small = {"private": {"cidrs": {"a": "10.7.32.0/26", "b": "10.7.64.0/26"}}}
    (problem,) = problems_of("dev", existing(**small))
    assert "the subnets of network.existing.private gives nodes and pods 118 addresses" in problem


def test_zones_are_still_letters() -> None:
    def renamed(tier: dict[str, Any]) -> dict[str, Any]:
        return {key: {"a": of["a"], "z": of["b"]} for key, of in tier.items()}

    tiers = {tier: renamed(EXISTING[tier]) for tier in ("public", "private", "database")}
    network = {"zones": ["a", "z"], "existing": {"vpcId": EXISTING["vpcId"], **tiers}}
    (problem,) = problems_of("dev", {"aws": {"network": network}})
    assert "distinct letters from a to f" in problem


def test_an_endpoint_pays_off_where_the_page_says() -> None:
    gb = endpoint_break_even_gb()
    through_nat = NAT_PER_GB * gb
    through_endpoint = ENDPOINT_PER_HOUR * HOURS_PER_MONTH + ENDPOINT_PER_GB * gb
    assert through_endpoint == pytest.approx(through_nat)
    description = NetworkSettings.model_fields["interface_endpoints"].description or ""
    assert f"above {round(gb, -1):.0f} GB a month and zone" in description
