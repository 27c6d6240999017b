"""What is kept: keys, the database, the buckets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from infra.aws.place import Place
from infra.aws.rds_ca import ca_of
from infra.options import Options
from infra.settings.aws_database import RdsSettings
from infra.settings.aws_versions import RDS_CA_REGIONS
from infra.settings.database import DatabaseSettings
from tests.support.monitor import Recording, Registration, record

DATABASE = "aws:rds/instance:Instance"
KEY = "aws:kms/key:Key"
OF_DATA = {"keys-data", "keys-logs", "keys-backup", "keys-secrets"}
BACKUPS = "arn:aws:rds:eu-west-1:111122223333:auto-backup:ab-1"
PLACE = Place(account="111122223333", region="eu-central-1", dr_region="eu-west-1", prefix="roost-test")


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(policy)["Statement"]}


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_key_rotates_and_gives_time_to_think(stack: str, request: pytest.FixtureRequest) -> None:
    keys = request.getfixturevalue(stack).of_type(KEY)
    assert {k.name for k in keys} == {*OF_DATA, "alarm-topics"}
    for key in keys:
        assert key.inputs["enableKeyRotation"] is True
        assert key.inputs["deletionWindowInDays"] >= 7


def test_only_the_backup_key_leaves_its_region(prod: Recording) -> None:
    assert [k.name for k in prod.of_type(KEY) if k.inputs.get("multiRegion")] == ["keys-backup"]
    replica = prod.one("aws:kms/replicaKey:ReplicaKey")
    assert replica.inputs["region"] == "eu-west-1"
    assert "s3.eu-west-1.amazonaws.com" in replica.inputs["policy"], "services there use it, not here"


def test_a_key_is_used_through_its_services_and_by_this_account_only(prod: Recording) -> None:
    for key in prod.of_type(KEY):
        found = statements(key.inputs["policy"])
        assert found["Account"]["Principal"] == {"AWS": "arn:aws:iam::111122223333:root"}
        if "ThroughServices" in found:
            condition = found["ThroughServices"]["Condition"]["StringEquals"]
            assert condition["kms:CallerAccount"] == "111122223333"
            assert condition["kms:ViaService"]
    logs = statements(prod.one(KEY, "keys-logs").inputs["policy"])
    assert set(logs) == {"Account", "LogGroups"}, "logs and data share no user"


def test_no_key_policy_names_a_role_that_an_empty_account_lacks(prod: Recording) -> None:
    for key in prod.of_type(KEY):
        assert ":role/" not in key.inputs["policy"], "KMS refuses a principal that does not exist"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("storageEncrypted", True),
        ("publiclyAccessible", False),
        ("iamDatabaseAuthenticationEnabled", True),
        ("manageMasterUserPassword", True),
        ("copyTagsToSnapshot", True),
        ("deleteAutomatedBackups", False),
        ("skipFinalSnapshot", False),
        ("performanceInsightsEnabled", True),
        ("engineLifecycleSupport", "open-source-rds-extended-support-disabled"),
        ("enabledCloudwatchLogsExports", ["postgresql", "upgrade"]),
        ("caCertIdentifier", "rds-ca-rsa2048-g1"),
        ("engineVersion", "17"),
        ("autoMinorVersionUpgrade", True),
        ("allowMajorVersionUpgrade", False),
        ("applyImmediately", False),
        ("storageType", "gp3"),
    ],
)
@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_database_is_private_encrypted_and_recoverable(
    stack: str, name: str, value: object, request: pytest.FixtureRequest
) -> None:
    assert request.getfixturevalue(stack).one(DATABASE).inputs[name] == value


def test_prod_has_a_standby_five_weeks_of_history_and_two_locks(prod: Recording) -> None:
    database = prod.one(DATABASE)
    assert database.inputs["multiAz"] is True
    assert database.inputs["backupRetentionPeriod"] == 35
    assert database.inputs["deletionProtection"] is True
    assert database.protect
    assert database.timeouts["create"] == "120m"


def test_dev_can_be_destroyed_and_still_leaves_a_snapshot(dev: Recording) -> None:
    database = dev.one(DATABASE)
    assert database.inputs["deletionProtection"] is False
    assert not database.protect
    assert database.inputs["finalSnapshotIdentifier"].startswith("roost-dev-final-")


def test_the_database_uses_the_data_key_and_its_password_the_secrets_key(prod: Recording) -> None:
    database = prod.one(DATABASE)
    arns = {k.name: _arn(prod, k) for k in prod.of_type(KEY) if k.name in OF_DATA}
    assert database.inputs["kmsKeyId"] == arns["keys-data"]
    assert database.inputs["performanceInsightsKmsKeyId"] == arns["keys-data"]
    assert database.inputs["masterUserSecretKmsKeyId"] == arns["keys-secrets"]


def _arn(recording: Recording, key: Registration) -> str:
    outputs = next(v for urn, v in recording.outputs.items() if urn.endswith("roost:aws:Keys::keys"))
    return str(outputs[key.name.removeprefix("keys-")])


def test_backups_are_copied_to_the_second_region_and_only_where_there_is_one(
    dev: Recording, prod: Recording
) -> None:
    copy = prod.one("aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication")
    assert copy.inputs["region"] == "eu-west-1"
    assert copy.inputs["retentionPeriod"] == 35
    assert ":eu-west-1:" in copy.inputs["kmsKeyId"]
    assert not dev.of_type(copy.type)


def test_connections_are_encrypted_whatever_a_client_asks(prod: Recording) -> None:
    group = prod.one("aws:rds/parameterGroup:ParameterGroup")
    parameters = {p["name"]: p for p in group.inputs["parameters"]}
    assert parameters["rds.force_ssl"]["value"] == "1"
    assert parameters["max_connections"] == {
        "name": "max_connections",
        "value": "1000",
        "applyMethod": "pending-reboot",
    }
    assert parameters["log_parameter_max_length"]["value"] == "0", "what people say stays out of the log"
    assert group.inputs["family"] == "postgres17"


def test_a_new_parameter_group_exists_before_the_instance_leaves_the_old_one(prod: Recording) -> None:
    group = prod.one("aws:rds/parameterGroup:ParameterGroup")
    assert "name" not in group.inputs, "a fixed name can be replaced only after deletion"
    assert not group.delete_before_replace


def test_logs_exist_encrypted_before_rds_would_make_its_own(prod: Recording) -> None:
    database = prod.one(DATABASE)
    groups = [g for g in prod.of_type("aws:cloudwatch/logGroup:LogGroup") if g.name.startswith("database-")]
    expected = {
        f"/aws/rds/instance/{database.inputs['identifier']}/{log}" for log in ("postgresql", "upgrade")
    }
    assert {g.inputs["name"] for g in groups} == expected
    assert all(prod.waits_for(database, g) for g in groups)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_every_log_group_is_encrypted_and_ends(stack: str, request: pytest.FixtureRequest) -> None:
    groups = request.getfixturevalue(stack).of_type("aws:cloudwatch/logGroup:LogGroup")
    assert {g.name for g in groups} >= {"cluster-control-plane", "network-flow-logs", "edge-firewall"}
    for group in groups:
        assert group.inputs["kmsKeyId"], group.name
        assert group.inputs["retentionInDays"] >= 30, group.name


def test_only_the_cluster_may_connect_and_the_database_connects_to_nobody(prod: Recording) -> None:
    group = prod.one("aws:ec2/securityGroup:SecurityGroup", "database")
    assert group.inputs["egress"] == []
    rules = [
        r
        for r in prod.of_type("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        if group.urn in r.dependencies
    ]
    assert [(r.name, r.inputs["fromPort"], r.inputs["toPort"]) for r in rules] == [
        ("database-from-cluster", 5432, 5432)
    ]
    assert "referencedSecurityGroupId" in rules[0].inputs
    assert "cidrIpv4" not in rules[0].inputs


@pytest.mark.parametrize(
    ("restore", "expected"),
    [
        ({"snapshot": "roost-prod-final-1"}, {"snapshotIdentifier": "roost-prod-final-1"}),
        (
            {"sourceInstance": "db-ABC", "time": "2026-11-21T09:00:00Z"},
            {
                "restoreToPointInTime": {
                    "sourceDbiResourceId": "db-ABC",
                    "restoreTime": "2026-11-21T09:00:00Z",
                }
            },
        ),
        (
            {"sourceBackupsArn": BACKUPS},
            {
                "restoreToPointInTime": {
                    "sourceDbInstanceAutomatedBackupsArn": BACKUPS,
                    "useLatestRestorableTime": True,
                }
            },
        ),
    ],
)
def test_an_instance_starts_from_a_snapshot_or_a_moment(
    restore: dict[str, str], expected: dict[str, Any], aws: None
) -> None:
    from infra.aws.database import Database
    from infra.aws.keys import Keys
    from infra.aws.network import Network
    from infra.settings.aws_network import NetworkSettings

    def program() -> None:
        options = Options("dev")
        keys = Keys("keys", deletion_days=7, place=PLACE, options=options)
        network = Network("network", NetworkSettings(), keys=keys, place=PLACE, options=options)
        settings = RdsSettings.model_validate({"restore": restore})
        Database(
            "database", settings, DatabaseSettings(), network=network, keys=keys, place=PLACE, options=options
        )

    inputs = record(program, stack="dev").one(DATABASE).inputs
    assert {key: inputs.get(key) for key in expected} == expected
    assert not {"username", "dbName"} & set(inputs), "both come with the data"


def test_where_the_data_came_from_and_its_key_replace_nothing_later(prod: Recording) -> None:
    history = {"snapshotIdentifier", "restoreToPointInTime", "kmsKeyId"}
    assert set(prod.one(DATABASE).ignore_changes) == history


def test_another_retention_does_not_replace_the_copies_abroad(prod: Recording) -> None:
    copies = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
    assert set(prod.one(copies).ignore_changes) == {"retentionPeriod"}


def test_each_region_carries_the_root_that_its_instances_are_signed_with() -> None:
    for region in sorted(RDS_CA_REGIONS):
        certificate = x509.load_pem_x509_certificate(ca_of(region).encode())
        name = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        assert name == f"Amazon RDS {region} Root CA RSA2048 G1"
        assert certificate.issuer == certificate.subject
        assert certificate.not_valid_after_utc > datetime(2050, 1, 1, tzinfo=UTC)
        certificate.verify_directly_issued_by(certificate)
    carried = {p.stem for p in Path("infra/aws/rds-ca").glob("*.pem")}
    assert carried == RDS_CA_REGIONS
