"""In which region a resource is: by itself, by its ARN, or by its provider."""

from __future__ import annotations

from policies.lib.resources import Resource
from policies.lib.values import Undetermined, Value


def region_of(resource: Resource) -> str:
    """`eu-west-1`; empty where neither the resource nor its provider says, so that the environment decides.

    Raises:
        Undetermined: it says, and the value is not known.
    """
    own = resource["region"]
    if own.present:
        return own.text()
    return region_of_arn(resource["arn"]) or resource.provider["region"].text()


def region_of_arn(arn: Value) -> str:
    """The region in an ARN; empty if it has none, is none, or is not known."""
    parts = arn.text().split(":", 5) if arn.known and not (arn.is_list or arn.is_mapping) else []
    return parts[3] if len(parts) == 6 and parts[0] == "arn" else ""


def are_apart(one: str, other: str) -> bool:
    """Whether two regions differ.

    Raises:
        Undetermined: one of them is left to the environment.
    """
    if one == other:
        return False
    if not one or not other:
        raise Undetermined("region", "is said by neither the resource nor its provider")
    return True
