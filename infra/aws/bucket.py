"""One S3 bucket as a bucket should be: private, encrypted, versioned, TLS only, with an end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pulumi
from pulumi_aws import s3

from infra.aws.bucket_policies import (
    BUCKET_LOGS_PREFIX,
    access_log_delivery,
    bucket_policy,
    flow_log_delivery,
)
from infra.aws.place import Place
from infra.options import Options

Transition = s3.BucketLifecycleConfigurationRuleTransitionArgs


@dataclass(frozen=True, kw_only=True)
class BucketSpec:
    """What differs between the stack's buckets."""

    purpose: str
    expire_days: int | None
    """When current objects end, if ever; earlier versions follow a week later."""
    folders: Mapping[str, int] = field(default_factory=dict[str, int])
    """Days after which objects of a folder (`name/`) end already."""
    transitions: Sequence[tuple[int, str]] = ()
    """Days and the storage class that objects move to then."""
    lock: tuple[str, int] | None = None
    """Object Lock's mode and days."""
    receives: Literal["access-logs", "flow-logs"] | None = None
    """What AWS services may deliver to it. Access logs cannot use a customer-managed key."""
    replaceable: bool = False
    """What it holds is worth nothing without the stack, or can be fetched again: outside prod a destroy
    empties it. Every other bucket stays in the account when the stack goes."""
    region: str | None = None
    """Another region than the stack's."""


class Bucket(pulumi.ComponentResource):
    """The bucket and its parts, which are never taken off it: they go with it, or stay with it."""

    def __init__(
        self,
        name: str,
        spec: BucketSpec,
        *,
        key_arn: pulumi.Output[str] | None,
        logs: Bucket | None,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Bucket", name, None, opts)
        self._name = name
        self._spec = spec
        self._place = place
        self._bucket = s3.Bucket(
            name,
            bucket_prefix=f"{place.prefix}-{spec.purpose}-",
            object_lock_enabled=spec.lock is not None,
            force_destroy=spec.replaceable and not options.protects_data,
            region=spec.region,
            tags={"Name": f"{place.prefix}-{spec.purpose}", "role": spec.purpose},
            opts=options.data(self) if spec.replaceable else options.final_copy(self),
        )
        self._part_opts = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(deleted_with=self._bucket)
        )
        self.name: pulumi.Output[str] = self._bucket.bucket
        self.arn = self._bucket.arn
        self.versioning = self._versioning()
        self._close()
        self._encrypt(key_arn)
        self._age()
        if logs is not None:
            self._log_to(logs)
        if spec.lock is not None:
            self._lock(*spec.lock)
        self.register_outputs({"name": self.name, "arn": self.arn})

    def _versioning(self) -> s3.BucketVersioning:
        return s3.BucketVersioning(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            versioning_configuration=s3.BucketVersioningVersioningConfigurationArgs(status="Enabled"),
            opts=self._part_opts,
        )

    def _close(self) -> None:
        block = s3.BucketPublicAccessBlock(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._part_opts,
        )
        s3.BucketOwnershipControls(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            rule=s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=self._part_opts,
        )
        self.policy = s3.BucketPolicy(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            policy=self.arn.apply(self._policy_document),
            # S3 refuses two changes of a bucket's access at once.
            opts=pulumi.ResourceOptions.merge(self._part_opts, pulumi.ResourceOptions(depends_on=[block])),
        )

    def _policy_document(self, arn: str) -> str:
        if self._spec.receives == "access-logs":
            return bucket_policy(arn, *access_log_delivery(arn, self._place))
        if self._spec.receives == "flow-logs":
            return bucket_policy(arn, *flow_log_delivery(arn, self._place))
        return bucket_policy(arn)

    def _encrypt(self, key_arn: pulumi.Output[str] | None) -> None:
        by_default = s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="aws:kms" if key_arn is not None else "AES256", kms_master_key_id=key_arn
        )
        s3.BucketServerSideEncryptionConfiguration(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            rules=[
                s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=by_default,
                    bucket_key_enabled=key_arn is not None,
                )
            ],
            opts=self._part_opts,
        )

    def _age(self) -> None:
        spec = self._spec
        kept = max(7, spec.lock[1] if spec.lock else 0)
        s3.BucketLifecycleConfiguration(
            self._name,
            bucket=self.name,
            region=spec.region,
            rules=[
                s3.BucketLifecycleConfigurationRuleArgs(
                    id="age",
                    status="Enabled",
                    filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    transitions=[
                        Transition(days=days, storage_class=kind) for days, kind in spec.transitions
                    ],
                    expiration=(
                        s3.BucketLifecycleConfigurationRuleExpirationArgs(days=spec.expire_days)
                        if spec.expire_days
                        # Nothing ends by age; what a deletion leaves behind still goes.
                        else s3.BucketLifecycleConfigurationRuleExpirationArgs(
                            expired_object_delete_marker=True
                        )
                    ),
                    noncurrent_version_expiration=s3.BucketLifecycleConfigurationRuleNoncurrentVersionExpirationArgs(
                        noncurrent_days=kept
                    ),
                    abort_incomplete_multipart_upload=(
                        s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                            days_after_initiation=2
                        )
                    ),
                ),
                *(_ends_sooner(folder, days) for folder, days in sorted(spec.folders.items())),
            ],
            opts=pulumi.ResourceOptions.merge(
                self._part_opts, pulumi.ResourceOptions(depends_on=[self.versioning])
            ),
        )

    def _log_to(self, logs: Bucket) -> None:
        s3.BucketLogging(
            self._name,
            bucket=self.name,
            target_bucket=logs.name,
            target_prefix=f"{BUCKET_LOGS_PREFIX}/{self._spec.purpose}/",
            opts=pulumi.ResourceOptions.merge(
                self._part_opts, pulumi.ResourceOptions(depends_on=[logs.policy])
            ),
        )

    def _lock(self, mode: str, days: int) -> None:
        s3.BucketObjectLockConfiguration(
            self._name,
            bucket=self.name,
            region=self._spec.region,
            rule=s3.BucketObjectLockConfigurationRuleArgs(
                default_retention=s3.BucketObjectLockConfigurationRuleDefaultRetentionArgs(
                    mode=mode, days=days
                )
            ),
            opts=pulumi.ResourceOptions.merge(
                self._part_opts, pulumi.ResourceOptions(depends_on=[self.versioning])
            ),
        )


def _ends_sooner(folder: str, days: int) -> s3.BucketLifecycleConfigurationRuleArgs:
    # Of two rules that end an object S3 takes the earlier one.
    return s3.BucketLifecycleConfigurationRuleArgs(
        id=f"age-{folder.rstrip('/')}",
        status="Enabled",
        filter=s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=folder),
        expiration=s3.BucketLifecycleConfigurationRuleExpirationArgs(days=days),
    )
