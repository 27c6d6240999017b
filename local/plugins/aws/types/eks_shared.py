"""What EKS's types share: their client, their waits, their tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from local.plugins.aws.resource import Aws, Properties, ResourceError, absent_is_fine, tag_changes

ABSENT = "ResourceNotFoundException"
_UNDER_WAY = ("CREATING", "UPDATING", "DELETING", "PENDING", "InProgress")


def client(aws: Aws) -> Any:
    """EKS in the resource's region."""
    return aws.client("eks")


def found(describe: Callable[[], Mapping[str, Any]], key: str) -> Properties | None:
    """What `describe` answers under `key`; None if it is gone."""
    with absent_is_fine(ABSENT):
        return dict(describe()[key])
    return None


def wait_active(aws: Aws, what: str, describe: Callable[[], Properties | None]) -> None:
    """Until it is ACTIVE; a status that only people can mend ends the wait with AWS's reasons."""

    def active() -> bool:
        answer = describe()
        if answer is None:
            raise ResourceError(f"{what} vanished while it was waited for")
        if answer["status"] in _UNDER_WAY:
            return False
        if answer["status"] != "ACTIVE":
            raise ResourceError(f"{what} is {answer['status']}{_reasons(answer)}")
        return True

    aws.wait(f"{what} to be active", active)


def wait_gone(aws: Aws, what: str, describe: Callable[[], Properties | None]) -> None:
    """Until it is not there any more."""

    def gone() -> bool:
        answer = describe()
        if answer is not None and answer["status"] == "DELETE_FAILED":
            raise ResourceError(f"{what} cannot be deleted{_reasons(answer)}")
        return answer is None

    aws.wait(f"{what} to be gone", gone)


def wait_updated(aws: Aws, cluster: str, answer: Mapping[str, Any], **of: str) -> None:
    """Until the update that `answer` began is done; `of` names the node group or the add-on."""
    identity = answer["update"]["id"]

    def done() -> bool:
        update = client(aws).describe_update(name=cluster, updateId=identity, **of)["update"]
        if update["status"] in _UNDER_WAY:
            return False
        if update["status"] != "Successful":
            reasons = "; ".join(one.get("errorMessage", "") for one in update.get("errors", []))
            raise ResourceError(
                f"the update of {cluster} {update['status'].lower()}: {reasons or 'no reason'}"
            )
        return True

    aws.wait(f"the update of {' '.join([cluster, *of.values()])}", done)


def retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    """From the tags of `old` to those of `new`."""
    wanted, gone = tag_changes(old, new)
    if gone:
        client(aws).untag_resource(resourceArn=arn, tagKeys=gone)
    if wanted:
        client(aws).tag_resource(resourceArn=arn, tags=wanted)


def own_tags(answer: Mapping[str, Any]) -> dict[str, str]:
    """Without those that AWS itself sets."""
    return {key: value for key, value in (answer.get("tags") or {}).items() if not key.startswith("aws:")}


def _reasons(answer: Mapping[str, Any]) -> str:
    issues = (answer.get("health") or {}).get("issues", [])
    said = "; ".join(f"{one.get('code')}: {one.get('message')}" for one in issues)
    return f": {said}" if said else ""
