"""Databases of these stacks, made worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.policies.mutants.account import tagged
from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import UNKNOWN, Change, Hidden, R, add, both, drop, options, put

DB = "aws:rds/instance:Instance::database"
GROUP = "aws:rds/parameterGroup:ParameterGroup::database"
SUBNETS = "aws:rds/subnetGroup:SubnetGroup::database"
SUBNET = "aws:ec2/subnet:Subnet::network-database-a"

IN_DEV = "rds-deletion-protection"
"""Dev's database may be deleted, which is advised against whenever it is looked at."""

GUARDS = ("rds-proxy-snapshot",)
"""No stack of this program has proxies, nor snapshots that it takes itself."""


def parameter(name: str, value: str | None) -> Change:
    """Another value for one of the database's parameters; none takes it out."""

    def changed(one: R) -> R:
        if f"{one.type}::{one.name}" != GROUP:
            return one
        kept = [entry for entry in one.props["parameters"] if entry["name"] != name]
        assert len(kept) < len(one.props["parameters"]), name
        given: list[dict[str, Any]] = [] if value is None else [{"name": name, "value": value}]
        return replace(one, props={**one.props, "parameters": [*kept, *given]})

    return lambda stack: [changed(one) for one in stack]


def another(name: str, **props: Any) -> Change:
    """One more instance, which is as the first one but for these properties; None takes one away."""

    def apply(stack: Sequence[R]) -> list[R]:
        first = next(one for one in stack if f"{one.type}::{one.name}" == DB)
        kept = {key: value for key, value in {**first.props, **props}.items() if value is not None}
        return [*stack, replace(first, name=name, props=kept, recorded_urn="")]

    return apply


REPLICA_METRICS = ("FreeStorageSpace", "CPUUtilization", "DatabaseConnections", "ReplicaLag")


def watching(metric: str) -> R:
    """An alarm on the replica, as the program makes one."""
    return R(
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        tagged(
            namespace="AWS/RDS",
            metricName=metric,
            dimensions={"DBInstanceIdentifier": "replica"},
            alarmActions=["arn:aws:sns:eu-central-1:111122223333:roost-prod-warning"],
        ),
        name=f"replica-{metric}",
    )


def replica(*, watched: Sequence[str] = REPLICA_METRICS, **props: Any) -> Change:
    """The instance that `readReplica` in the settings adds, but for these properties."""
    left_to_the_first = (
        *("engine", "engineVersion", "kmsKeyId", "dbSubnetGroupName", "dbName", "username", "backupWindow"),
        *("manageMasterUserPassword", "masterUserSecretKmsKeyId", "backupRetentionPeriod"),
        *("finalSnapshotIdentifier", "deleteAutomatedBackups", "allowMajorVersionUpgrade"),
    )
    own = {
        "identifier": "replica",
        "replicateSourceDb": "roost-prod",
        "multiAz": False,
        "deletionProtection": False,
    }
    none = dict.fromkeys(left_to_the_first)
    instance = another("database-replica", **{**none, **own, "skipFinalSnapshot": True, **props})
    return both(instance, add(*map(watching, watched)))


def put_each(prop: str, *values: Any) -> list[tuple[str, Change]]:
    """The database with each of these values, and without any."""
    return [*((f"{value!r}", put(DB, prop, value)) for value in values), ("absent", drop(DB, prop))]


MUTANTS = (
    mutant("the database is public", put(DB, "publiclyAccessible", True), "rds-private"),
    mutant("dev's database is public", put(DB, "publiclyAccessible", 1), "rds-private", IN_DEV, stack="dev"),
    mutant("the database is in the default subnets", drop(DB, "dbSubnetGroupName"), "rds-private-subnets"),
    mutant(
        "the database has the default security group", drop(DB, "vpcSecurityGroupIds"), "rds-private-subnets"
    ),
    mutant(
        "a subnet of the database is public",
        put(SUBNET, "tags.tier", "public"),
        "net-az-spread",
        "rds-private-subnets",
    ),
    mutant(
        "a subnet of the database gives public addresses",
        put(SUBNET, "mapPublicIpOnLaunch", True),
        "net-subnet-no-public-ip",
        "rds-private-subnets",
    ),
    mutant(
        "the database lies in one zone",
        both(
            put("network-database-b", "availabilityZone", "eu-central-1a"),
            put("network-database-c", "availabilityZone", "eu-central-1a"),
        ),
        "net-az-spread",
        "rds-private-subnets",
    ),
    *each("IAM logins", put_each("iamDatabaseAuthenticationEnabled", False), "rds-iam-auth"),
    *each(
        "the master password is not RDS's",
        put_each("manageMasterUserPassword", False),
        "rds-managed-password",
    ),
    mutant(
        "the master password is under AWS's key", drop(DB, "masterUserSecretKmsKeyId"), "rds-managed-password"
    ),
    mutant(
        "the program has the master password", put(DB, "password", Hidden("hunter2")), "rds-managed-password"
    ),
    mutant(
        "dev has the master password",
        put(DB, "passwordWo", UNKNOWN),
        "rds-managed-password",
        IN_DEV,
        stack="dev",
    ),
    *each(
        "the master's name",
        [(name, put(DB, "username", name)) for name in ("postgres", "Admin", "root")],
        "rds-admin-name",
    ),
    *each("encryption", put_each("storageEncrypted", False, "false"), "rds-encrypted"),
    mutant("dev is not encrypted", drop(DB, "storageEncrypted"), "rds-encrypted", IN_DEV, stack="dev"),
    *each("the key", put_each("kmsKeyId", "", "alias/aws/rds"), "rds-cmk"),
    *each("insights", put_each("performanceInsightsEnabled", False), "rds-insights-encrypted"),
    mutant("insights are under AWS's key", drop(DB, "performanceInsightsKmsKeyId"), "rds-insights-encrypted"),
    *each("the standby", put_each("multiAz", False), "rds-multi-az"),
    *each("deletion protection", put_each("deletionProtection", False), "rds-deletion-protection"),
    *each("backups", put_each("backupRetentionPeriod", 34, 7, 0), "rds-backup-retention"),
    mutant(
        "dev is not backed up",
        put(DB, "backupRetentionPeriod", 6),
        "rds-backup-retention",
        IN_DEV,
        stack="dev",
    ),
    mutant("the time of backups", drop(DB, "backupWindow"), "rds-backup-retention"),
    mutant("the final snapshot is skipped", put(DB, "skipFinalSnapshot", True), "rds-keep-backups"),
    mutant("the final snapshot has no name", drop(DB, "finalSnapshotIdentifier"), "rds-keep-backups"),
    *each("backups of what is deleted", put_each("deleteAutomatedBackups", True), "rds-keep-backups"),
    *each("tags of snapshots", put_each("copyTagsToSnapshot", False), "rds-copy-tags"),
    mutant("minor upgrades", put(DB, "autoMinorVersionUpgrade", False), "rds-minor-upgrades"),
    mutant("major upgrades", put(DB, "allowMajorVersionUpgrade", True), "rds-minor-upgrades"),
    mutant("changes come at once", put(DB, "applyImmediately", True), "rds-minor-upgrades"),
    *each(
        "the authority",
        [(name, put(DB, "caCertIdentifier", name)) for name in ("rds-ca-2019", "rds-ca-2015")],
        "rds-ca",
    ),
    *each("the version", put_each("engineVersion", "16.4", "14", "9.6.24"), "rds-engine-supported"),
    mutant("the engine", put(DB, "engine", "mariadb"), "rds-engine-supported", "rds-log-exports"),
    *each(
        "extended support",
        put_each("engineLifecycleSupport", "open-source-rds-extended-support"),
        "rds-engine-supported",
    ),
    *each(
        "encrypted connections",
        [(f"{value}", parameter("rds.force_ssl", value)) for value in ("0", "false", None)],
        "rds-force-ssl",
    ),
    mutant("dev's connections are plain", parameter("rds.force_ssl", "0"), "rds-force-ssl", stack="dev"),
    mutant(
        "the parameters are AWS's",
        both(put(DB, "parameterGroupName", "default.postgres17"), options(DB, depends={})),
        "rds-force-ssl",
        "rds-sql-logging",
    ),
    *each(
        "the log of statements",
        [
            *((f"no {name}", parameter(name, "0")) for name in ("log_connections", "log_disconnections")),
            *((f"log_statement {value}", parameter("log_statement", value)) for value in ("none", None)),
            ("nothing is slow", parameter("log_min_duration_statement", "-1")),
            ("no pgaudit", parameter("shared_preload_libraries", "pg_stat_statements,auto_explain")),
        ],
        "rds-sql-logging",
    ),
    mutant("dev's log of statements", parameter("log_statement", "none"), "rds-sql-logging", stack="dev"),
    *each(
        "exported logs",
        put_each("enabledCloudwatchLogsExports", [], ["upgrade"], ["postgresql"]),
        "rds-log-exports",
    ),
    *each("monitoring", put_each("monitoringInterval", 0), "rds-enhanced-monitoring"),
    mutant("monitoring has no role", drop(DB, "monitoringRoleArn"), "rds-enhanced-monitoring"),
    mutant(
        "one more database of which nobody is told",
        another("second", identifier="second", arn="arn:aws:rds:eu-central-1:111122223333:db:second"),
        "bkp-plan-coverage",
        "dr-second-region",
        "mon-alarms",
    ),
    mutant("a replica like the program's", replica()),
    mutant("a replica whose lag nobody watches", replica(watched=REPLICA_METRICS[:-1]), "mon-alarms"),
    mutant("a replica with an address", replica(publiclyAccessible=True), "rds-private"),
    mutant("a replica with a password", replica(password=Hidden("hunter2")), "rds-managed-password"),
    mutant("a replica without IAM logins", replica(iamDatabaseAuthenticationEnabled=None), "rds-iam-auth"),
    *each(
        "what stands beside the database",
        [
            (
                "a proxy that lets connections be plain",
                add(R("aws:rds/proxy:Proxy", {"auths": [{"iamAuth": "REQUIRED"}]}, name="proxy")),
            ),
            (
                "a proxy that takes passwords",
                add(R("aws:rds/proxy:Proxy", {"requireTls": True, "auths": [{}]}, name="proxy")),
            ),
            (
                "a public snapshot",
                add(R("aws:rds/snapshot:Snapshot", {"sharedAccounts": ["all"]}, name="shared")),
            ),
            (
                "a copy without a key",
                add(R("aws:rds/snapshotCopy:SnapshotCopy", {"copyTags": True}, name="copy")),
            ),
        ],
        "rds-proxy-snapshot",
    ),
)
