from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.child import Emulated
from tests.emulator.conftest import ABROAD, HOME, Place, statuses

STATUS = ("DBInstances", "DBInstanceStatus")


@pytest.fixture
def rds(account: Emulated) -> Any:
    return account.client("rds", HOME)


def wish(rds: Any, place: Place, **more: Any) -> dict[str, Any]:
    """What the stack asks for in prod."""
    rds.create_db_subnet_group(
        DBSubnetGroupName=place.name, DBSubnetGroupDescription="for a test", SubnetIds=place.subnets
    )
    rds.create_db_parameter_group(
        DBParameterGroupName=place.name, DBParameterGroupFamily="postgres17", Description="for a test"
    )
    key = place.key()
    return {
        "DBInstanceIdentifier": place.name,
        "DBInstanceClass": "db.t4g.medium",
        "Engine": "postgres",
        "EngineVersion": "17",
        "DBName": "roost",
        "MasterUsername": "roost_master",
        "ManageMasterUserPassword": True,
        "MasterUserSecretKmsKeyId": key,
        "AllocatedStorage": 100,
        "MaxAllocatedStorage": 1000,
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "KmsKeyId": key,
        "BackupRetentionPeriod": 7,
        "PreferredBackupWindow": "02:00-03:00",
        "PreferredMaintenanceWindow": "sun:03:30-sun:04:30",
        "DBSubnetGroupName": place.name,
        "DBParameterGroupName": place.name,
        "VpcSecurityGroupIds": [place.security_group],
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "DatabaseInsightsMode": "standard",
        "EnablePerformanceInsights": True,
        "PerformanceInsightsKMSKeyId": key,
        "PerformanceInsightsRetentionPeriod": 7,
        "EngineLifecycleSupport": "open-source-rds-extended-support-disabled",
        "MonitoringInterval": 15,
        "MonitoringRoleArn": place.role,
        "EnableIAMDatabaseAuthentication": True,
        "EnableCloudwatchLogsExports": ["postgresql", "upgrade"],
        "CopyTagsToSnapshot": True,
        "MultiAZ": True,
        **more,
    }


def made(rds: Any, place: Place, **more: Any) -> dict[str, Any]:
    rds.create_db_instance(**wish(rds, place, **more))
    return settled(rds, place.name)


def settled(rds: Any, name: str) -> dict[str, Any]:
    rds.describe_db_instances(DBInstanceIdentifier=name)
    return rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]


def test_an_instance_is_created_for_a_while_and_then_available(rds: Any, place: Place) -> None:
    rds.create_db_instance(**wish(rds, place))
    seen = statuses(rds.describe_db_instances, STATUS, DBInstanceIdentifier=place.name)
    assert seen == ["creating", "available"]


def test_describe_gives_back_what_was_asked_for(rds: Any, place: Place) -> None:
    asked = wish(rds, place)
    rds.create_db_instance(**asked)
    found = settled(rds, place.name)
    same = {
        "AllocatedStorage", "BackupRetentionPeriod", "CACertificateIdentifier", "CopyTagsToSnapshot",
        "DBInstanceClass", "DBName", "DatabaseInsightsMode", "EngineLifecycleSupport", "KmsKeyId",
        "MaxAllocatedStorage", "MonitoringInterval", "MonitoringRoleArn", "MultiAZ",
        "PerformanceInsightsKMSKeyId", "PerformanceInsightsRetentionPeriod", "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "StorageEncrypted", "StorageType",
    }  # fmt: skip
    assert {key: found.get(key) for key in same} == {key: asked[key] for key in same}
    assert found["IAMDatabaseAuthenticationEnabled"] is True
    assert found["PerformanceInsightsEnabled"] is True
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql", "upgrade"]
    assert found["EngineVersion"].startswith("17.")
    assert found["DbiResourceId"].startswith("db-")


def test_every_instance_has_a_resource_id_of_its_own(rds: Any, place: Place) -> None:
    first = made(rds, place)
    rds.create_db_instance(
        DBInstanceIdentifier=f"{place.name}-b", DBInstanceClass="db.t4g.medium", Engine="postgres"
    )
    assert settled(rds, f"{place.name}-b")["DbiResourceId"] != first["DbiResourceId"]


def test_the_managed_secret_holds_the_master_user_and_goes_with_the_instance(
    account: Emulated, rds: Any, place: Place
) -> None:
    secrets = account.client("secretsmanager", HOME)
    arn = made(rds, place)["MasterUserSecret"]["SecretArn"]
    content = json.loads(secrets.get_secret_value(SecretId=arn)["SecretString"])
    assert content["username"] == "roost_master"
    assert len(content["password"]) >= 24
    rds.delete_db_instance(DBInstanceIdentifier=place.name, SkipFinalSnapshot=True)
    with pytest.raises(ClientError, match="can't find"):
        secrets.get_secret_value(SecretId=arn)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"KmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/nobody"}, "KMS"),
        ({"MonitoringRoleArn": "arn:aws:iam::111122223333:role/nobody"}, "ENHANCED_MONITORING"),
        ({"EngineVersion": "16"}, "DBParameterGroupFamily postgres16"),
        ({"DBParameterGroupName": "nobody"}, "nobody"),
    ],
)
def test_an_instance_needs_a_key_a_role_and_a_group_that_fit(
    rds: Any, place: Place, change: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ClientError, match=sentence):
        rds.create_db_instance(**{**wish(rds, place), **change})


def test_a_change_of_class_waits_for_the_window_unless_it_is_wanted_at_once(
    account: Emulated, rds: Any, place: Place
) -> None:
    made(rds, place)
    rds.modify_db_instance(DBInstanceIdentifier=place.name, DBInstanceClass="db.m7g.large")
    found = settled(rds, place.name)
    assert found["DBInstanceClass"] == "db.t4g.medium"
    assert found["PendingModifiedValues"] == {"DBInstanceClass": "db.m7g.large"}
    account.open_maintenance_window()
    found = settled(rds, place.name)
    assert (found["DBInstanceClass"], found.get("PendingModifiedValues")) == ("db.m7g.large", {})
    rds.modify_db_instance(
        DBInstanceIdentifier=place.name, DBInstanceClass="db.r7g.large", ApplyImmediately=True
    )
    assert settled(rds, place.name)["DBInstanceClass"] == "db.r7g.large"


def test_retention_and_windows_change_at_once(rds: Any, place: Place) -> None:
    made(rds, place)
    change = {"BackupRetentionPeriod": 14, "PreferredBackupWindow": "05:00-06:00", "DeletionProtection": True}
    rds.modify_db_instance(DBInstanceIdentifier=place.name, **change)
    seen = statuses(rds.describe_db_instances, STATUS, DBInstanceIdentifier=place.name)
    assert seen == ["modifying", "available"]
    found = settled(rds, place.name)
    assert {key: found[key] for key in change} == change


def test_an_instance_under_way_is_not_modified(rds: Any, place: Place) -> None:
    rds.create_db_instance(**wish(rds, place))
    with pytest.raises(ClientError, match="not in available state"):
        rds.modify_db_instance(DBInstanceIdentifier=place.name, BackupRetentionPeriod=1)


def test_a_protected_instance_stays(rds: Any, place: Place) -> None:
    made(rds, place, DeletionProtection=True)
    with pytest.raises(ClientError, match="Cannot delete protected DB Instance"):
        rds.delete_db_instance(DBInstanceIdentifier=place.name, SkipFinalSnapshot=True)
    assert settled(rds, place.name)["DBInstanceStatus"] == "available"


def test_deletion_wants_a_final_snapshot_or_an_explicit_no(rds: Any, place: Place) -> None:
    made(rds, place)
    with pytest.raises(ClientError, match="FinalDBSnapshotIdentifier is required"):
        rds.delete_db_instance(DBInstanceIdentifier=place.name)
    final = f"{place.name}-final"
    rds.delete_db_instance(DBInstanceIdentifier=place.name, FinalDBSnapshotIdentifier=final)
    assert statuses(rds.describe_db_instances, STATUS, 1, DBInstanceIdentifier=place.name) == ["deleting"]
    with pytest.raises(rds.exceptions.DBInstanceNotFoundFault):
        rds.describe_db_instances(DBInstanceIdentifier=place.name)
    snapshot = rds.describe_db_snapshots(DBSnapshotIdentifier=final)["DBSnapshots"][0]
    assert (snapshot["Status"], snapshot["Encrypted"]) == ("available", True)


def test_groups_in_use_stay(rds: Any, place: Place) -> None:
    made(rds, place)
    with pytest.raises(ClientError, match="still members"):
        rds.delete_db_parameter_group(DBParameterGroupName=place.name)
    with pytest.raises(ClientError, match="still using it"):
        rds.delete_db_subnet_group(DBSubnetGroupName=place.name)
    rds.delete_db_instance(DBInstanceIdentifier=place.name, SkipFinalSnapshot=True)
    rds.describe_db_instances(DBInstanceIdentifier=place.name)
    rds.delete_db_parameter_group(DBParameterGroupName=place.name)
    rds.delete_db_subnet_group(DBSubnetGroupName=place.name)


def test_a_subnet_group_covers_two_zones(rds: Any, place: Place) -> None:
    with pytest.raises(ClientError, match="coverage"):
        rds.create_db_subnet_group(
            DBSubnetGroupName=place.name, DBSubnetGroupDescription="one", SubnetIds=place.subnets[:1]
        )


def test_a_subnet_group_takes_other_subnets_and_is_still_there(rds: Any, place: Place) -> None:
    group = {"DBSubnetGroupName": place.name, "SubnetIds": place.subnets}
    rds.create_db_subnet_group(**group, DBSubnetGroupDescription="two zones")
    with pytest.raises(ClientError, match="already exists"):
        rds.create_db_subnet_group(**group, DBSubnetGroupDescription="again")
    with pytest.raises(ClientError, match="coverage"):
        rds.modify_db_subnet_group(DBSubnetGroupName=place.name, SubnetIds=place.subnets[:1])
    rds.modify_db_subnet_group(**group, DBSubnetGroupDescription="in other words")
    found = rds.describe_db_subnet_groups(DBSubnetGroupName=place.name)["DBSubnetGroups"][0]
    assert found["DBSubnetGroupDescription"] == "in other words"
    assert {one["SubnetIdentifier"] for one in found["Subnets"]} == set(place.subnets)


def test_parameters_are_set_and_reset(rds: Any, place: Place) -> None:
    rds.create_db_parameter_group(
        DBParameterGroupName=place.name, DBParameterGroupFamily="postgres17", Description="for a test"
    )
    one = {"ParameterName": "log_statement", "ParameterValue": "ddl", "ApplyMethod": "immediate"}
    rds.modify_db_parameter_group(DBParameterGroupName=place.name, Parameters=[one])
    (found,) = rds.describe_db_parameters(DBParameterGroupName=place.name)["Parameters"]
    assert one.items() <= found.items()
    static = {"ParameterName": "max_connections", "ParameterValue": "100", "ApplyMethod": "immediate"}
    with pytest.raises(ClientError, match="static parameter: max_connections"):
        rds.modify_db_parameter_group(DBParameterGroupName=place.name, Parameters=[static])
    rds.reset_db_parameter_group(DBParameterGroupName=place.name, Parameters=[one])
    assert rds.describe_db_parameters(DBParameterGroupName=place.name)["Parameters"] == []


def test_backups_are_copied_to_another_region_until_that_is_stopped(
    account: Emulated, rds: Any, place: Place
) -> None:
    source, abroad = made(rds, place), account.client("rds", ABROAD)
    key = place.key(ABROAD)
    start = {"SourceDBInstanceArn": source["DBInstanceArn"], "BackupRetentionPeriod": 35}
    with pytest.raises(ClientError, match="KmsKeyId is required"):
        abroad.start_db_instance_automated_backups_replication(**start)
    with pytest.raises(ClientError, match="must be different"):
        rds.start_db_instance_automated_backups_replication(**start, KmsKeyId=place.key())
    begun = abroad.start_db_instance_automated_backups_replication(**start, KmsKeyId=key)
    arn = begun["DBInstanceAutomatedBackup"]["DBInstanceAutomatedBackupsArn"]
    seen = statuses(
        abroad.describe_db_instance_automated_backups,
        ("DBInstanceAutomatedBackups", "Status"),
        DBInstanceAutomatedBackupsArn=arn,
    )
    assert seen == ["pending", "replicating"]
    backup = abroad.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=arn)
    (backup,) = backup["DBInstanceAutomatedBackups"]
    assert (backup["BackupRetentionPeriod"], backup["KmsKeyId"], backup["Region"]) == (35, key, HOME)
    copies = [{"DBInstanceAutomatedBackupsArn": arn}]
    assert settled(rds, place.name)["DBInstanceAutomatedBackupsReplications"] == copies
    with pytest.raises(ClientError, match="already replicating"):
        abroad.start_db_instance_automated_backups_replication(**start, KmsKeyId=key)
    abroad.stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source["DBInstanceArn"])
    with pytest.raises(ClientError, match="No automated backup"):
        abroad.describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=arn)
    assert settled(rds, place.name)["DBInstanceAutomatedBackupsReplications"] == []


@pytest.mark.parametrize("kept", [True, False])
def test_automated_backups_outlive_their_instance_only_if_wanted(
    account: Emulated, rds: Any, place: Place, kept: bool
) -> None:
    made(rds, place)
    rds.delete_db_instance(
        DBInstanceIdentifier=place.name, SkipFinalSnapshot=True, DeleteAutomatedBackups=not kept
    )
    found = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=place.name)
    assert [one["Status"] for one in found["DBInstanceAutomatedBackups"]] == (["retained"] if kept else [])
    held = [one for one in account.inventory().get("rds:snapshot", []) if f":{place.name}-" in one]
    assert bool(held) is kept


def test_an_instance_of_the_same_name_can_come_back_beside_retained_backups(rds: Any, place: Place) -> None:
    asked = wish(rds, place)
    for _ in range(2):
        rds.create_db_instance(**asked)
        settled(rds, place.name)
        rds.delete_db_instance(
            DBInstanceIdentifier=place.name, SkipFinalSnapshot=True, DeleteAutomatedBackups=False
        )
        rds.describe_db_instances(DBInstanceIdentifier=place.name)


def test_a_snapshot_becomes_an_instance_again(rds: Any, place: Place) -> None:
    made(rds, place)
    rds.create_db_snapshot(DBInstanceIdentifier=place.name, DBSnapshotIdentifier=f"{place.name}-s")
    with pytest.raises(ClientError, match="can't be less"):
        restore(rds, place, AllocatedStorage=50)
    restore(rds, place)
    found = settled(rds, f"{place.name}-new")
    assert (found["DBName"], found["MasterUsername"], found["AllocatedStorage"]) == (
        "roost",
        "roost_master",
        100,
    )
    assert (found["DeletionProtection"], found["StorageEncrypted"]) == (False, True)


def restore(rds: Any, place: Place, **more: Any) -> None:
    rds.restore_db_instance_from_db_snapshot(
        DBInstanceIdentifier=f"{place.name}-new",
        DBSnapshotIdentifier=f"{place.name}-s",
        DBSubnetGroupName=place.name,
        **more,
    )


def test_a_snapshot_is_copied_to_another_region_with_a_key_of_that_one_and_restored_there(
    account: Emulated, rds: Any, place: Place
) -> None:
    made(rds, place)
    name = f"{place.name}-s"
    snapshot = rds.create_db_snapshot(DBInstanceIdentifier=place.name, DBSnapshotIdentifier=name)[
        "DBSnapshot"
    ]
    abroad, key = account.client("rds", ABROAD), place.key(ABROAD)
    with pytest.raises(ClientError, match="is not in eu-west-1"):
        abroad.restore_db_instance_from_db_snapshot(
            DBInstanceIdentifier=place.name, DBSnapshotIdentifier=snapshot["DBSnapshotArn"]
        )
    copy = {"SourceDBSnapshotIdentifier": snapshot["DBSnapshotArn"], "TargetDBSnapshotIdentifier": name}
    with pytest.raises(ClientError, match="KmsKeyId is required"):
        abroad.copy_db_snapshot(**copy, SourceRegion=HOME)
    abroad.copy_db_snapshot(**copy, SourceRegion=HOME, KmsKeyId=key)
    found = abroad.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"][0]
    assert (found["KmsKeyId"], found["SourceRegion"]) == (key, HOME)
    abroad.restore_db_instance_from_db_snapshot(DBInstanceIdentifier=place.name, DBSnapshotIdentifier=name)
    assert settled(abroad, place.name)["KmsKeyId"] == key


def test_an_instance_goes_back_to_a_point_in_time(rds: Any, place: Place) -> None:
    source = made(rds, place)
    target = {"TargetDBInstanceIdentifier": f"{place.name}-then", "DBSubnetGroupName": place.name}
    with pytest.raises(ClientError, match="either RestoreTime or"):
        rds.restore_db_instance_to_point_in_time(**target, SourceDBInstanceIdentifier=place.name)
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)
    rds.restore_db_instance_to_point_in_time(
        **target, SourceDBInstanceIdentifier=place.name, RestoreTime=then
    )
    found = settled(rds, f"{place.name}-then")
    assert (found["DBName"], found["KmsKeyId"]) == ("roost", source["KmsKeyId"])


def test_a_lost_region_is_restored_from_the_copied_backups(account: Emulated, rds: Any, place: Place) -> None:
    source, abroad, key = made(rds, place), account.client("rds", ABROAD), place.key(ABROAD)
    begun = abroad.start_db_instance_automated_backups_replication(
        SourceDBInstanceArn=source["DBInstanceArn"], KmsKeyId=key
    )
    rds.delete_db_instance(DBInstanceIdentifier=place.name, SkipFinalSnapshot=True)
    abroad.restore_db_instance_to_point_in_time(
        SourceDBInstanceAutomatedBackupsArn=begun["DBInstanceAutomatedBackup"][
            "DBInstanceAutomatedBackupsArn"
        ],
        TargetDBInstanceIdentifier=place.name,
        UseLatestRestorableTime=True,
    )
    found = settled(abroad, place.name)
    assert (found["DBName"], found["KmsKeyId"]) == ("roost", key)


def test_a_replica_knows_its_source_and_is_deleted_without_a_snapshot(rds: Any, place: Place) -> None:
    made(rds, place)
    replica = f"{place.name}-r"
    rds.create_db_instance_read_replica(DBInstanceIdentifier=replica, SourceDBInstanceIdentifier=place.name)
    assert settled(rds, replica)["ReadReplicaSourceDBInstanceIdentifier"] == place.name
    assert settled(rds, place.name)["ReadReplicaDBInstanceIdentifiers"] == [replica]
    rds.delete_db_instance(DBInstanceIdentifier=replica)
    assert settled(rds, place.name)["ReadReplicaDBInstanceIdentifiers"] == []
