"""IAM roles, their inline policies and the managed policies attached to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

ABSENT = "NoSuchEntity"

_OUTPUTS = {
    "Arn": "arn",
    "MaxSessionDuration": "maxSessionDuration",
    "Path": "path",
    "RoleId": "uniqueId",
    "RoleName": "name",
}


class Role(Resource):
    """What a role is allowed to do is not its own: `RolePolicy` and `RolePolicyAttachment` say it."""

    token: ClassVar[str] = "aws:iam/role:Role"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "path"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=64)
    defaults: ClassVar[Mapping[str, Any]] = {
        "forceDetachPolicies": False,
        "maxSessionDuration": 3600,
        "path": "/",
    }
    json: ClassVar[frozenset[str]] = frozenset({"assumeRolePolicy"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDetachPolicies"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _policies_are_elsewhere(inputs)
        made = aws.client("iam").create_role(
            RoleName=inputs["name"],
            AssumeRolePolicyDocument=inputs["assumeRolePolicy"],
            Tags=tag_list(inputs.get("tags")),
            **put(
                inputs,
                {
                    "description": "Description",
                    "maxSessionDuration": "MaxSessionDuration",
                    "path": "Path",
                    "permissionsBoundary": "PermissionsBoundary",
                },
            ),
        )
        return made["Role"]["RoleName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(ABSENT):
            role = aws.client("iam").get_role(RoleName=id)["Role"]
            found = pick(role, _OUTPUTS)
            found["assumeRolePolicy"] = json.dumps(role["AssumeRolePolicyDocument"])
            found["createDate"] = f"{role['CreateDate']:%Y-%m-%dT%H:%M:%SZ}"
            found["tags"] = tag_map(role.get("Tags"))
            # A removed description reads as an empty one.
            found["description"] = role.get("Description") or None
            found["permissionsBoundary"] = role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
            return found
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        _policies_are_elsewhere(new)
        iam = aws.client("iam")
        if "assumeRolePolicy" in changed:
            iam.update_assume_role_policy(RoleName=id, PolicyDocument=new["assumeRolePolicy"])
        if changed & {"description", "maxSessionDuration"}:
            iam.update_role(
                RoleName=id,
                Description=new.get("description") or "",
                MaxSessionDuration=new["maxSessionDuration"],
            )
        if "permissionsBoundary" in changed:
            if new.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=id, PermissionsBoundary=new["permissionsBoundary"])
            else:
                iam.delete_role_permissions_boundary(RoleName=id)
        if "tags" in changed:
            added, removed = tag_changes(old, new)
            if removed:
                iam.untag_role(RoleName=id, TagKeys=removed)
            if added:
                iam.tag_role(RoleName=id, Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """A role that still has policies is refused by IAM, unless `forceDetachPolicies`."""
        iam = aws.client("iam")
        with absent_is_fine(ABSENT):
            if state.get("forceDetachPolicies"):
                _strip(iam, id)
            iam.delete_role(RoleName=id)


def _policies_are_elsewhere(inputs: Properties) -> None:
    """The two ways of a role to hold all its policies itself fight with the types for single ones."""
    given = sorted(name for name in ("inlinePolicies", "managedPolicyArns") if inputs.get(name))
    if given:
        raise ResourceError(
            f"the fallback aws plugin knows no {' and '.join(given)} of a role; "
            "use aws.iam.RolePolicy or aws.iam.RolePolicyAttachment, one for each policy"
        )


def _strip(iam: Any, role: str) -> None:
    for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=role):
        for policy in page["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
    for page in iam.get_paginator("list_role_policies").paginate(RoleName=role):
        for name in page["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicy(Resource):
    """One policy inside a role; its id is `role:name`."""

    token: ClassVar[str] = "aws:iam/rolePolicy:RolePolicy"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "role"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=128)
    json: ClassVar[frozenset[str]] = frozenset({"policy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("iam").put_role_policy(
            RoleName=inputs["role"], PolicyName=inputs["name"], PolicyDocument=inputs["policy"]
        )
        return f"{inputs['role']}:{inputs['name']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        role, _, name = id.partition(":")
        with absent_is_fine(ABSENT):
            found = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
            return {"role": role, "name": name, "policy": json.dumps(found["PolicyDocument"])}
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        role, _, name = id.partition(":")
        aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=new["policy"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        role, _, name = id.partition(":")
        with absent_is_fine(ABSENT):
            aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)


class RolePolicyAttachment(Resource):
    """A managed policy on a role; its id is `role/policy ARN`, as since version 6.0 of the real provider."""

    token: ClassVar[str] = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"role", "policyArn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("iam").attach_role_policy(RoleName=inputs["role"], PolicyArn=inputs["policyArn"])
        return f"{inputs['role']}/{inputs['policyArn']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        role, _, arn = id.partition("/")
        with absent_is_fine(ABSENT):
            pages = aws.client("iam").get_paginator("list_attached_role_policies").paginate(RoleName=role)
            if any(policy["PolicyArn"] == arn for page in pages for policy in page["AttachedPolicies"]):
                return {"role": role, "policyArn": arn}
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        role, _, arn = id.partition("/")
        with absent_is_fine(ABSENT):
            aws.client("iam").detach_role_policy(RoleName=role, PolicyArn=arn)


RESOURCES: tuple[Resource, ...] = (Role(), RolePolicy(), RolePolicyAttachment())
