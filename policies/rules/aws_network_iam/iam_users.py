"""Roles instead of users, and one owner for each role's policies."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types

ROLE = "aws:iam/role:Role"
_STANDING = {
    "aws:iam/user:User": "the stack makes a user",
    "aws:iam/accessKey:AccessKey": "the stack makes an access key, which lasts until somebody deletes it",
    "aws:iam/userLoginProfile:UserLoginProfile": "the stack gives a user a password",
    "aws:iam/serviceSpecificCredential:ServiceSpecificCredential": "the stack makes a user's credential",
    "aws:iam/sshKey:SshKey": "the stack gives a user an SSH key",
    "aws:iam/userPolicy:UserPolicy": "a policy belongs to a user",
    "aws:iam/userPolicyAttachment:UserPolicyAttachment": "a policy is attached to a user",
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": "policies belong to a user",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": "a user gets policies",
}
_ATTACHMENT = "aws:iam/policyAttachment:PolicyAttachment"
_BESIDE = {
    "managedPolicyArns": (
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "role", "policyArn"),
        ("aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive", "roleName", "policyArns"),
        (_ATTACHMENT, "roles", "policyArn"),
    ),
    "inlinePolicies": (
        ("aws:iam/rolePolicy:RolePolicy", "role", "name"),
        ("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", "roleName", "policyNames"),
    ),
}
"""For each list in a role, the types that manage the same from outside, which role, and what of it."""


@stack_rule(
    "iam-no-users",
    types(ROLE, *_STANDING, _ATTACHMENT, (type_ for beside in _BESIDE.values() for type_, *_ in beside)),
    title="No users and no lasting keys; a role's policies have one owner",
    why="Keys of users last until they leak. A role's policies that are managed in two places take turns in "
    "deleting each other's.",
    fix="Use a role with temporary credentials; write a role's policies either in it or beside it, not both.",
    severity=Severity.HIGH,
    refs="FSBP IAM.2, CKV AWS_273",
    dev="mandatory",
    prod="mandatory",
)
def no_users(stack: Stack, check: Check) -> None:
    for resource in stack.of(*_STANDING):
        with check.on(resource):
            check.violation(_STANDING[resource.type])
    for attachment in stack.of(_ATTACHMENT):
        with check.on(attachment):
            if attachment["users"].items():
                check.violation("a policy is attached to users", attachment["users"])
    for role in stack.of(ROLE):
        with check.on(role):
            for prop in _BESIDE:
                with check.part():
                    _one_owner(stack, role, prop, check)


def _one_owner(stack: Stack, role: Resource, prop: str, check: Check) -> None:
    """After an update the role lists what was attached beside it, too: its own is only the rest."""
    listed = role[prop].items()
    if not listed:
        return
    beside = [
        one[names] for type_, target, names in _BESIDE[prop] for one in stack.companions(role, type_, target)
    ]
    named = {item.text() for names in beside for item in names.items()}
    own = {(one["name"] if one.is_mapping else one).text() for one in listed}
    if beside and own - named:
        check.violation("policies are managed in the role and beside it", role[prop])
