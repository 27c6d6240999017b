"""Create, update and preview as every type has them, seen at VPCs, roles and their failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

from local.emulator.child import Emulated
from local.plugins.aws import catalogue
from local.plugins.aws.lifecycle import UnfinishedError
from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import UNKNOWN, Secret
from tests.engine.aws.harness import REGION, Made, World

VPC = "aws:ec2/vpc:Vpc"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
CIDR = {"cidrBlock": "10.0.0.0/16"}
DEFAULT_TAGS = {"owner": "platform"}


def test_a_preview_knows_the_inputs_and_the_defaults_and_asks_nobody() -> None:
    nowhere = World("http://127.0.0.1:9", default_tags=DEFAULT_TAGS)
    shown = nowhere.preview(VPC, {**CIDR, "tags": {"Name": UNKNOWN}})
    assert shown["cidrBlock"] == "10.0.0.0/16"
    assert shown["enableDnsSupport"] is True
    assert shown["region"] == REGION
    assert shown["arn"] is UNKNOWN
    assert shown["tagsAll"] is UNKNOWN
    assert "ipv4IpamPoolId" not in shown, "what the program left out and AWS does not fill in stays out"


def test_the_preview_of_an_update_does_not_know_what_it_renews(world: World) -> None:
    made = world.roundtrip(TEMPLATE, {"instanceType": "t3.small"})
    checked = world.check(TEMPLATE, made.name, {"instanceType": "t3.large"}, made.inputs)
    shown = world.lifecycle.preview_update(TEMPLATE, made.stored, checked)
    assert shown["latestVersion"] is UNKNOWN
    assert shown["instanceType"] == "t3.large"
    assert shown["arn"] == made.outputs["arn"]
    world.gone(made)


def test_secret_inputs_are_secret_outputs(world: World) -> None:
    made = world.create(VPC, "hidden", {**CIDR, "tags": {"Name": Secret("hidden")}})
    assert made.outputs["tags"] == {"Name": Secret("hidden")}
    found = world.refresh(made)
    assert found is not None
    assert found.outputs["tags"] == {"Name": Secret("hidden")}
    assert found.inputs["tags"] == {"Name": Secret("hidden")}
    world.gone(made)


def test_what_was_made_but_not_finished_is_recorded_and_the_next_update_finishes_it(
    emulated: Emulated, world: World
) -> None:
    asked = {**CIDR, "enableDnsHostnames": True}
    emulated.fail("ec2", "ModifyVpcAttribute", code="UnauthorizedOperation", message="Not you")
    with pytest.raises(UnfinishedError) as caught:
        world.create(VPC, "half", asked)
    assert "ModifyVpcAttribute was refused by AWS (UnauthorizedOperation): Not you." in str(caught.value)
    stored = caught.value.stored
    assert stored.id.startswith("vpc-")
    assert stored.outputs["arn"]

    half = Made(VPC, "half", stored)
    assert world.diff(half, asked).changed == {"enableDnsHostnames": "update"}
    whole = world.update(half, asked)
    assert whole.outputs["enableDnsHostnames"] is True
    world.settled(whole, asked)
    world.gone(whole)


def test_what_aws_does_not_confirm_of_a_half_made_resource_is_done_again_without_replacing_it(
    emulated: Emulated, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {**CIDR, "enableDnsHostnames": True}
    monkeypatch.setattr(type(catalogue.resource(VPC)), "read", lambda *_: {"arn": "arn:seen"})
    emulated.fail("ec2", "ModifyVpcAttribute", code="UnauthorizedOperation", message="Not you")
    with pytest.raises(UnfinishedError) as caught:
        world.create(VPC, "half", asked)
    monkeypatch.undo()
    half = Made(VPC, "half", caught.value.stored)
    assert half.outputs["arn"] == "arn:seen"
    assert world.diff(half, asked).changed == {"enableDnsHostnames": "add"}
    world.gone(half)


def test_a_resource_that_cannot_be_read_after_its_creation_is_recorded(
    emulated: Emulated, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(catalogue.resource(VPC)), "read", lambda *_: None)
    with pytest.raises(UnfinishedError, match="was made but cannot be read") as caught:
        world.create(VPC, "unseen", CIDR)
    monkeypatch.undo()
    world.gone(Made(VPC, "unseen", caught.value.stored))


def test_an_update_of_what_vanished_says_so(world: World) -> None:
    made = world.create(VPC, "lost", CIDR)
    world.client("ec2").delete_vpc(VpcId=made.id)
    with pytest.raises(ResourceError, match="pulumi refresh"):
        world.update(made, {**CIDR, "tags": {"Name": "new"}})
    assert world.refresh(made) is None


def test_tags_are_told_apart_and_a_new_default_tag_changes_everything(emulated: Emulated) -> None:
    world = World(emulated.url, default_tags=DEFAULT_TAGS)
    inputs = {**CIDR, "tags": {"Name": "main"}}
    made = world.roundtrip(VPC, inputs)
    assert made.outputs["tags"] == {"Name": "main"}
    assert made.outputs["tagsAll"] == {"Name": "main", "owner": "platform"}

    world.client("ec2").create_tags(Resources=[made.id], Tags=[{"Key": "owner", "Value": "thief"}])
    found = world.refresh(made)
    assert found is not None
    assert world.diff(found, inputs).changed == {"tags.owner": "delete", "tagsAll.owner": "update"}
    world.settled(world.update(found, inputs), inputs)

    other = World(emulated.url, default_tags={"owner": "platform", "cost": "1"})
    assert other.diff(made, inputs).changed == {"tagsAll.cost": "add"}
    other.settled(other.update(made, inputs), inputs)
    other.gone(made)


def test_a_resource_of_another_region_stays_there(world: World) -> None:
    made = world.roundtrip(VPC, {**CIDR, "region": "eu-west-1"})
    assert made.outputs["arn"].split(":")[3] == "eu-west-1"
    assert world.refresh(replace(made, stored=replace(made.stored, outputs={}))) is not None
    assert world.diff(made, CIDR).replaces == {"region"}
    world.gone(made)


def test_an_import_gives_inputs_that_the_same_program_does_not_change(world: World) -> None:
    inputs = {**CIDR, "enableDnsHostnames": True, "tags": {"Name": "found"}}
    made = world.create(VPC, "found", inputs)
    found = world.import_(VPC, made.id)
    assert found is not None
    assert world.diff(found, inputs).changed == {}
    assert "enableDnsSupport" not in found.inputs
    assert "arn" not in found.inputs
    world.gone(made)
    assert world.import_(VPC, made.id) is None
