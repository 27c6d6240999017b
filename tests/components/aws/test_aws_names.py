"""Two stacks live side by side in one account: no physical name of one is a name of the other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, Registration

SCOPED = {
    "aws:eks/addon:Addon": "within a cluster",
    "aws:route53/record:Record": "the domain, which a stack names itself",
}
"""Types whose fixed names may be the same in two stacks, and why."""

OWNERS = ("aws:s3/bucket:Bucket", "aws:ecr/repository:Repository")
"""Whose name the parts of them carry as well."""

GLOBAL = ("aws:iam/", "aws:s3/bucket:")
"""Names of these are unique in the account or the world, whatever the region."""

NAMES = ("name", "namePrefix", "identifier", "bucket", "bucketPrefix", "finalSnapshotIdentifier")


@pytest.fixture(scope="module")
def blue(variant: Variant) -> Recording:
    return variant("dev", {}, named="blue")


@pytest.fixture(scope="module")
def green(variant: Variant) -> Recording:
    return variant("dev", {}, named="green")


@pytest.fixture(scope="module")
def elsewhere(variant: Variant) -> Recording:
    return variant("dev", {"aws": {"region": "eu-west-1"}}, named="elsewhere")


def physical(recording: Recording) -> set[tuple[str, str]]:
    """Type and fixed name of everything whose name AWS wants to be unique."""
    return {
        (r.type, str(r.inputs[key]))
        for r in recording.custom()
        if r.type.startswith("aws:") and r.type not in SCOPED
        for key in NAMES
        if key in r.inputs and not refers(r, key)
    }


def refers(resource: Registration, key: str) -> bool:
    """Whether the value is the name of a bucket that is compared by itself."""
    return key == "bucket" and resource.type not in OWNERS


def test_two_stacks_in_one_account_and_region_share_no_name(blue: Recording, green: Recording) -> None:
    assert {r.name for r in blue.registrations} == {r.name for r in green.registrations}
    assert physical(blue) & physical(green) == set()
    assert len(physical(blue)) >= 12, "the comparison looks at nothing"


def test_every_fixed_name_carries_the_stacks(blue: Recording) -> None:
    for type_, name in physical(blue):
        assert "roost-blue" in name, f"{type_} {name}"


def test_stacks_in_two_regions_share_no_name_that_is_global(blue: Recording, elsewhere: Recording) -> None:
    def fixed(recording: Recording) -> set[tuple[str, str]]:
        return {found for found in physical(recording) if found[0].startswith(GLOBAL)}

    assert fixed(blue) & fixed(elsewhere) == set()
    assert any(type_ == "aws:s3/bucket:Bucket" for type_, _ in fixed(blue))


def test_no_policy_of_one_stack_reaches_the_others(blue: Recording) -> None:
    for resource in blue.custom():
        for key in ("policy", "assumeRolePolicy"):
            text = resource.inputs.get(key)
            if isinstance(text, str):
                assert "roost-*" not in text, f"{resource.urn} reaches every stack"
                assert "roost-dev" not in text, resource.urn


def test_an_exemption_is_needed(blue: Recording) -> None:
    assert set(SCOPED) <= {r.type for r in blue.custom()}


def test_the_tags_say_which_stack_a_resource_belongs_to(blue: Recording, green: Recording) -> None:
    def tags(recording: Recording) -> dict[str, Any]:
        return json.loads(recording.one("pulumi:providers:aws").inputs["defaultTags"])["tags"]

    assert tags(blue)["roost:stack"] == "blue"
    assert tags(green)["roost:stack"] == "green"
