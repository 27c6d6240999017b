"""What EC2's types share: ARNs, tags, looking something up by its id, deleting what may still be in use."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from botocore.exceptions import ClientError

from local.plugins.aws.resource import Aws, Properties, ResourceError, absent_is_fine, tag_changes, tag_list

# AWS lets go of what used it a little after that is gone.
_STILL_IN_USE = frozenset({"DependencyViolation", "InvalidGroup.InUse", "InvalidIPAddress.InUse"})


def client(aws: Aws) -> Any:
    """EC2 in the resource's region."""
    return aws.client("ec2")


def arn(aws: Aws, kind: str, id: str) -> str:  # noqa: A002
    """`arn:aws:ec2:eu-central-1:111122223333:vpc/vpc-…`."""
    return f"arn:{aws.partition}:ec2:{aws.region}:{aws.account}:{kind}/{id}"


def only(token: str, inputs: Mapping[str, Any], mapped: Collection[str]) -> None:
    """Refuse inputs that a type does not map: to leave one out silently would rehearse another stack."""
    unmapped = sorted(
        name
        for name, value in inputs.items()
        if value is not None and name not in {*mapped, "tags", "region"}
    )
    if unmapped:
        raise ResourceError(
            f"{token} is rehearsed without {', '.join(unmapped)}: "
            "map it in local/plugins/aws/types, or leave it out"
        )


def one(describe: Callable[..., Any], key: str, absent: str, **request: Any) -> dict[str, Any] | None:
    """The first of the described, None if there is none; `absent` is AWS's error code for a missing id."""
    with absent_is_fine(absent):
        found: list[dict[str, Any]] = describe(**request)[key]
        return found[0] if found else None
    return None


def tagged(kind: str, inputs: Properties) -> dict[str, Any]:
    """The tags of a request that creates something; EC2 refuses an empty list."""
    tags = tag_list(inputs.get("tags"))
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def retag(aws: Aws, id: str, old: Properties, new: Properties) -> None:  # noqa: A002
    """Bring the tags from those of `old` to those of `new`."""
    wanted, gone = tag_changes(old, new)
    if gone:
        client(aws).delete_tags(Resources=[id], Tags=[{"Key": key} for key in gone])
    if wanted:
        client(aws).create_tags(Resources=[id], Tags=tag_list(wanted))


def delete_when_free(aws: Aws, what: str, absent: str, delete: Callable[[], Any]) -> None:
    """Delete, again and again while AWS says that something still uses it; `absent`: it is gone already."""

    def deleted() -> bool:
        try:
            delete()
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _STILL_IN_USE:
                return False
            if code != absent:
                raise
        return True

    aws.wait(f"{what} to be free of what uses it", deleted)


def sides(old: Properties, new: Properties, name: str) -> tuple[list[str], list[str]]:
    """What to add to and what to remove from a set of ids."""
    before, after = set(old.get(name) or ()), set(new.get(name) or ())
    return sorted(after - before), sorted(before - after)
