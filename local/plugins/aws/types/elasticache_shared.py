"""What ElastiCache's types share: their client, their ARNs, their tags."""

from __future__ import annotations

from typing import Any

from local.plugins.aws.resource import (
    Aws,
    Properties,
    tag_changes,
    tag_list,
    tag_map,
)

DESCRIPTION = "Managed by Pulumi"


def client(aws: Aws) -> Any:
    """ElastiCache in the resource's region."""
    return aws.client("elasticache")


def arn(aws: Aws, kind: str, name: str) -> str:
    """Of a `user`, a `usergroup`, a `subnetgroup` …"""
    return f"arn:{aws.partition}:elasticache:{aws.region}:{aws.account}:{kind}:{name}"


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
