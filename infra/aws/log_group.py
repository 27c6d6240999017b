"""Log groups: always encrypted, always with an end."""

from __future__ import annotations

import pulumi
from pulumi_aws import cloudwatch


def log_group(
    name: str,
    *,
    physical_name: pulumi.Input[str],
    key_arn: pulumi.Input[str],
    retention_days: int,
    opts: pulumi.ResourceOptions,
) -> cloudwatch.LogGroup:
    """A log group under the name that the AWS service writes to.

    It exists before the service does: otherwise the service makes one itself, unencrypted and for ever.
    """
    return cloudwatch.LogGroup(
        name, name=physical_name, kms_key_id=key_arn, retention_in_days=retention_days, opts=opts
    )
