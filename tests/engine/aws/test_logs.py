from __future__ import annotations

import json

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, World

GROUP = "aws:cloudwatch/logGroup:LogGroup"
POLICY = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/9568b5ad-c3f6-4204-8076-d155135b3090"


def group(name: str, **more: object) -> dict[str, object]:
    """As the stacks ask for it."""
    return {"name": name, "kmsKeyId": KEY, "retentionInDays": 30, **more}


def may_write(action: str = "logs:PutLogEvents") -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "delivery.logs.amazonaws.com"},
                    "Action": action,
                    "Resource": "*",
                }
            ],
        }
    )


def test_a_log_group_is_known_by_its_name_and_its_arn_has_no_star(world: World) -> None:
    made = world.roundtrip(GROUP, group("/roost/roost-prod/flow-logs"))
    assert made.id == "/roost/roost-prod/flow-logs"
    assert made.outputs["arn"] == f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/roost/roost-prod/flow-logs"
    found = world.client("logs").describe_log_groups(logGroupNamePrefix=made.id)["logGroups"][0]
    assert (found["kmsKeyId"], found["retentionInDays"]) == (KEY, 30)
    world.gone(made)


def test_a_log_group_changes_its_retention_and_tags_in_place_but_not_its_name(world: World) -> None:
    made = world.roundtrip(GROUP, group("/aws/eks/roost-dev/cluster", tags={"one": "1", "two": "2"}))
    changed = world.update(made, group(made.id, retentionInDays=90, tags={"two": "3"}))
    world.settled(changed, group(made.id, retentionInDays=90, tags={"two": "3"}))
    assert world.client("logs").list_tags_for_resource(resourceArn=made.outputs["arn"])["tags"] == {
        "two": "3"
    }
    plain = {"name": made.id, "retentionInDays": 90, "tags": {"two": "3"}}
    changed = world.update(changed, plain)
    world.settled(changed, plain)
    other = {**plain, "kmsKeyId": KEY.replace("9568", "0000")}
    changed = world.update(changed, other)
    world.settled(changed, other)
    for_ever = {"name": made.id, "kmsKeyId": KEY}
    kept = world.update(changed, for_ever)
    world.settled(kept, for_ever)
    assert kept.outputs["retentionInDays"] == 0
    assert world.diff(kept, group("/aws/eks/other/cluster")).replaces == {"name"}
    world.gone(kept)


def test_a_group_whose_name_only_begins_like_another_is_another(world: World) -> None:
    longer = world.create(GROUP, "longer", group("/roost/begins/like/this"))
    shorter = world.roundtrip(GROUP, group("/roost/begins"))
    world.gone(shorter)
    assert world.refresh(longer) is not None
    world.gone(longer)


def test_a_changed_retention_and_a_deleted_group_are_seen(world: World) -> None:
    made = world.roundtrip(GROUP, group("aws-waf-logs-roost-dev"))
    logs = world.client("logs")
    logs.put_retention_policy(logGroupName=made.id, retentionInDays=1)
    seen = world.refresh(made)
    assert seen is not None
    assert seen.inputs["retentionInDays"] == 1
    assert world.diff(seen, group(made.id)).changed == {"retentionInDays": "update"}
    logs.disassociate_kms_key(logGroupName=made.id)
    seen = world.refresh(made)
    assert seen is not None
    assert world.diff(seen, group(made.id)).changed.keys() == {"kmsKeyId", "retentionInDays"}
    logs.delete_log_group(logGroupName=made.id)
    assert world.refresh(made) is None


def test_a_group_that_is_not_to_be_destroyed_stays(world: World) -> None:
    made = world.roundtrip(GROUP, group("/roost/kept", skipDestroy=True))
    world.delete(made)
    found = world.refresh(made)
    assert found is not None
    world.gone(world.update(found, group("/roost/kept")))


def test_a_policy_of_the_account_is_put_changed_and_removed(world: World) -> None:
    made = world.roundtrip(POLICY, {"policyName": "roost-edge", "policyDocument": may_write()})
    assert (made.id, made.outputs["policyScope"]) == ("roost-edge", "ACCOUNT")
    wider = {"policyName": "roost-edge", "policyDocument": may_write("logs:*")}
    changed = world.update(made, wider)
    world.settled(changed, wider)
    assert world.diff(changed, {**wider, "policyName": "roost-other"}).replaces == {"policyName"}
    world.gone(changed)


def test_a_policy_of_a_single_group_is_refused(world: World) -> None:
    arn = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:x"
    with pytest.raises(ResourceError, match="only policies with a policyName are served"):
        world.create(POLICY, "one", {"resourceArn": arn, "policyDocument": may_write()})
