"""RDS: automated backups copied to another region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from local.plugins.aws.resource import Aws, Properties, Resource, finishing, found, put
from local.plugins.aws.types.rds_shared import NO_INSTANCE, client

_NO_BACKUP, _NOT_COPYING = "DBInstanceAutomatedBackupNotFound", "InvalidDBInstanceState"
_INPUTS = {
    "kmsKeyId": "KmsKeyId",
    "preSignedUrl": "PreSignedUrl",
    "retentionPeriod": "BackupRetentionPeriod",
    "sourceDbInstanceArn": "SourceDBInstanceArn",
}


class InstanceAutomatedBackupsReplication(Resource):
    """Lives in the region that the backups go to; the id is the ARN of the copy."""

    token: ClassVar[str] = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"  # noqa: S105
    replaces: ClassVar[frozenset[str]] = frozenset(_INPUTS)
    # An instance's backups go to a region once.
    delete_before_replace: ClassVar[bool] = True
    defaults: ClassVar[Mapping[str, Any]] = {"retentionPeriod": 7}
    # Part of the request's signature.
    unreadable: ClassVar[frozenset[str]] = frozenset({"preSignedUrl"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        answer = client(aws).start_db_instance_automated_backups_replication(**put(inputs, _INPUTS))
        identity: str = answer["DBInstanceAutomatedBackup"]["DBInstanceAutomatedBackupsArn"]
        with finishing(identity):
            aws.wait(
                f"the backups of {inputs['sourceDbInstanceArn']} to be copied to {aws.region}",
                lambda: (_describe(aws, identity) or {}).get("Status", "").lower() == "replicating",
            )
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        """What is only retained is no replication any more."""
        backup = _describe(aws, id)
        if backup is None or backup["Status"].lower() == "retained":
            return None
        return {
            "kmsKeyId": backup.get("KmsKeyId"),
            "retentionPeriod": backup["BackupRetentionPeriod"],
            "sourceDbInstanceArn": backup["DBInstanceArn"],
        }

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """Done when the instance, in its own region, knows of no copy there any more."""
        backup = _describe(aws, id)
        if backup is None:
            return
        source: str = backup["DBInstanceArn"]
        try:
            client(aws).stop_db_instance_automated_backups_replication(SourceDBInstanceArn=source)
        except ClientError as error:
            if error.response["Error"]["Code"] not in (NO_INSTANCE, _NOT_COPYING):
                raise
            return
        region, name = source.split(":")[3], source.rpartition(":")[2]

        def forgotten() -> bool:
            instance = found(
                NO_INSTANCE,
                lambda: client(aws, region).describe_db_instances(DBInstanceIdentifier=name),
            )
            copies = (instance or {}).get("DBInstanceAutomatedBackupsReplications", [])
            return all(one["DBInstanceAutomatedBackupsArn"] != id for one in copies)

        aws.wait(f"the copying of {source} to end", forgotten)


def _describe(aws: Aws, identity: str) -> Properties | None:
    return found(
        _NO_BACKUP,
        lambda: client(aws).describe_db_instance_automated_backups(DBInstanceAutomatedBackupsArn=identity),
    )


RESOURCES: tuple[Resource, ...] = (InstanceAutomatedBackupsReplication(),)
