"""RDS instances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    found,
)
from local.plugins.aws.types.rds_instance_calls import created, modified
from local.plugins.aws.types.rds_instance_shape import observed
from local.plugins.aws.types.rds_shared import NO_INSTANCE, client, retag

_BROKEN = frozenset(
    {
        "failed",
        "inaccessible-encryption-credentials",
        "incompatible-network",
        "incompatible-parameters",
        "incompatible-restore",
        "insufficient-capacity",
        "restore-error",
        "storage-full",
    }
)
_UNMAPPED = ("blueGreenUpdate", "passwordWo", "passwordWoVersion", "s3Import", "warningEventCategories")


class Instance(Resource):
    """The id is the instance's resource id, which outlives a change of its identifier."""

    token: ClassVar[str] = "aws:rds/instance:Instance"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "availabilityZone",
            "backupTarget",
            "characterSetName",
            "customIamInstanceProfile",
            "dbName",
            "engine",
            "engineLifecycleSupport",
            "kmsKeyId",
            "ncharCharacterSetName",
            "restoreToPointInTime",
            "s3Import",
            "snapshotIdentifier",
            "storageEncrypted",
            "timezone",
            "username",
        }
    )
    autoname: ClassVar[Autoname | None] = Autoname(property="identifier", limit=63, lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {
        "autoMinorVersionUpgrade": True,
        "copyTagsToSnapshot": False,
        "dedicatedLogVolume": False,
        "deleteAutomatedBackups": True,
        "deletionProtection": False,
        "iamDatabaseAuthenticationEnabled": False,
        "monitoringInterval": 0,
        "performanceInsightsEnabled": False,
        "publiclyAccessible": False,
        "skipFinalSnapshot": False,
        "storageEncrypted": False,
    }
    unordered: ClassVar[frozenset[str]] = frozenset({"enabledCloudwatchLogsExports", "vpcSecurityGroupIds"})
    # Passwords, where it was made from, and instructions for calls: AWS gives none of them back.
    unreadable: ClassVar[frozenset[str]] = frozenset(
        {
            "allowMajorVersionUpgrade",
            "applyImmediately",
            "deleteAutomatedBackups",
            "finalSnapshotIdentifier",
            "password",
            "restoreToPointInTime",
            "skipFinalSnapshot",
            "snapshotIdentifier",
            "upgradeStorageConfig",
        }
    )
    secret: ClassVar[frozenset[str]] = frozenset({"password"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_unmapped(inputs)
        calls = created(client(aws), inputs)
        answer = getattr(client(aws), calls.method)(**calls.request)
        identity: str = answer["DBInstance"]["DbiResourceId"]
        name: str = inputs["identifier"]
        with finishing(identity):
            _wait_available(aws, identity)
            # A restore and a replica do not take everything at once.
            if calls.afterwards:
                client(aws).modify_db_instance(
                    DBInstanceIdentifier=name, ApplyImmediately=True, **calls.afterwards
                )
                _wait_available(aws, identity)
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        instance = _described(aws, id)
        return None if instance is None else observed(instance, state)

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """What has to wait for the maintenance window waits, unless `applyImmediately` is set."""
        _refuse_unmapped({name: new.get(name) for name in changed})
        name: str = old["identifier"]
        if "replicateSourceDb" in changed:
            if new.get("replicateSourceDb"):
                raise ResourceError("a replica gets no other source; it can only be made independent")
            client(aws).promote_read_replica(DBInstanceIdentifier=name)
            _wait_available(aws, id)
        request = modified(old, new, changed)
        if request:
            request["ApplyImmediately"] = bool(new.get("applyImmediately"))
            client(aws).modify_db_instance(DBInstanceIdentifier=name, **request)
            _wait_available(aws, id)
        if "tags" in changed:
            instance = _described(aws, id)
            if instance is None:
                raise ResourceError(f"instance {name} vanished while it was updated")
            retag(aws, instance["DBInstanceArn"], old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        instance = _described(aws, id)
        if instance is None:
            return
        name: str = instance["DBInstanceIdentifier"]
        request: dict[str, Any] = {
            "SkipFinalSnapshot": bool(state.get("skipFinalSnapshot")),
            "DeleteAutomatedBackups": state.get("deleteAutomatedBackups") is not False,
        }
        if not request["SkipFinalSnapshot"]:
            final = state.get("finalSnapshotIdentifier")
            if not final:
                raise ResourceError(
                    f"instance {name} has no finalSnapshotIdentifier: name one, or set skipFinalSnapshot"
                )
            request["FinalDBSnapshotIdentifier"] = final
        with absent_is_fine(NO_INSTANCE):
            client(aws).delete_db_instance(DBInstanceIdentifier=name, **request)
        aws.wait(f"instance {name} to be gone", lambda: _named(aws, name) is None)


def _described(aws: Aws, identity: str) -> Properties | None:
    """By resource id; an import may say the identifier instead."""
    if not identity.startswith("db-"):
        return _named(aws, identity)
    which = [{"Name": "dbi-resource-id", "Values": [identity]}]
    return found(NO_INSTANCE, lambda: client(aws).describe_db_instances(Filters=which))


def _named(aws: Aws, name: str) -> Properties | None:
    return found(NO_INSTANCE, lambda: client(aws).describe_db_instances(DBInstanceIdentifier=name))


def _wait_available(aws: Aws, identity: str) -> None:
    def available() -> bool:
        instance = _described(aws, identity)
        if instance is None:
            raise ResourceError(f"instance {identity} vanished while it was waited for")
        status: str = instance["DBInstanceStatus"]
        if status in _BROKEN:
            raise ResourceError(f"instance {instance['DBInstanceIdentifier']} is {status}")
        return status == "available"

    aws.wait(f"instance {identity} to be available", available)


def _refuse_unmapped(inputs: Properties) -> None:
    given = [name for name in _UNMAPPED if inputs.get(name)]
    if given:
        raise ResourceError(f"the fallback aws plugin has no {', '.join(given)} of instances")


RESOURCES: tuple[Resource, ...] = (Instance(),)
