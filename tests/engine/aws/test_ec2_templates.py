"""Launch templates, as the node groups have them."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import UNKNOWN
from tests.engine.aws.harness import Made, World

NUMBERS = itertools.count(1)
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INPUTS: dict[str, Any] = {
    "description": "roost-prod: nodes of the system group",
    "updateDefaultVersion": True,
    "monitoring": {"enabled": True},
    "blockDeviceMappings": [
        {
            "deviceName": "/dev/xvda",
            "ebs": {
                "throughput": 125,
                "volumeType": "gp3",
                "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/5bfe488358d24175fb73799575fc9a5a",
                "volumeSize": 50,
                "encrypted": "true",
                "deleteOnTermination": "true",
            },
        }
    ],
    "metadataOptions": {"httpEndpoint": "enabled", "httpPutResponseHopLimit": 1, "httpTokens": "required"},
    "tagSpecifications": [
        {"resourceType": kind, "tags": {"Name": "roost-prod-system"}}
        for kind in ("instance", "volume", "network-interface")
    ],
}


def with_disk(size: int) -> dict[str, Any]:
    device = INPUTS["blockDeviceMappings"][0]
    return {**INPUTS, "blockDeviceMappings": [{**device, "ebs": {**device["ebs"], "volumeSize": size}}]}


def versions(made: Made) -> tuple[Any, Any]:
    return made.outputs["latestVersion"], made.outputs["defaultVersion"]


def newest(world: World, made: Made) -> dict[str, Any]:
    """What AWS would start an instance with."""
    found = world.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=made.id, Versions=["$Default"]
    )
    return found["LaunchTemplateVersions"][0]["LaunchTemplateData"]


def test_a_template_keeps_what_its_nodes_start_with(world: World) -> None:
    inputs = {**INPUTS, "tags": {"stage": "prod"}}
    made = world.roundtrip(TEMPLATE, inputs, name="cluster-nodes-system")
    assert made.id.startswith("lt-")
    assert made.outputs["arn"] == f"arn:aws:ec2:eu-central-1:111122223333:launch-template/{made.id}"
    assert str(made.outputs["name"]).startswith("cluster-nodes-system-")
    assert versions(made) == (1, 1)
    disk = newest(world, made)["BlockDeviceMappings"][0]["Ebs"]
    assert (disk["VolumeSize"], disk["Encrypted"]) == (50, True)
    world.gone(made)


def test_another_content_is_another_version_and_the_default_one(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", INPUTS)
    changes: list[dict[str, Any]] = [
        with_disk(100),
        {**INPUTS, "monitoring": {"enabled": False}},
        {**INPUTS, "metadataOptions": {**INPUTS["metadataOptions"], "httpPutResponseHopLimit": 2}},
        {**INPUTS, "tagSpecifications": INPUTS["tagSpecifications"][:2]},
        {**INPUTS, "description": "another"},
        {**INPUTS, "imageId": "ami-12345678", "instanceType": "m7g.large", "userData": "IyE="},
        {**INPUTS, "vpcSecurityGroupIds": ["sg-1"], "ebsOptimized": "true", "keyName": "nobody"},
    ]
    for number, inputs in enumerate(changes, start=2):
        made = world.update(made, inputs)
        assert versions(made) == (number, number)
        world.settled(made, inputs)
    back = world.update(made, INPUTS)
    world.settled(back, INPUTS)
    assert "KeyName" not in newest(world, back)


def test_other_tags_are_no_new_version(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", INPUTS)
    wanted = {**INPUTS, "tags": {"Name": "another"}}
    changed = world.update(made, wanted)
    world.settled(changed, wanted)
    assert versions(changed) == (1, 1)


def test_the_default_version_stays_where_the_program_leaves_it(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", {**INPUTS, "updateDefaultVersion": False})
    later = {**with_disk(100), "updateDefaultVersion": False}
    changed = world.update(made, later)
    assert versions(changed) == (2, 1)
    changed = world.update(changed, with_disk(100))
    assert versions(changed) == (2, 2), "switching it on catches up"
    wanted = {name: value for name, value in with_disk(100).items() if name != "updateDefaultVersion"}
    changed = world.update(changed, {**wanted, "defaultVersion": 1})
    assert versions(changed) == (2, 1)


def test_only_another_content_makes_the_version_unknown_in_a_preview(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", INPUTS)

    def shown(inputs: dict[str, Any]) -> Any:
        checked = world.check(TEMPLATE, made.name, inputs, made.inputs)
        return world.lifecycle.preview_update(TEMPLATE, made.stored, checked)["latestVersion"]

    assert shown(with_disk(100)) is UNKNOWN
    assert shown({**INPUTS, "tags": {"Name": "another"}}) == 1


def test_another_name_is_another_template(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", INPUTS)
    assert world.diff(made, {**INPUTS, "name": "other"}).replaces == {"name"}


def test_a_version_that_somebody_added_shows_and_is_repaired(world: World) -> None:
    made = world.create(TEMPLATE, f"nodes-{next(NUMBERS)}", INPUTS)
    ec2 = world.client("ec2")
    ec2.create_launch_template_version(
        LaunchTemplateId=made.id, LaunchTemplateData={"MetadataOptions": {"HttpTokens": "optional"}}
    )
    seen = world.refresh(made)
    assert seen is not None
    assert {"metadataOptions", "blockDeviceMappings", "monitoring"} <= {
        path.split(".")[0].split("[")[0] for path in world.diff(seen, INPUTS).changed
    }
    repaired = world.update(seen, INPUTS)
    world.settled(repaired, INPUTS)
    assert versions(repaired) == (3, 3)
    ec2.delete_launch_template(LaunchTemplateId=made.id)
    assert world.refresh(repaired) is None


def test_what_a_template_is_rehearsed_without_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="networkInterfaces"):
        world.create(TEMPLATE, "it", {**INPUTS, "networkInterfaces": [{"deviceIndex": 0}]})
