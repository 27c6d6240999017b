"""What RDS's types share: their client, their lookups, their tags."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.resource import Aws, Properties, tag_changes, tag_list, tag_map

NO_INSTANCE = "DBInstanceNotFound"


def client(aws: Aws, region: str | None = None) -> Any:
    """RDS in the resource's region, or in another one."""
    return aws.client("rds", region)


def arn(aws: Aws, kind: str, name: str) -> str:
    """Of a `db`, a parameter group (`pg`) or a subnet group (`subgrp`)."""
    return f"arn:{aws.partition}:rds:{aws.region}:{aws.account}:{kind}:{name}"


def tags_of(aws: Aws, of: str) -> dict[str, str]:
    """Of the ARN `of`, without those that AWS itself sets."""
    return tag_map(client(aws).list_tags_for_resource(ResourceName=of)["TagList"])


def retag(aws: Aws, of: str, old: Properties, new: Properties) -> None:
    """From the tags of `old` to those of `new`."""
    wanted, gone = tag_changes(old, new)
    if gone:
        client(aws).remove_tags_from_resource(ResourceName=of, TagKeys=gone)
    if wanted:
        client(aws).add_tags_to_resource(ResourceName=of, Tags=tag_list(wanted))
