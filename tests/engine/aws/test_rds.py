from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from local.emulator.child import ACCOUNT, Emulated
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

INSTANCE = "aws:rds/instance:Instance"
PARAMETERS = "aws:rds/parameterGroup:ParameterGroup"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup"
REPLICATION = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
ABROAD = "eu-west-1"
# More than one call takes.
SETTINGS = {
    "max_connections": "1000",
    **{f"log_setting_{number}": str(number) for number in range(20)},
    "work_mem": "16384",
    "shared_preload_libraries": "pg_stat_statements,auto_explain,pgaudit",
}
RESTART = ("max_connections", "shared_preload_libraries")
_numbers = itertools.count(1)


def settings(**changed: str | None) -> list[dict[str, str]]:
    wanted = {**SETTINGS, **changed}
    return [
        {
            "name": name,
            "value": value,
            "applyMethod": "pending-reboot" if name in RESTART else "immediate",
        }
        for name, value in wanted.items()
        if value is not None
    ]


@dataclass(frozen=True)
class Ground:
    """What a database stands on."""

    world: World
    name: str
    subnets: list[str]
    security_group: str
    role: str
    key: str

    def instance(self, **more: Any) -> dict[str, Any]:
        """As the prod stack asks for it."""
        return {
            "identifier": self.name,
            "engine": "postgres",
            "engineVersion": "17",
            "engineLifecycleSupport": "open-source-rds-extended-support-disabled",
            "instanceClass": "db.t4g.medium",
            "dbName": "roost",
            "username": "roost_master",
            "manageMasterUserPassword": True,
            "masterUserSecretKmsKeyId": self.key,
            "port": 5432,
            "allocatedStorage": 100,
            "maxAllocatedStorage": 1000,
            "storageType": "gp3",
            "storageEncrypted": True,
            "kmsKeyId": self.key,
            "multiAz": True,
            "dbSubnetGroupName": self.name,
            "parameterGroupName": self.name,
            "vpcSecurityGroupIds": [self.security_group],
            "publiclyAccessible": False,
            "caCertIdentifier": "rds-ca-rsa2048-g1",
            "backupRetentionPeriod": 7,
            "backupWindow": "02:00-03:00",
            "maintenanceWindow": "sun:03:30-sun:04:30",
            "copyTagsToSnapshot": True,
            "deleteAutomatedBackups": False,
            "skipFinalSnapshot": False,
            "finalSnapshotIdentifier": f"{self.name}-final",
            "deletionProtection": False,
            "iamDatabaseAuthenticationEnabled": True,
            "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
            "monitoringInterval": 15,
            "monitoringRoleArn": self.role,
            "databaseInsightsMode": "standard",
            "performanceInsightsEnabled": True,
            "performanceInsightsKmsKeyId": self.key,
            "performanceInsightsRetentionPeriod": 7,
            "autoMinorVersionUpgrade": True,
            "allowMajorVersionUpgrade": False,
            "applyImmediately": False,
            "tags": {"owner": "platform"},
            **more,
        }

    def made(self, **more: Any) -> Made:
        return self.world.create(INSTANCE, "database", self.instance(**more))

    def restored(self, **source: Any) -> dict[str, Any]:
        """A second instance of the same shape, made from `source`."""
        return self.instance(
            identifier=f"{self.name}-new", finalSnapshotIdentifier=f"{self.name}-2", **source
        )

    def seen(self, name: str = "") -> dict[str, Any]:
        rds = self.world.client("rds")
        return rds.describe_db_instances(DBInstanceIdentifier=name or self.name)["DBInstances"][0]


@pytest.fixture
def bare(world: World) -> Ground:
    """Without the groups."""
    name = f"roost-rds{next(_numbers)}"
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=REGION + zone)
        for index, zone in enumerate("abc")
    ]
    group = ec2.create_security_group(GroupName=name, Description="for a test", VpcId=vpc)["GroupId"]
    role = world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return Ground(world, name, [one["Subnet"]["SubnetId"] for one in subnets], group, role, key)


@pytest.fixture
def ground(bare: Ground) -> Ground:
    bare.world.create(SUBNETS, "database", {"name": bare.name, "subnetIds": bare.subnets})
    bare.world.create(PARAMETERS, "database", {"name": bare.name, "family": "postgres17"})
    return bare


def test_an_instance_is_known_by_its_resource_id_and_gives_what_clients_need(ground: Ground) -> None:
    made = ground.world.roundtrip(INSTANCE, ground.instance())
    found = ground.seen()
    assert made.id == made.outputs["resourceId"] == found["DbiResourceId"]
    assert made.outputs["arn"] == f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{ground.name}"
    assert made.outputs["endpoint"] == f"{made.outputs['address']}:5432"
    (secret,) = made.outputs["masterUserSecrets"]
    assert secret["secretArn"] == found["MasterUserSecret"]["SecretArn"]
    assert (secret["secretStatus"], secret["kmsKeyId"]) == ("active", ground.key)
    assert made.outputs["engineVersion"] == "17"
    assert made.outputs["engineVersionActual"].startswith("17.")
    assert made.outputs["status"] == "available"
    ground.world.gone(made)


def test_a_deleted_instance_leaves_its_final_snapshot_and_its_backups(ground: Ground) -> None:
    made = ground.made()
    ground.world.delete(made)
    rds = ground.world.client("rds")
    assert rds.describe_db_snapshots(DBSnapshotIdentifier=f"{ground.name}-final")["DBSnapshots"]
    kept = rds.describe_db_instance_automated_backups(DBInstanceIdentifier=ground.name)
    assert [one["Status"] for one in kept["DBInstanceAutomatedBackups"]] == ["retained"]


def test_an_instance_without_a_name_for_its_final_snapshot_stays(ground: Ground) -> None:
    wish = ground.instance()
    del wish["finalSnapshotIdentifier"]
    made = ground.world.create(INSTANCE, "database", wish)
    with pytest.raises(ResourceError, match="has no finalSnapshotIdentifier"):
        ground.world.delete(made)
    assert ground.seen()["DBInstanceStatus"] == "available"


def test_a_protected_instance_is_not_deleted_and_the_reason_is_told(ground: Ground) -> None:
    made = ground.made(deletionProtection=True)
    with pytest.raises(ResourceError, match="Cannot delete protected DB Instance"):
        ground.world.delete(made)
    assert ground.seen()["DBInstanceStatus"] == "available"


def test_retention_windows_exports_protection_and_tags_change_in_place_at_once(ground: Ground) -> None:
    made = ground.made()
    wanted = ground.instance(
        backupRetentionPeriod=35,
        backupWindow="05:00-06:00",
        enabledCloudwatchLogsExports=["postgresql"],
        deletionProtection=True,
        maxAllocatedStorage=2000,
        performanceInsightsRetentionPeriod=31,
        monitoringInterval=60,
        tags={"owner": "data"},
    )
    changed = ground.world.update(made, wanted)
    ground.world.settled(changed, wanted)
    found = ground.seen()
    assert (found["BackupRetentionPeriod"], found["PreferredBackupWindow"]) == (35, "05:00-06:00")
    assert (found["DeletionProtection"], found["MaxAllocatedStorage"]) == (True, 2000)
    assert found["EnabledCloudwatchLogsExports"] == ["postgresql"]
    assert (found["PerformanceInsightsRetentionPeriod"], found["MonitoringInterval"]) == (31, 60)
    assert {one["Key"]: one["Value"] for one in found["TagList"]} == {"owner": "data"}


def test_another_class_comes_at_once_only_if_the_program_says_so(emulated: Emulated, ground: Ground) -> None:
    made = ground.made()
    waiting = ground.world.update(made, ground.instance(instanceClass="db.m7g.large"))
    assert waiting.outputs["instanceClass"] == "db.t4g.medium"
    assert ground.seen()["PendingModifiedValues"] == {"DBInstanceClass": "db.m7g.large"}
    emulated.open_maintenance_window()
    ground.world.settled(
        ground.world.refresh(waiting) or waiting, ground.instance(instanceClass="db.m7g.large")
    )
    now = ground.instance(instanceClass="db.r7g.large", applyImmediately=True)
    assert ground.world.update(waiting, now).outputs["instanceClass"] == "db.r7g.large"


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"kmsKeyId": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/other"}, "kmsKeyId"),
        ({"username": "other"}, "username"),
        ({"dbName": "other"}, "dbName"),
        ({"storageEncrypted": False}, "storageEncrypted"),
        ({"snapshotIdentifier": "other"}, "snapshotIdentifier"),
    ],
)
def test_what_holds_the_data_makes_another_instance(
    ground: Ground, change: dict[str, Any], path: str
) -> None:
    assert ground.world.diff(ground.made(), ground.instance(**change)).replaces == {path}


@pytest.mark.parametrize(
    "change",
    [
        {"instanceClass": "db.r7g.xlarge"},
        {"allocatedStorage": 200},
        {"engineVersion": "17.6"},
        {"multiAz": False},
        {"parameterGroupName": "other"},
        {"vpcSecurityGroupIds": ["sg-0123456789abcdef0"]},
        {"deletionProtection": True},
        {"finalSnapshotIdentifier": "other"},
    ],
)
def test_an_instance_is_never_replaced_for_what_it_can_change(ground: Ground, change: dict[str, Any]) -> None:
    difference = ground.world.diff(ground.made(), ground.instance(**change))
    assert difference.changed
    assert difference.replaces == set()


def test_a_minor_that_aws_chose_is_no_drift_and_one_that_was_asked_for_is_kept(ground: Ground) -> None:
    made = ground.made(engineVersion="17.6")
    assert made.outputs["engineVersion"] == made.outputs["engineVersionActual"] == "17.6"
    raised = ground.world.update(made, ground.instance(engineVersion="17.7", applyImmediately=True))
    assert raised.outputs["engineVersionActual"] == "17.7"


def test_a_change_behind_our_back_is_drift_and_is_undone(ground: Ground) -> None:
    made = ground.made()
    ground.world.client("rds").modify_db_instance(DBInstanceIdentifier=ground.name, BackupRetentionPeriod=1)
    ground.seen()
    drifted = ground.world.refresh(made)
    assert drifted is not None
    assert ground.world.diff(drifted, ground.instance()).changed == {"backupRetentionPeriod": "update"}
    ground.world.update(drifted, ground.instance())
    assert ground.seen()["BackupRetentionPeriod"] == 7


def test_an_instance_comes_from_a_snapshot_with_all_that_the_program_asks(ground: Ground) -> None:
    ground.made()
    snapshot = f"{ground.name}-s"
    rds = ground.world.client("rds")
    rds.create_db_snapshot(DBInstanceIdentifier=ground.name, DBSnapshotIdentifier=snapshot)
    wish = ground.restored(snapshotIdentifier=snapshot)
    ground.world.roundtrip(INSTANCE, wish)
    found = ground.seen(f"{ground.name}-new")
    assert (found["DBName"], found["KmsKeyId"]) == ("roost", ground.key)
    assert (found["PerformanceInsightsEnabled"], found["MaxAllocatedStorage"]) == (True, 1000)
    assert (found["MonitoringInterval"], found["DatabaseInsightsMode"]) == (15, "standard")


def test_an_instance_comes_from_a_point_in_time(ground: Ground) -> None:
    ground.made()
    point = {"sourceDbInstanceIdentifier": ground.name, "useLatestRestorableTime": True}
    ground.world.roundtrip(INSTANCE, ground.restored(restoreToPointInTime=point))
    assert ground.seen(f"{ground.name}-new")["DBName"] == "roost"


def test_a_replica_follows_its_source_until_it_is_made_independent(ground: Ground) -> None:
    ground.made()
    wish = {
        "identifier": f"{ground.name}-r",
        "replicateSourceDb": ground.name,
        "instanceClass": "db.t4g.medium",
        "kmsKeyId": ground.key,
        "storageEncrypted": True,
        "skipFinalSnapshot": True,
        "autoMinorVersionUpgrade": True,
    }
    made = ground.world.roundtrip(INSTANCE, wish)
    assert ground.seen()["ReadReplicaDBInstanceIdentifiers"] == [f"{ground.name}-r"]
    del wish["replicateSourceDb"]
    alone = ground.world.update(made, wish)
    assert ground.seen()["ReadReplicaDBInstanceIdentifiers"] == []
    ground.world.gone(alone)


def test_a_creation_that_fails_leaves_nothing_and_one_that_is_cut_off_leaves_an_instance_in_the_state(
    emulated: Emulated, ground: Ground
) -> None:
    from local.plugins.aws.lifecycle import UnfinishedError

    shortage = "InsufficientDBInstanceCapacity"
    emulated.fail("rds", "CreateDBInstance", code=shortage, message="none of that class is left")
    with pytest.raises(ResourceError, match="none of that class is left"):
        ground.made()
    emulated.fail("rds", "DescribeDBInstances", code="AccessDenied", message="not now", http_status=403)
    with pytest.raises(UnfinishedError, match="not now") as unfinished:
        ground.made()
    assert unfinished.value.stored.id == ground.seen()["DbiResourceId"]


def test_an_instance_is_imported_by_its_identifier(ground: Ground) -> None:
    made = ground.made()
    found = ground.world.import_(INSTANCE, made.id)
    assert found is not None
    assert (found.inputs["dbName"], found.inputs["username"]) == ("roost", "roost_master")
    assert ground.world.import_(INSTANCE, "db-NOBODY") is None


def test_a_parameter_group_sets_more_parameters_than_one_call_takes(bare: Ground) -> None:
    wish = {
        "description": "roost-prod: Postgres 17",
        "family": "postgres17",
        "parameters": settings(),
        "tags": {"owner": "platform"},
    }
    made = bare.world.roundtrip(PARAMETERS, wish, "database")
    assert made.id.startswith("database-")
    rds = bare.world.client("rds")
    found = rds.describe_db_parameters(DBParameterGroupName=made.id, Source="user")["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in found} == SETTINGS
    bare.world.gone(made)


def test_parameters_change_come_and_go_in_place_and_the_family_not(bare: Ground) -> None:
    group = {"family": "postgres17", "parameters": settings()}
    made = bare.world.create(PARAMETERS, "database", group)
    wanted = {"family": "postgres17", "parameters": settings(work_mem="8192", log_setting_3=None)}
    changed = bare.world.update(made, wanted)
    bare.world.settled(changed, wanted)
    found = bare.world.client("rds").describe_db_parameters(DBParameterGroupName=made.id)["Parameters"]
    values = {one["ParameterName"]: one["ParameterValue"] for one in found}
    assert values["work_mem"] == "8192"
    assert "log_setting_3" not in values
    assert bare.world.diff(changed, {**wanted, "family": "postgres18"}).replaces == {"family"}
    assert bare.world.diff(changed, {**wanted, "parameters": wanted["parameters"][::-1]}).changed == {}


def test_a_parameter_group_in_use_is_waited_for_in_vain_and_says_so(ground: Ground) -> None:
    ground.made()
    group = ground.world.import_(PARAMETERS, ground.name)
    assert group is not None
    with pytest.raises(ResourceError, match="to be used by nothing"):
        ground.world.delete(group, seconds=0.2)


def test_a_subnet_group_changes_its_subnets_and_description_in_place(bare: Ground) -> None:
    wish = {"description": "without a way out", "subnetIds": bare.subnets[:2], "tags": {"owner": "platform"}}
    made = bare.world.roundtrip(SUBNETS, wish, "database")
    assert made.outputs["vpcId"].startswith("vpc-")
    wanted = {"description": "three zones", "subnetIds": bare.subnets, "tags": {}}
    changed = bare.world.update(made, wanted)
    bare.world.settled(changed, wanted)
    assert sorted(changed.outputs["subnetIds"]) == sorted(bare.subnets)
    bare.world.gone(changed)


def test_backups_are_copied_abroad_and_every_change_starts_anew(ground: Ground) -> None:
    source = ground.made()
    key = ground.world.client("kms", ABROAD).create_key()["KeyMetadata"]["Arn"]
    wish = {
        "region": ABROAD,
        "sourceDbInstanceArn": source.outputs["arn"],
        "kmsKeyId": key,
        "retentionPeriod": 35,
    }
    made = ground.world.roundtrip(REPLICATION, wish)
    assert made.id.startswith(f"arn:aws:rds:{ABROAD}:{ACCOUNT}:auto-backup:")
    difference = ground.world.diff(made, {**wish, "retentionPeriod": 14})
    assert difference.replaces == {"retentionPeriod"}
    assert difference.delete_first
    found = ground.seen()["DBInstanceAutomatedBackupsReplications"]
    assert found == [{"DBInstanceAutomatedBackupsArn": made.id}]
    ground.world.gone(made)
    assert ground.seen()["DBInstanceAutomatedBackupsReplications"] == []


def test_a_replication_whose_source_is_gone_is_gone_too(ground: Ground) -> None:
    source = ground.made()
    key = ground.world.client("kms", ABROAD).create_key()["KeyMetadata"]["Arn"]
    wish = {"region": ABROAD, "sourceDbInstanceArn": source.outputs["arn"], "kmsKeyId": key}
    made = ground.world.create(REPLICATION, "copy", wish)
    ground.world.delete(source)
    assert ground.world.refresh(made) is None
    ground.world.delete(made)
