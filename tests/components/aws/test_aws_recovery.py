"""AWS Backup, the tests of what it takes, and prod rebuilt in the region of its copies."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infra.aws.lost_region import UnusableCopyError
from infra.tags import BACKUP_TAG
from tests.components.aws.conftest import Variant
from tests.support import realism
from tests.support.aws_answers import answering_for_aws
from tests.support.monitor import Recording
from tests.support.program import run_program

VAULT, LOCK = "aws:backup/vault:Vault", "aws:backup/vaultLockConfiguration:VaultLockConfiguration"
PLAN, SELECTION = "aws:backup/plan:Plan", "aws:backup/selection:Selection"
TESTS = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
TESTED = "aws:backup/restoreTestingSelection:RestoreTestingSelection"
NOTIFICATIONS = "aws:backup/vaultNotifications:VaultNotifications"
DATABASE = "aws:rds/instance:Instance"
TAGGED = {"key": f"aws:ResourceTag/{BACKUP_TAG}", "value": "roost-prod"}


def named(recording: Recording, type_: str) -> dict[str, dict[str, Any]]:
    """Inputs by logical name."""
    return {one.name: one.inputs for one in recording.of_type(type_)}


def test_dev_has_only_what_rds_keeps(dev: Recording) -> None:
    assert not [one.type for one in dev.registrations if one.type.startswith("aws:backup/")]


def test_recovery_points_stay_in_locked_vaults_of_both_regions(prod: Recording) -> None:
    vaults = named(prod, VAULT)
    assert set(vaults) == {"backup-vault", "backup-copies"}
    assert ":eu-central-1:" in vaults["backup-vault"]["kmsKeyArn"]
    assert "region" not in vaults["backup-vault"]
    assert ":eu-west-1:" in vaults["backup-copies"]["kmsKeyArn"]
    assert vaults["backup-copies"]["region"] == "eu-west-1"
    locks = named(prod, LOCK)
    assert locks["backup-copies"]["region"] == "eu-west-1"
    for lock in locks.values():
        assert (lock["minRetentionDays"], lock["maxRetentionDays"]) == (35, 400)
        assert lock["changeableForDays"] == 14, "COMPLIANCE, once somebody has had two weeks to think"
    for one in (*prod.of_type(VAULT), *prod.of_type(LOCK)):
        assert one.protect
        assert one.retain_on_delete


def test_a_lock_that_can_be_taken_off_says_nothing_of_days(prod_dr: Recording) -> None:
    (lock,) = prod_dr.of_type(LOCK)
    assert "changeableForDays" not in lock.inputs


def test_every_rule_of_the_plan_copies_to_the_other_region_for_as_long(prod: Recording) -> None:
    rules = {rule["ruleName"]: rule for rule in prod.one(PLAN).inputs["rules"]}
    assert {name: rule["lifecycle"]["deleteAfter"] for name, rule in rules.items()} == {
        "daily": 35,
        "monthly": 365,
    }
    assert rules["daily"]["schedule"] == "cron(0 5 * * ? *)"
    assert rules["monthly"]["schedule"] == "cron(0 5 1 * ? *)"
    for rule in rules.values():
        (copy,) = rule["copyActions"]
        assert ":backup:eu-west-1:" in copy["destinationVaultArn"]
        assert copy["lifecycle"] == rule["lifecycle"]
        # RDS's own backups are its own: with this AWS Backup would take over their window and retention.
        assert "enableContinuousBackup" not in rule


def test_without_a_second_region_nothing_is_copied_there(prod_dr: Recording) -> None:
    assert all("copyActions" not in rule for rule in prod_dr.one(PLAN).inputs["rules"])
    assert set(named(prod_dr, VAULT)) == {"backup-vault"}


def test_the_database_is_taken_by_name_and_volumes_by_their_tag(prod: Recording) -> None:
    selections = named(prod, SELECTION)
    (arn,) = selections["backup-database"]["resources"]
    assert ":rds:eu-central-1:" in arn
    assert selections["backup-volumes"]["resources"] == ["arn:aws:ec2:*:*:volume/*"]
    assert selections["backup-volumes"]["conditions"] == [{"stringEquals": [TAGGED]}]


def test_what_a_test_restores_is_reached_by_nobody_and_removed(prod: Recording) -> None:
    plan = prod.one(TESTS).inputs
    assert plan["name"] == "roost_prod_weekly", "AWS takes no dashes there"
    assert plan["scheduleExpression"] == "cron(0 8 ? * SUN *)"
    assert plan["recoveryPointSelection"]["algorithm"] == "LATEST_WITHIN_WINDOW"
    selections = named(prod, TESTED)
    restored = selections["restore-test-database"]["restoreMetadataOverrides"]
    (group,) = json.loads(restored["vpcSecurityGroupIds"])
    known = {
        one.name: prod.states[one.urn]["id"] for one in prod.of_type("aws:ec2/securityGroup:SecurityGroup")
    }
    assert group == known["restore-test"]
    rules = [
        *prod.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"),
        *prod.of_type("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"),
    ]
    assert rules
    assert all(group not in rule.inputs.values() for rule in rules)
    subnets = named(prod, "aws:rds/subnetGroup:SubnetGroup")
    assert subnets["restore-test"]["subnetIds"] == subnets["database"]["subnetIds"], "without a way out"
    assert restored["dbInstanceClass"] == "db.t4g.large"
    assert all(0 < one["validationWindowHours"] <= 4 for one in selections.values())
    assert selections["restore-test-volumes"]["protectedResourceConditions"] == {"stringEquals": [TAGGED]}


def test_backup_and_restore_have_a_role_each_which_only_aws_backup_takes_on(prod: Recording) -> None:
    policies = named(prod, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert policies["backup"]["policyArn"].endswith("/AWSBackupServiceRolePolicyForBackup")
    assert policies["restore-test"]["policyArn"].endswith("/AWSBackupServiceRolePolicyForRestores")
    roles = named(prod, "aws:iam/role:Role")
    for name in ("backup", "restore-test"):
        (statement,) = json.loads(roles[name]["assumeRolePolicy"])["Statement"]
        assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": "111122223333"}}


def test_whoever_hears_warnings_hears_of_failed_copies_and_of_restores(prod: Recording) -> None:
    told = prod.one(NOTIFICATIONS).inputs
    assert told["snsTopicArn"].endswith(":roost-prod-warning")
    assert told["backupVaultEvents"] == ["COPY_JOB_FAILED", "RESTORE_JOB_COMPLETED"]


def test_tests_can_be_left_out(variant: Variant) -> None:
    recording = variant("prod", {"aws": {"recovery": {"restoreTest": None}}})
    assert not recording.of_type(TESTS)
    assert not recording.of_type(TESTED)
    assert recording.of_type(PLAN)


def test_a_rebuilt_server_has_the_secrets_of_the_lost_one(prod_dr: Recording) -> None:
    made_up = {one.name for one in prod_dr.of_type("random:index/randomPassword:RandomPassword")}
    assert not made_up & {"server-password", "encryption-key"}
    contents = next(
        one.inputs["stringData"]
        for one in prod_dr.of_type("kubernetes:core/v1:Secret")
        if "encryption-key" in one.inputs.get("stringData", {})
    )
    assert contents["encryption-key"] == "the-lost-stacks-key"
    assert contents["server-password"] == "the-lost-stacks-password"
    kept = prod_dr.one("aws:secretsmanager/secretVersion:SecretVersion").inputs["secretString"]
    assert json.loads(kept)["encryptionKey"] == "the-lost-stacks-key", "for whoever rebuilds this one"


def test_a_rebuilt_database_starts_from_the_copied_backups(prod_dr: Recording) -> None:
    database = prod_dr.one(DATABASE).inputs
    assert database["restoreToPointInTime"] == {
        "sourceDbInstanceAutomatedBackupsArn": (
            "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-00000000000000000000000000000000"
        ),
        "useLatestRestorableTime": True,
    }
    assert "username" not in database


def test_a_rebuilt_stack_names_the_lost_region_nowhere_and_copies_nothing(prod_dr: Recording) -> None:
    naming = {
        one.urn.rpartition("::")[2]
        for one in prod_dr.registrations
        if "eu-central-1" in json.dumps(one.inputs, default=str)
    }
    assert naming == set()
    assert {one.inputs["region"] for one in prod_dr.registrations if "region" in one.inputs} == {"eu-west-1"}
    for kind in (
        "aws:kms/replicaKey:ReplicaKey",
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
    ):
        assert prod_dr.of_type(kind) == []


def test_the_domain_is_taken_over_by_a_rebuilt_stack_alone(prod: Recording, prod_dr: Recording) -> None:
    def overwrites(recording: Recording) -> set[bool]:
        records = recording.of_type("aws:route53/record:Record")
        return {
            one.inputs.get("allowOverwrite", False)
            for one in records
            if one.inputs["name"] == "roost.example.com"
        }

    assert overwrites(prod) == {False}
    assert overwrites(prod_dr) == {True}


def test_copies_that_cannot_be_used_are_named_before_anything_is_made_of_them(tmp_path: Path) -> None:
    wrong: dict[str, dict[str, Any]] = {
        "aws:kms/getKey:getKey": {"id": "k", "keyState": "PendingDeletion"},
        "aws:s3/getBucket:getBucket": {"id": "b", "bucketRegion": "eu-central-1"},
        "aws:secretsmanager/getSecretVersion:getSecretVersion": {
            "id": "s",
            "secretString": '{"password": "p"}',
        },
    }
    with pytest.MonkeyPatch.context() as patch, answering_for_aws("prod-dr"):
        for token, answer in wrong.items():
            patch.setitem(realism.INVOKES, token, lambda _, answer=answer: answer)
        with pytest.raises(UnusableCopyError) as refused:
            run_program("prod-dr", patch, tmp_path)
    said = str(refused.value)
    assert "is PendingDeletion, so nothing that it encrypts can be read" in said
    assert "is in eu-central-1 and not in eu-west-1" in said
    assert "lacks encryptionKey: it is not that of a server" in said
