from __future__ import annotations

from typing import Any

import pytest

from infra.aws.documents import Statement, document
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, World

TOPIC = "aws:sns/topic:Topic"
MAY_PUBLISH = document(
    Statement(
        sid="Alarms",
        actions=["SNS:Publish"],
        resources=[f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"],
        principals={"Service": "cloudwatch.amazonaws.com"},
    )
)


def test_a_topic_changes_in_place_in_all_but_its_name_and_kind(world: World) -> None:
    inputs: dict[str, Any] = {"displayName": "Roost", "tags": {"role": "alarms"}}
    made = world.roundtrip(TOPIC, inputs, "alarms")
    assert made.id == made.outputs["arn"] == f"arn:aws:sns:{REGION}:{ACCOUNT}:{made.outputs['name']}"
    assert made.outputs["owner"] == ACCOUNT

    changed = {"kmsMasterKeyId": "alias/roost", "policy": MAY_PUBLISH, "tags": {"role": "pages"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    sns = world.client("sns")
    found = sns.get_topic_attributes(TopicArn=made.id)["Attributes"]
    assert (found["DisplayName"], found["KmsMasterKeyId"]) == ("", "alias/roost")
    assert sns.list_tags_for_resource(ResourceArn=made.id)["Tags"] == [{"Key": "role", "Value": "pages"}]
    assert world.diff(after, {**changed, "fifoTopic": True}).replaces == {"fifoTopic"}
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}

    sns.set_topic_attributes(TopicArn=made.id, AttributeName="KmsMasterKeyId", AttributeValue="")
    seen = world.refresh(after)
    assert seen is not None
    assert set(world.diff(seen, changed).changed) == {"kmsMasterKeyId"}
    sns.delete_topic(TopicArn=made.id)
    assert world.refresh(after) is None
    world.gone(after)


def test_an_ordered_topic_removes_duplicates_if_told_so(world: World) -> None:
    inputs = {"name": "turns.fifo", "fifoTopic": True, "contentBasedDeduplication": True}
    made = world.roundtrip(TOPIC, inputs)
    off = {**inputs, "contentBasedDeduplication": False}
    world.settled(world.update(made, off), off)
    world.gone(made)


def test_what_moto_would_forget_of_a_topic_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="knows no signatureVersion, tracingConfig of a topic"):
        world.create(TOPIC, "signed", {"signatureVersion": 2, "tracingConfig": "Active"})
