"""Customer-managed keys, one for each purpose, so that access to logs never means access to data."""

from __future__ import annotations

import pulumi
from pulumi_aws import kms

from infra.aws.key_policies import PURPOSES, Purpose, key_policy
from infra.aws.place import Place
from infra.options import Options


class Keys(pulumi.ComponentResource):
    """Keys for data, logs, backups and secrets: rotated every year, and kept when the stack goes.

    The backup key is a multi-region one; with a DR region its replica there encrypts the copies, so they can
    be restored while the primary region is gone.
    """

    def __init__(
        self,
        name: str,
        *,
        deletion_days: int,
        delivers_flow_logs: bool = False,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Keys", name, None, opts)
        self._name = name
        self._place = place
        self._deletion_days = deletion_days
        self._delivers_flow_logs = delivers_flow_logs
        self._options = options
        self._keys = {purpose: self._key(purpose) for purpose in PURPOSES}
        self._replica = self._backup_replica() if place.dr_region else None
        self.data = self._keys["data"].arn
        self.logs = self._keys["logs"].arn
        self.backup = self._keys["backup"].arn
        self.secrets = self._keys["secrets"].arn
        self.backup_replica = self._replica.arn if self._replica else None
        self.register_outputs(
            {
                "data": self.data,
                "logs": self.logs,
                "backup": self.backup,
                "secrets": self.secrets,
                "backupReplica": self.backup_replica,
            }
        )

    def _key(self, purpose: Purpose) -> kms.Key:
        key = kms.Key(
            f"{self._name}-{purpose}",
            description=f"{self._place.prefix}: {purpose}",
            policy=key_policy(purpose, self._place, delivers_flow_logs=self._delivers_flow_logs),
            enable_key_rotation=True,
            deletion_window_in_days=self._deletion_days,
            multi_region=purpose == "backup",
            tags={"Name": f"{self._place.prefix}-{purpose}"},
            opts=self._options.key(self),
        )
        kms.Alias(
            f"{self._name}-{purpose}",
            name_prefix=f"alias/{self._place.prefix}-{purpose}-",
            target_key_id=key.key_id,
            opts=self._options.child(self),
        )
        return key

    def _backup_replica(self) -> kms.ReplicaKey:
        return kms.ReplicaKey(
            f"{self._name}-backup-replica",
            description=f"{self._place.prefix}: backup, in the DR region",
            primary_key_arn=self._keys["backup"].arn,
            policy=key_policy("backup", self._place, region=self._place.dr_region),
            deletion_window_in_days=self._deletion_days,
            region=self._place.dr_region,
            tags={"Name": f"{self._place.prefix}-backup-replica"},
            opts=self._options.key(self),
        )
