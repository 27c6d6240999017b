"""The stack's buckets: access logs, backups with their copy in the DR region, and model weights."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import iam, s3

from infra.aws.bucket import Bucket, BucketSpec
from infra.aws.bucket_policies import replication_policy
from infra.aws.documents import unconditional_trust
from infra.aws.keys import Keys
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_storage import BackupBucketSettings, StorageSettings

REPLICATION_RULE = "everything"
"""Its metrics are by this name."""


class Storage(pulumi.ComponentResource):
    """Backups are locked against deletion and, with a DR region, copied there version by version.

    `folders` says which folders of the bucket for backups end sooner than the rest, and after how many days.
    """

    def __init__(
        self,
        name: str,
        settings: StorageSettings,
        *,
        gpu_nodes: bool,
        folders: Mapping[str, int],
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Storage", name, None, opts)
        self._name = name
        self._settings = settings
        self._folders = folders
        self._keys = keys
        self._place = place
        self._options = options
        self.logs = self._bucket(
            BucketSpec(
                purpose="logs", expire_days=settings.log_expire_days, receives="access-logs", replaceable=True
            ),
            key=None,
            logs=None,
        )
        self.backup = self._bucket(_backup_spec(settings.backup, folders), key=keys.backup, logs=self.logs)
        self.backup_copy = self._copy() if place.dr_region else None
        wanted = gpu_nodes if settings.weights is None else settings.weights
        self.weights = self._weights() if wanted else None
        self.register_outputs(
            {
                "logs": self.logs.name,
                "backup": self.backup.name,
                "weights": self.weights.name if self.weights else None,
            }
        )

    def _bucket(self, spec: BucketSpec, *, key: pulumi.Output[str] | None, logs: Bucket | None) -> Bucket:
        return Bucket(
            f"{self._name}-{spec.purpose}",
            spec,
            key_arn=key,
            logs=logs,
            place=self._place,
            options=self._options,
            opts=self._options.child(self),
        )

    def _weights(self) -> Bucket:
        # No lock and no end by age: weights come from elsewhere and can be fetched again, and which revision
        # is in use only the model's settings know.
        spec = BucketSpec(purpose="weights", expire_days=None, replaceable=True)
        return self._bucket(spec, key=self._keys.data, logs=self.logs)

    def _copy(self) -> Bucket:
        assert self._keys.backup_replica is not None  # there is a DR region
        # Access logs cannot leave their region, so the copy has none; its source's say who wrote.
        spec = _backup_spec(
            self._settings.backup, self._folders, purpose="backup-copy", region=self._place.dr_region
        )
        copy = self._bucket(spec, key=self._keys.backup_replica, logs=None)
        self._replicate(copy, self._keys.backup_replica)
        return copy

    def _replicate(self, copy: Bucket, copy_key: pulumi.Output[str]) -> None:
        role = iam.Role(
            f"{self._name}-replication",
            assume_role_policy=unconditional_trust("s3.amazonaws.com"),
            opts=self._options.child(self),
        )
        facts = pulumi.Output.all(
            source=self.backup.arn, target=copy.arn, source_key=self._keys.backup, target_key=copy_key
        )
        grant = iam.RolePolicy(
            f"{self._name}-replication",
            role=role.name,
            policy=facts.apply(
                lambda f: replication_policy(
                    str(f["source"]),
                    str(f["target"]),
                    source_key=str(f["source_key"]),
                    target_key=str(f["target_key"]),
                    place=self._place,
                )
            ),
            opts=self._options.child(self),
        )
        s3.BucketReplicationConfig(
            f"{self._name}-replication",
            bucket=self.backup.name,
            role=role.arn,
            rules=[_everything(copy, copy_key)],
            opts=self._options.child(self, depends_on=[grant, self.backup.versioning, copy.versioning]),
        )


def _backup_spec(
    settings: BackupBucketSettings,
    folders: Mapping[str, int],
    *,
    purpose: str = "backup",
    region: str | None = None,
) -> BucketSpec:
    return BucketSpec(
        purpose=purpose,
        region=region,
        expire_days=settings.expire_days,
        folders=folders,
        transitions=[(settings.infrequent_access_days, "STANDARD_IA"), (settings.glacier_days, "GLACIER_IR")],
        lock=(settings.lock_mode, settings.lock_days),
    )


def _everything(copy: Bucket, key: pulumi.Output[str]) -> s3.BucketReplicationConfigRuleArgs:
    """All objects; deletions stay behind, because the copy is there for the day of a wrong one."""
    fifteen = 15  # S3 measures and alarms on nothing else
    return s3.BucketReplicationConfigRuleArgs(
        id=REPLICATION_RULE,
        priority=0,
        status="Enabled",
        filter=s3.BucketReplicationConfigRuleFilterArgs(prefix=""),
        delete_marker_replication=s3.BucketReplicationConfigRuleDeleteMarkerReplicationArgs(
            status="Disabled"
        ),
        source_selection_criteria=s3.BucketReplicationConfigRuleSourceSelectionCriteriaArgs(
            sse_kms_encrypted_objects=(
                s3.BucketReplicationConfigRuleSourceSelectionCriteriaSseKmsEncryptedObjectsArgs(
                    status="Enabled"
                )
            )
        ),
        destination=s3.BucketReplicationConfigRuleDestinationArgs(
            bucket=copy.arn,
            storage_class="STANDARD_IA",
            encryption_configuration=s3.BucketReplicationConfigRuleDestinationEncryptionConfigurationArgs(
                replica_kms_key_id=key
            ),
            metrics=s3.BucketReplicationConfigRuleDestinationMetricsArgs(
                status="Enabled",
                event_threshold=s3.BucketReplicationConfigRuleDestinationMetricsEventThresholdArgs(
                    minutes=fifteen
                ),
            ),
            replication_time=s3.BucketReplicationConfigRuleDestinationReplicationTimeArgs(
                status="Enabled",
                time=s3.BucketReplicationConfigRuleDestinationReplicationTimeTimeArgs(minutes=fifteen),
            ),
        ),
    )
