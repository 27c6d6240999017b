"""What Check refuses, from the SDK's own types, and how it names what nobody named."""

from __future__ import annotations

from typing import Any

import pytest

from local.plugins.aws.catalogue import UnmappedTypeError
from local.plugins.base.values import UNKNOWN, Secret
from tests.engine.aws.harness import World

VPC = "aws:ec2/vpc:Vpc"
ROLE = "aws:iam/role:Role"
GROUP = "aws:lb/targetGroup:TargetGroup"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"
TRUST = {"assumeRolePolicy": '{"Version": "2012-10-17", "Statement": []}'}


@pytest.fixture
def world() -> World:
    """A provider whose account does not answer: Check needs none."""
    return World("http://127.0.0.1:9", default_tags={"owner": "platform"})


@pytest.mark.parametrize(
    ("token", "inputs", "path", "says"),
    [
        (VPC, {"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "did you mean cidrBlock"),
        (VPC, {"tagsAll": {}}, "tagsAll", "not an input"),
        (VPC, {"enableDnsSupport": "true"}, "enableDnsSupport", "must be a boolean, not a str"),
        (VPC, {"ipv4NetmaskLength": True}, "ipv4NetmaskLength", "must be an integer, not True"),
        (VPC, {"tags": {"a": 1}}, 'tags["a"]', "must be a string, not 1"),
        (VPC, {"tags": ["a"]}, "tags", "must be a map, not a list"),
        (ROLE, {}, "assumeRolePolicy", "is required"),
        (ROLE, {**TRUST, "managedPolicyArns": [1]}, "managedPolicyArns[0]", "must be a string"),
        (VERSIONING, {"bucket": "b"}, "versioningConfiguration", "is required"),
        (
            VERSIONING,
            {"bucket": "b", "versioningConfiguration": {"status": "Enabled", "mfaDelet": "x"}},
            "versioningConfiguration.mfaDelet",
            "did you mean mfaDelete",
        ),
        (
            VERSIONING,
            {"bucket": "b", "versioningConfiguration": {}},
            "versioningConfiguration.status",
            "is required",
        ),
    ],
)
def test_an_input_that_the_sdk_does_not_have_is_refused_by_its_path(
    world: World, token: str, inputs: dict[str, Any], path: str, says: str
) -> None:
    assert says in world.problems(token, inputs)[path]


def test_a_refusal_shows_no_text_that_could_be_a_password(world: World) -> None:
    wrong = world.problems(VPC, {"ipv4NetmaskLength": Secret("hunter22"), "enableDnsSupport": "hunter22"})
    assert len(wrong) == 2
    assert "hunter22" not in str(wrong)


def test_the_value_of_a_closed_enum_is_checked_and_that_of_an_open_one_is_left_to_aws(world: World) -> None:
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe"}]}
    (reason,) = world.problems(ROLE, {"assumeRolePolicy": policy}).values()
    assert reason == "assumeRolePolicy.Statement[0].Effect must be one of Allow, Deny, not a str"
    assert world.problems("aws:lb/loadBalancer:LoadBalancer", {"loadBalancerType": "new"}) == {}


def test_what_is_not_known_yet_passes(world: World) -> None:
    checked = world.check(VPC, "it", {"cidrBlock": UNKNOWN, "tags": {"Name": UNKNOWN}})
    assert checked["cidrBlock"] is UNKNOWN
    assert checked["tagsAll"] is UNKNOWN, "a tag that is not known may be a default tag's"


def test_default_tags_are_merged_and_the_programs_own_win(world: World) -> None:
    checked = world.check(VPC, "it", {"tags": {"Name": "main"}})
    assert checked["tags"] == {"Name": "main"}
    assert checked["tagsAll"] == {"Name": "main", "owner": "platform"}
    assert world.check(VPC, "it", {"tags": {"owner": "me"}})["tagsAll"] == {"owner": "me"}


def test_a_policy_may_be_given_as_an_object(world: World) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    assert world.check(ROLE, "it", {"assumeRolePolicy": policy})["assumeRolePolicy"].startswith('{"Version"')


def test_a_drawn_name_is_the_same_in_every_run_until_a_prefix_changes(world: World) -> None:
    first = world.check(ROLE, "server", TRUST)
    assert str(first["name"]).startswith("server-")
    assert len(str(first["name"])) == len("server-") + 7
    olds = {**first, "name": "server-0000001"}
    assert world.check(ROLE, "server", TRUST, olds)["name"] == "server-0000001"
    prefixed = world.check(ROLE, "server", {**TRUST, "namePrefix": "roost-"}, olds)
    assert str(prefixed["name"]).startswith("roost-")


def test_a_name_that_the_program_no_longer_gives_is_drawn_anew(world: World) -> None:
    fixed = world.check(ROLE, "server", {**TRUST, "name": "fixed"})
    assert fixed["name"] == "fixed"
    assert world.check(ROLE, "server", TRUST, fixed)["name"] != "fixed"


def test_a_name_without_room_for_its_digits_is_refused_before_aws_does(world: World) -> None:
    (reason,) = world.problems(GROUP, {}, name="a-logical-name-of-26-chars-").values()
    assert "at most 32 characters" in reason
    assert world.problems(GROUP, {"name": "short"}, name="a-logical-name-of-26-chars-") == {}


def test_a_type_that_nobody_mapped_fails_and_says_where_it_belongs(world: World) -> None:
    with pytest.raises(UnmappedTypeError, match=r"official plugin has it.*local/plugins/aws/types"):
        world.check("aws:mq/broker:Broker", "it", {})
