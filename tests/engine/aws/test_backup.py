from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from infra.aws.documents import service_trust
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, World

VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
NOTIFICATIONS = "aws:backup/vaultNotifications:VaultNotifications"
PLAN, SELECTION = "aws:backup/plan:Plan", "aws:backup/selection:Selection"
TESTS = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TESTED = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
AWAY = "eu-west-1"


def key_in(world: World, region: str = REGION) -> str:
    return world.client("kms", region).create_key()["KeyMetadata"]["Arn"]


def role(world: World, name: str) -> str:
    trust = service_trust("backup.amazonaws.com", account=ACCOUNT)
    return world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]


def vault(world: World, name: str, region: str = REGION) -> str:
    inputs = {"name": name, "kmsKeyArn": key_in(world, region), "region": region}
    return str(world.create(VAULT, name, inputs).outputs["arn"])


def plan_into(name: str, keep: int, *, copies_to: str) -> dict[str, Any]:
    rule: Mapping[str, Any] = {
        "ruleName": "daily",
        "targetVaultName": name,
        "schedule": "cron(0 5 * * ? *)",
        "scheduleExpressionTimezone": "Etc/UTC",
        "startWindow": 60,
        "completionWindow": 480,
        "lifecycle": {"deleteAfter": keep},
        "copyActions": [{"destinationVaultArn": copies_to, "lifecycle": {"deleteAfter": keep}}],
    }
    return {"name": f"{name}-plan", "rules": [rule], "tags": {"role": "backup"}}


def test_a_vault_is_locked_and_tells_of_what_happens_in_it(world: World) -> None:
    named = {"name": "kept", "kmsKeyArn": key_in(world), "tags": {"role": "backup"}}
    made = world.roundtrip(VAULT, named)
    assert made.id == "kept"
    assert made.outputs["recoveryPoints"] == 0
    inputs = {**named, "tags": {"role": "copies"}}
    world.settled(world.update(made, inputs), inputs)
    assert world.diff(made, {**inputs, "kmsKeyArn": key_in(world)}).replaces == {"kmsKeyArn"}

    bounds = {"backupVaultName": "kept", "minRetentionDays": 35, "maxRetentionDays": 400}
    lock = world.roundtrip(LOCK, bounds)
    assert world.diff(lock, {**bounds, "minRetentionDays": 30}).replaces == {"minRetentionDays"}
    world.client("backup").delete_backup_vault_lock_configuration(BackupVaultName="kept")
    assert world.refresh(lock) is None
    world.roundtrip(LOCK, {**bounds, "changeableForDays": 14}, "for-ever")
    assert world.client("backup").describe_backup_vault(BackupVaultName="kept")["LockDate"]

    topic = world.client("sns").create_topic(Name="backups")["TopicArn"]
    told = {"backupVaultName": "kept", "snsTopicArn": topic, "backupVaultEvents": ["COPY_JOB_FAILED"]}
    world.gone(world.roundtrip(NOTIFICATIONS, told))
    elsewhere = world.client("sns", AWAY).create_topic(Name="backups")["TopicArn"]
    with pytest.raises(ResourceError, match="is not in eu-central-1"):
        world.create(NOTIFICATIONS, "elsewhere", {**told, "snsTopicArn": elsewhere})
    world.gone(made)


def test_a_vault_has_a_key_of_its_own_region(world: World) -> None:
    with pytest.raises(ResourceError, match=f"is not in {AWAY}"):
        world.create(VAULT, "wrong", {"name": "wrong", "kmsKeyArn": key_in(world), "region": AWAY})


def test_a_plan_changes_in_place_and_goes_after_its_selections(world: World) -> None:
    vault(world, "daily")
    away = vault(world, "daily", AWAY)
    inputs = plan_into("daily", 35, copies_to=away)
    made = world.roundtrip(PLAN, inputs)
    longer = plan_into("daily", 40, copies_to=away)
    after = world.update(made, longer)
    world.settled(after, longer)
    assert after.outputs["version"] != made.outputs["version"]
    assert world.diff(after, {**longer, "name": "other"}).replaces == {"name"}

    taken = {
        "planId": made.id,
        "name": "volumes",
        "iamRoleArn": role(world, "backup"),
        "resources": ["arn:aws:ec2:*:*:volume/*"],
        "conditions": [{"stringEquals": [{"key": "aws:ResourceTag/roost:backup", "value": "roost-prod"}]}],
    }
    selection = world.roundtrip(SELECTION, taken)
    seen = world.client("backup").get_backup_selection(BackupPlanId=made.id, SelectionId=selection.id)
    assert seen["BackupSelection"]["Conditions"]["StringEquals"] == [
        {"ConditionKey": "aws:ResourceTag/roost:backup", "ConditionValue": "roost-prod"}
    ]
    assert world.diff(selection, {**taken, "resources": ["*"]}).replaces
    with pytest.raises(ResourceError, match="selections must be deleted prior"):
        world.delete(after)
    world.gone(selection)
    world.gone(after)


def test_a_plan_without_its_vaults_is_refused(world: World) -> None:
    nowhere = f"arn:aws:backup:{AWAY}:{ACCOUNT}:backup-vault:nowhere"
    with pytest.raises(ResourceError, match="nowhere does not exist"):
        world.create(PLAN, "lost", plan_into("nowhere", 35, copies_to=nowhere))
    vault(world, "half")
    with pytest.raises(ResourceError, match="backup-vault:nowhere does not exist"):
        world.create(PLAN, "half", plan_into("half", 35, copies_to=nowhere))


def test_a_restore_test_says_what_is_restored_and_where(world: World) -> None:
    arn = vault(world, "tested")
    inputs: dict[str, Any] = {
        "name": "weekly",
        "scheduleExpression": "cron(0 8 ? * SUN *)",
        "startWindowHours": 1,
        "recoveryPointSelection": {
            "algorithm": "LATEST_WITHIN_WINDOW",
            "includeVaults": [arn],
            "recoveryPointTypes": ["SNAPSHOT"],
            "selectionWindowDays": 7,
        },
    }
    made = world.roundtrip(TESTS, inputs)
    later = {**inputs, "startWindowHours": 2}
    world.settled(world.update(made, later), later)

    taken: dict[str, Any] = {
        "name": "database",
        "restoreTestingPlanName": "weekly",
        "protectedResourceType": "RDS",
        "protectedResourceArns": [f"arn:aws:rds:{REGION}:{ACCOUNT}:db:it"],
        "iamRoleArn": role(world, "restore"),
        "restoreMetadataOverrides": {"dbSubnetGroupName": "isolated"},
        "validationWindowHours": 4,
    }
    selection = world.roundtrip(TESTED, taken)
    longer = {**taken, "validationWindowHours": 8}
    world.settled(world.update(selection, longer), longer)
    volumes = {
        "name": "volumes",
        "restoreTestingPlanName": "weekly",
        "protectedResourceType": "EBS",
        "protectedResourceArns": ["*"],
        "protectedResourceConditions": {"stringEquals": [{"key": "aws:ResourceTag/a", "value": "b"}]},
        "iamRoleArn": taken["iamRoleArn"],
        "validationWindowHours": 4,
    }
    tagged = world.roundtrip(TESTED, volumes)
    with pytest.raises(ResourceError, match="still has selections"):
        world.delete(made)
    world.gone(tagged)
    world.gone(selection)
    world.gone(made)
    with pytest.raises(ResourceError, match="no name of a restore testing plan"):
        world.create(TESTS, "dashed", {**inputs, "name": "with-a-dash"})
