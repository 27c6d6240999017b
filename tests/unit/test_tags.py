"""Tags that say whose a resource is."""

from __future__ import annotations

import pytest

from infra.tags import default_tags


def test_every_resource_says_whose_it_is() -> None:
    tags = default_tags(stack="prod", profile="prod", owner="Platform Team", cost_center="42")
    assert tags == {
        "roost:stack": "prod",
        "roost:profile": "prod",
        "owner": "Platform Team",
        "cost-center": "42",
        "data-class": "confidential",
        "managed-by": "pulumi",
    }


@pytest.mark.parametrize("owner", ["", "a" * 257, "you & me", "me?"])
def test_a_value_that_aws_would_refuse_is_refused_before(owner: str) -> None:
    with pytest.raises(ValueError, match="the tag owner cannot be"):
        default_tags(stack="prod", profile="prod", owner=owner, cost_center="42")
