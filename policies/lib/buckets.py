"""S3 buckets: what one is for, and what is said about it, in its own resource or in those beside it."""

from __future__ import annotations

from pydantic import Field

from policies.lib.resources import Resource, Stack
from policies.lib.settings import Settings
from policies.lib.values import Value

BUCKET = "aws:s3/bucket:Bucket"


class BucketRoles(Settings):
    """How buckets say what they are for."""

    role_tag: str = Field(default="role", description="Tag by which a bucket says what it is for.")
    logs: tuple[str, ...] = Field(
        default=("logs", "flow-logs"), description="Its values on buckets that AWS services write logs to."
    )
    backups: tuple[str, ...] = Field(default=("backup",), description="Its values on buckets of backups.")
    backup_copies: tuple[str, ...] = Field(
        default=("backup-copy",), description="Its values on copies of those in another region."
    )


def role(bucket: Resource, roles: BucketRoles) -> str:
    """What the bucket says it is for; empty if nothing."""
    return bucket["tags"][roles.role_tag].text()


def holds_logs(bucket: Resource, roles: BucketRoles) -> bool:
    """Whether AWS services write their logs to it."""
    return role(bucket, roles) in roles.logs


def holds_backups(bucket: Resource, roles: BucketRoles) -> bool:
    """Whether it holds backups, or a copy of them."""
    return role(bucket, roles) in (*roles.backups, *roles.backup_copies)


def said(stack: Stack, bucket: Resource, companion: str, *inline: str) -> list[Value]:
    """What is declared about a bucket: the companions' properties, else what the bucket itself says.

    Beside a companion the bucket's own property is what the provider read back. `inline` has that property's
    names, of which the plural is a BucketV2's.

    Raises:
        Undetermined: nobody can say yet whether there is a companion.
    """
    found = stack.companions(bucket, companion, "bucket")
    if found:
        return [one.props for one in found]
    return [item for name in inline for item in bucket[name].items()]


def either(value: Value, *names: str) -> Value:
    """The member under the first of these names that is there; of a list, its first element.

    What is one mapping in one version of a resource is a list of one in another.
    """
    for name in names:
        found = value[name]
        if found.present:
            return found[0] if found.is_list else found
    return value[names[0]]
