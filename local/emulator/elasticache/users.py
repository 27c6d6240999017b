"""Users and the groups that they are let in with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import User

from local.emulator.elasticache.groups import Groups
from local.emulator.elasticache.state import REPLICATION_GROUPS, USER_GROUPS, look, named, refused
from local.emulator.settling import Record

_NO_GROUP = "UserGroupNotFound"
_DEFAULT = "default"


class Users(Groups):
    """The operations on users and groups of users; moto has the first, but for changes."""

    def modify_user(self) -> ActionResult:
        """Other passwords, rights or another engine."""
        wish = self._get_params()
        user = self._users([wish["UserId"]])[0]
        user.access_string = wish.get("AccessString") or user.access_string
        user.engine = wish.get("Engine") or user.engine
        if wish.get("Passwords"):
            user.passwords, user.no_password_required = wish["Passwords"], False
            user.authentication_type = "password"
        if wish.get("NoPasswordRequired"):
            user.passwords, user.no_password_required = [], True
        return ActionResult(user)

    def delete_user(self) -> ActionResult:
        """Out of every group; but no group loses its `default`."""
        user = self._users([self._get_params()["UserId"]])[0]
        groups = [one.answer for one in USER_GROUPS[self.region].values() if user.id in one.answer["UserIds"]]
        if groups and user.name == _DEFAULT:
            raise refused(
                "DefaultUserAssociatedToUserGroup",
                f"Default user {user.id} cannot be deleted: it is in user group {groups[0]['UserGroupId']}.",
            )
        for group in groups:
            group["UserIds"].remove(user.id)
        return super().delete_user()

    def create_user_group(self) -> ActionResult:
        """Being created until somebody looks."""
        wish = self._get_params()
        name = wish["UserGroupId"]
        if name in USER_GROUPS[self.region]:
            raise refused("UserGroupAlreadyExists", f"User Group {name} already exists.")
        self._check(wish["Engine"], wish.get("UserIds", []))
        answer = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": wish["Engine"].lower(),
            "UserIds": list(wish.get("UserIds", [])),
            "MinimumEngineVersion": "6.0",
            "ReplicationGroups": [],
            "ARN": (arn := self._arn("usergroup", name)),
        }
        record = USER_GROUPS[self.region][name] = Record(answer, key="Status")
        self._tag(arn, wish)
        record.begin("creating", lambda: answer.update(Status="active"))
        return ActionResult(answer)

    def describe_user_groups(self) -> ActionResult:
        """What waits polls."""
        found = look(USER_GROUPS[self.region], self._get_params().get("UserGroupId"), _NO_GROUP)
        for group in found:
            group["ReplicationGroups"] = self._let_in_by(group["UserGroupId"])
        return ActionResult({"UserGroups": found})

    def modify_user_group(self) -> ActionResult:
        """Other users, or another engine."""
        wish = self._get_params()
        record = named(USER_GROUPS[self.region], wish["UserGroupId"], _NO_GROUP)
        group = record.answer
        if not record.settled:
            raise refused("InvalidUserGroupState", f"User group {wish['UserGroupId']} is {group['Status']}.")
        gone = wish.get("UserIdsToRemove", [])
        users = [one for one in group["UserIds"] if one not in gone] + wish.get("UserIdsToAdd", [])
        engine = (wish.get("Engine") or group["Engine"]).lower()
        self._check(engine, users)
        group.update(UserIds=users, Engine=engine)
        record.begin("modifying", lambda: group.update(Status="active"))
        return ActionResult(group)

    def delete_user_group(self) -> ActionResult:
        """Not while a replication group lets it in; seen once more before it is gone."""
        name = self._get_params()["UserGroupId"]
        record = named(USER_GROUPS[self.region], name, _NO_GROUP)
        if users := self._let_in_by(name):
            raise refused("InvalidUserGroupState", f"User group {name} is associated with {users[0]}.")
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(record.answer["ARN"])
        record.begin("deleting", lambda: USER_GROUPS[self.region].pop(name, None) and None)
        return ActionResult(record.answer)

    def _users(self, ids: Sequence[str]) -> list[User]:
        known = self.elasticache_backend.users
        for one in ids:
            if one not in known or known[one].status != "active":
                raise refused("UserNotFound", f"User {one} not found.")
        return [known[one] for one in ids]

    def _check(self, engine: str, ids: Sequence[str]) -> None:
        users = self._users(ids)
        names = [user.name for user in users]
        if _DEFAULT not in names and engine.lower() == "redis":
            raise refused("DefaultUserRequired", "You must add default user to user group.")
        if len(set(names)) < len(names):
            raise refused("DuplicateUserName", "A user with the same name is in the group already.")
        if engine.lower() == "valkey" and any(user.no_password_required for user in users):
            raise refused(
                "InvalidParameterValue", "A user group of engine valkey takes users who authenticate only."
            )

    def _let_in_by(self, name: str) -> list[str]:
        groups: dict[str, Any] = {key: one.answer for key, one in REPLICATION_GROUPS[self.region].items()}
        return [key for key, group in groups.items() if name in group["UserGroupIds"]]
