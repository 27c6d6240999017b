"""ElastiCache: users, and the groups that they are let in with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    found,
    once_free,
    pick,
    put,
    tag_list,
)
from local.plugins.aws.types.elasticache_shared import arn, client, retag, tags_of

_NO_USER, _NO_GROUP = "UserNotFound", "UserGroupNotFound"
_USER = {
    "accessString": "AccessString",
    "engine": "Engine",
    "noPasswordRequired": "NoPasswordRequired",
    "passwords": "Passwords",
}
_UNMAPPED = ("authenticationMode", "passwordsWo", "passwordsWoVersion")


class User(Resource):
    """The id is the user's id, which is not the name that it signs in with."""

    token: ClassVar[str] = "aws:elasticache/user:User"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"userId", "userName"})
    defaults: ClassVar[Mapping[str, Any]] = {"noPasswordRequired": False}
    unordered: ClassVar[frozenset[str]] = frozenset({"passwords"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"passwords"})
    secret: ClassVar[frozenset[str]] = frozenset({"passwords"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        given = [name for name in _UNMAPPED if inputs.get(name)]
        if given:
            raise ResourceError(f"the fallback aws plugin has no {', '.join(given)} of users of a cache")
        made = client(aws).create_user(
            UserId=inputs["userId"],
            UserName=inputs["userName"],
            Tags=tag_list(inputs.get("tags")),
            **put(inputs, _USER),
        )
        identity: str = made["UserId"]
        with finishing(identity):
            _wait_active(aws, identity)
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        user = _user(aws, id)
        if user is None:
            return None
        way = user["Authentication"]
        return {
            **pick(user, {"ARN": "arn", "AccessString": "accessString", "Engine": "engine"}),
            "authenticationMode": {"passwordCount": way.get("PasswordCount", 0), "type": way["Type"]},
            "noPasswordRequired": way["Type"] == "no-password",
            "userId": user["UserId"],
            "userName": user["UserName"],
            "tags": tags_of(aws, user["ARN"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        asked = {ours: theirs for ours, theirs in _USER.items() if ours in changed}
        if asked:
            client(aws).modify_user(UserId=id, **put(new, asked))
            _wait_active(aws, id)
        if "tags" in changed:
            retag(aws, arn(aws, "user", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_USER):
            client(aws).delete_user(UserId=id)
            aws.wait(f"user {id} to be gone", lambda: _user(aws, id) is None)


class UserGroup(Resource):
    """The id is the group's id."""

    token: ClassVar[str] = "aws:elasticache/userGroup:UserGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"userGroupId"})
    unordered: ClassVar[frozenset[str]] = frozenset({"userIds"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        identity: str = inputs["userGroupId"]
        client(aws).create_user_group(
            UserGroupId=identity,
            Engine=inputs["engine"],
            UserIds=inputs.get("userIds") or [],
            Tags=tag_list(inputs.get("tags")),
        )
        with finishing(identity):
            _wait_group_active(aws, identity)
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = _group(aws, id)
        if group is None:
            return None
        return {
            "arn": group["ARN"],
            "engine": group["Engine"],
            "userGroupId": group["UserGroupId"],
            "userIds": group["UserIds"],
            "tags": tags_of(aws, group["ARN"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        before, after = (set(side.get("userIds") or ()) for side in (old, new))
        request: dict[str, Any] = {}
        if after - before:
            request["UserIdsToAdd"] = sorted(after - before)
        if before - after:
            request["UserIdsToRemove"] = sorted(before - after)
        if "engine" in changed:
            request["Engine"] = new["engine"]
        if request:
            client(aws).modify_user_group(UserGroupId=id, **request)
            _wait_group_active(aws, id)
        if "tags" in changed:
            retag(aws, arn(aws, "usergroup", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        once_free(
            aws,
            f"user group {id}",
            lambda: client(aws).delete_user_group(UserGroupId=id),
            absent=_NO_GROUP,
            in_use="InvalidUserGroupState",
        )
        aws.wait(f"user group {id} to be gone", lambda: _group(aws, id) is None)


def _user(aws: Aws, identity: str) -> Properties | None:
    return found(_NO_USER, lambda: client(aws).describe_users(UserId=identity))


def _group(aws: Aws, identity: str) -> Properties | None:
    return found(_NO_GROUP, lambda: client(aws).describe_user_groups(UserGroupId=identity))


def _wait_active(aws: Aws, identity: str) -> None:
    aws.wait(f"user {identity} to be active", lambda: (_user(aws, identity) or {}).get("Status") == "active")


def _wait_group_active(aws: Aws, identity: str) -> None:
    aws.wait(
        f"user group {identity} to be active",
        lambda: (_group(aws, identity) or {}).get("Status") == "active",
    )


RESOURCES: tuple[Resource, ...] = (User(), UserGroup())
