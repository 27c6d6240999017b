"""What AWS Backup's types share: how it says that something is gone, and their tags."""

from __future__ import annotations

from local.plugins.aws.resource import Aws, Properties, tag_changes

ABSENT = ("ResourceNotFoundException", "AccessDeniedException")
"""A vault that is not there is one that nobody may describe."""


def tags_of(aws: Aws, arn: str) -> dict[str, str]:
    """Without those that AWS itself sets."""
    found: dict[str, str] = aws.client("backup").list_tags(ResourceArn=arn).get("Tags") or {}
    return {key: value for key, value in found.items() if not key.startswith("aws:")}


def retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    """From the tags of `old` to those of `new`."""
    wanted, gone = tag_changes(old, new)
    if gone:
        aws.client("backup").untag_resource(ResourceArn=arn, TagKeyList=gone)
    if wanted:
        aws.client("backup").tag_resource(ResourceArn=arn, Tags=wanted)
