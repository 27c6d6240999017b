from __future__ import annotations

import json
from typing import Any

import pytest

from infra.aws.key_policies import key_policy
from infra.aws.place import Place
from local.emulator.child import ACCOUNT, Emulated
from local.plugins.aws.lifecycle import UnfinishedError
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

KEY = "aws:kms/key:Key"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
ALIAS = "aws:kms/alias:Alias"
DR_REGION = "eu-west-1"
PLACE = Place(account=ACCOUNT, region=REGION, dr_region=DR_REGION, prefix="roost-prod")

DATA: dict[str, Any] = {
    "deletionWindowInDays": 7,
    "description": "roost-prod: data",
    "enableKeyRotation": True,
    "multiRegion": False,
    "policy": key_policy("data", PLACE),
    "tags": {"Name": "roost-prod-data"},
}
BACKUP: dict[str, Any] = {
    **DATA,
    "description": "roost-prod: backup",
    "multiRegion": True,
    "policy": key_policy("backup", PLACE),
    "tags": {"Name": "roost-prod-backup"},
}


def copied(primary: Made) -> dict[str, Any]:
    return {
        "deletionWindowInDays": 7,
        "description": "roost-prod: backup, in the DR region",
        "policy": key_policy("backup", PLACE, region=DR_REGION),
        "primaryKeyArn": primary.outputs["arn"],
        "region": DR_REGION,
        "tags": {"Name": "roost-prod-backup-replica"},
    }


def test_a_key_has_the_outputs_of_the_real_provider(world: World) -> None:
    made = world.roundtrip(KEY, DATA, "keys-data")

    assert made.id == made.outputs["keyId"]
    assert made.outputs["arn"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:key/{made.id}"
    assert made.outputs["customerMasterKeySpec"] == "SYMMETRIC_DEFAULT"
    assert made.outputs["keyUsage"] == "ENCRYPT_DECRYPT"
    assert made.outputs["isEnabled"] is True
    kms = world.client("kms")
    assert kms.get_key_rotation_status(KeyId=made.id)["KeyRotationEnabled"] is True
    assert json.loads(kms.get_key_policy(KeyId=made.id, PolicyName="default")["Policy"]) == json.loads(
        DATA["policy"]
    )
    world.gone(made)


def test_a_key_without_wishes_gets_the_defaults(world: World) -> None:
    made = world.roundtrip(KEY, {})
    assert made.outputs["enableKeyRotation"] is False
    assert made.outputs["multiRegion"] is False
    assert f"arn:aws:iam::{ACCOUNT}:root" in str(made.outputs["policy"])
    world.gone(made)


def test_a_key_changes_in_place_in_all_that_kms_can_change(world: World) -> None:
    made = world.roundtrip(KEY, DATA)
    changed: dict[str, Any] = {
        **DATA,
        "description": "roost-prod: logs",
        "enableKeyRotation": False,
        "isEnabled": False,
        "policy": key_policy("logs", PLACE),
        "tags": {"role": "logs"},
        "deletionWindowInDays": 30,
    }
    after = world.update(made, changed)
    world.settled(after, changed)
    kms = world.client("kms")
    found = kms.describe_key(KeyId=made.id)["KeyMetadata"]
    assert (found["Description"], found["Enabled"]) == ("roost-prod: logs", False)
    assert kms.get_key_rotation_status(KeyId=made.id)["KeyRotationEnabled"] is False
    assert kms.list_resource_tags(KeyId=made.id)["Tags"] == [{"TagKey": "role", "TagValue": "logs"}]
    assert "logs." in kms.get_key_policy(KeyId=made.id, PolicyName="default")["Policy"]

    back = world.update(after, DATA)
    world.settled(back, DATA)
    assert kms.describe_key(KeyId=made.id)["KeyMetadata"]["Enabled"] is True
    for name, value in {"multiRegion": True, "keyUsage": "SIGN_VERIFY"}.items():
        assert world.diff(back, {**DATA, name: value}).replaces == {name}
    assert world.diff(back, {**DATA, "customerMasterKeySpec": "RSA_2048"}).replaces == {
        "customerMasterKeySpec"
    }
    world.gone(back)


def test_what_is_changed_on_a_key_by_hand_is_seen(world: World) -> None:
    made = world.roundtrip(KEY, DATA)
    kms = world.client("kms")
    kms.disable_key_rotation(KeyId=made.id)
    kms.update_key_description(KeyId=made.id, Description="")
    kms.tag_resource(KeyId=made.id, Tags=[{"TagKey": "Name", "TagValue": "theirs"}])
    kms.put_key_policy(KeyId=made.id, PolicyName="default", Policy=key_policy("logs", PLACE))
    kms.disable_key(KeyId=made.id)

    seen = world.refresh(made)
    assert seen is not None
    changed = world.diff(seen, DATA).changed
    assert {path.split(".")[0] for path in changed} == {
        "description",
        "enableKeyRotation",
        "isEnabled",
        "policy",
        "tags",
        "tagsAll",
    }
    world.settled(world.update(seen, DATA), DATA)
    world.gone(made)


def test_a_key_that_waits_for_its_deletion_is_gone(world: World) -> None:
    made = world.roundtrip(KEY, DATA)
    world.client("kms").schedule_key_deletion(KeyId=made.id, PendingWindowInDays=30)
    assert world.refresh(made) is None
    assert world.import_(KEY, str(made.id)) is None


def test_a_key_is_deleted_after_the_days_that_the_program_says(world: World) -> None:
    made = world.roundtrip(KEY, DATA)
    world.delete(made)
    found = world.client("kms").describe_key(KeyId=made.id)["KeyMetadata"]
    assert found["KeyState"] == "PendingDeletion"
    assert (found["DeletionDate"] - found["CreationDate"]).days == 7


def test_a_key_whose_rotation_failed_is_in_the_state_and_rotates_later(
    world: World, emulated: Emulated
) -> None:
    emulated.fail("kms", "EnableKeyRotation", code="AccessDeniedException", message="not today")
    with pytest.raises(UnfinishedError, match="not today") as failed:
        world.create(KEY, "half", DATA)
    whole = world.update(Made(KEY, "half", failed.value.stored), DATA)
    world.settled(whole, DATA)
    assert world.client("kms").get_key_rotation_status(KeyId=whole.id)["KeyRotationEnabled"] is True
    world.gone(whole)


def test_a_custom_key_store_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="knows no custom key stores"):
        world.create(KEY, "hsm", {"customKeyStoreId": "cks-1234567890abcdef0"})


def test_a_replica_is_a_key_of_its_own_under_the_same_id(world: World) -> None:
    primary = world.roundtrip(KEY, BACKUP)
    assert str(primary.id).startswith("mrk-")
    replica = world.roundtrip(REPLICA, copied(primary), "keys-backup-replica")

    assert replica.id == replica.outputs["keyId"] == primary.id
    assert replica.outputs["arn"] == f"arn:aws:kms:{DR_REGION}:{ACCOUNT}:key/{primary.id}"
    assert replica.outputs["keyRotationEnabled"] is True
    assert replica.outputs["keySpec"] == "SYMMETRIC_DEFAULT"
    assert replica.outputs["keyUsage"] == "ENCRYPT_DECRYPT"
    found = world.client("kms", DR_REGION).describe_key(KeyId=replica.id)["KeyMetadata"]
    assert found["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"
    found = world.client("kms").describe_key(KeyId=primary.id)["KeyMetadata"]
    assert found["MultiRegionConfiguration"]["MultiRegionKeyType"] == "PRIMARY"
    assert [one["Region"] for one in found["MultiRegionConfiguration"]["ReplicaKeys"]] == [DR_REGION]
    world.settled(primary, BACKUP)
    world.gone(replica)
    world.settled(primary, BACKUP)
    world.gone(primary)


def test_a_replica_changes_in_place_without_its_primary(world: World) -> None:
    primary = world.roundtrip(KEY, BACKUP)
    inputs = copied(primary)
    replica = world.roundtrip(REPLICA, inputs)
    changed: dict[str, Any] = {
        **inputs,
        "description": "another",
        "enabled": False,
        "policy": key_policy("data", PLACE, region=DR_REGION),
        "tags": {"role": "copy"},
    }
    after = world.update(replica, changed)
    world.settled(after, changed)
    world.settled(primary, BACKUP)
    assert world.client("kms", DR_REGION).describe_key(KeyId=replica.id)["KeyMetadata"]["Enabled"] is False
    world.settled(world.update(after, inputs), inputs)

    other = primary.outputs["arn"].replace(primary.id, "mrk-00000000000000000000000000000000")
    assert world.diff(replica, {**inputs, "primaryKeyArn": other}).replaces == {"primaryKeyArn"}
    assert world.diff(replica, {**inputs, "region": "eu-north-1"}).replaces == {"region"}
    world.client("kms", DR_REGION).schedule_key_deletion(KeyId=replica.id, PendingWindowInDays=7)
    assert world.refresh(replica) is None
    world.gone(primary)


def test_a_key_of_one_region_has_no_replica(world: World) -> None:
    primary = world.create(KEY, "single", DATA)
    with pytest.raises(ResourceError, match="not a multi-Region primary key"):
        world.create(REPLICA, "copy", copied(primary))
    world.gone(primary)


def test_an_alias_is_named_by_its_prefix_and_points_elsewhere_in_place(world: World) -> None:
    first, second = world.create(KEY, "first", DATA), world.create(KEY, "second", DATA)
    inputs = {"namePrefix": "alias/roost-prod-data-", "targetKeyId": first.outputs["keyId"]}
    made = world.roundtrip(ALIAS, inputs, "keys-data")

    assert made.id == made.outputs["name"]
    assert str(made.id).startswith("alias/roost-prod-data-")
    assert made.outputs["arn"] == f"arn:aws:kms:{REGION}:{ACCOUNT}:{made.id}"
    assert made.outputs["targetKeyArn"] == first.outputs["arn"]
    moved = {**inputs, "targetKeyId": second.outputs["arn"]}
    after = world.update(made, moved)
    world.settled(after, moved)
    assert after.outputs["targetKeyArn"] == second.outputs["arn"]
    assert after.id == made.id
    assert world.diff(after, {**moved, "namePrefix": "alias/other-"}).replaces >= {"namePrefix"}

    world.client("kms").update_alias(AliasName=made.id, TargetKeyId=first.id)
    seen = world.refresh(after)
    assert seen is not None
    assert set(world.diff(seen, moved).changed) == {"targetKeyId"}
    world.client("kms").delete_alias(AliasName=made.id)
    assert world.refresh(after) is None
    world.gone(after)


def test_an_alias_of_no_key_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="NotFound"):
        world.create(
            ALIAS, "lost", {"name": "alias/lost", "targetKeyId": "00000000-0000-0000-0000-000000000000"}
        )
