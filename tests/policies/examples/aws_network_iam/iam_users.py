"""Roles instead of users, and one owner for each role's policies."""

from __future__ import annotations

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

ROLE = "aws:iam/role:Role"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
EVERY = "aws:iam/policyAttachment:PolicyAttachment"
AWS = "arn:aws:iam::aws:policy"
_STANDING = (
    *("accessKey:AccessKey", "serviceSpecificCredential:ServiceSpecificCredential", "sshKey:SshKey"),
    *("user:User", "userLoginProfile:UserLoginProfile", "userPoliciesExclusive:UserPoliciesExclusive"),
    *("userPolicy:UserPolicy", "userPolicyAttachment:UserPolicyAttachment"),
    "userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
)
_LISTED = put("nodes", "managedPolicyArns", [f"{AWS}/AmazonEKSWorkerNodePolicy"])

EXAMPLES = (
    Example(
        "iam-no-users",
        good=(
            R(ROLE, {"name": "nodes"}, name="nodes"),
            R(
                ATTACHMENT,
                {"role": "nodes", "policyArn": f"{AWS}/AmazonEC2ContainerRegistryPullOnly"},
                name="pull",
                depends={"role": ["nodes"]},
            ),
            R(
                "aws:iam/rolePolicy:RolePolicy",
                {"role": "nodes", "name": "read", "policy": "{}"},
                name="read",
                depends={"role": ["nodes"]},
            ),
            R(ROLE, {"name": "alone", "managedPolicyArns": [f"{AWS}/ReadOnlyAccess"]}, name="alone"),
            R(EVERY, {"roles": ["other"], "policyArn": f"{AWS}/ReadOnlyAccess"}, name="every"),
        ),
        bad={
            **{
                f"there is a {kind.partition(':')[2]}": add(R(f"aws:iam/{kind}", {"user": "x"}, name="user"))
                for kind in _STANDING
            },
            "a user and its key": Bad(
                add(R("aws:iam/user:User", name="user"), R("aws:iam/accessKey:AccessKey", name="key")), 2
            ),
            "attached to users": put("every", "users", ["somebody"]),
            "attached by the role and beside it": _LISTED,
            "the same, by the role's name alone": both(_LISTED, options("pull", depends={})),
            "written into the role and beside it": put(
                "nodes", "inlinePolicies", [{"name": "write", "policy": "{}"}]
            ),
            "written beside the role under no name of its own": both(
                put("nodes", "inlinePolicies", [{"name": "read", "policy": "{}"}]), drop("read", "name")
            ),
            "attached for several roles at once": both(
                put("every", "roles", ["other", "alone"]), put("every", "policyArn", f"{AWS}/Other")
            ),
            "attached by the only list that there may be": add(
                R(
                    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
                    {"roleName": "alone", "policyArns": [f"{AWS}/Other"]},
                    name="exclusive",
                )
            ),
        },
        fine={
            "the role shows what is attached beside it": both(
                put("nodes", "managedPolicyArns", [f"{AWS}/AmazonEC2ContainerRegistryPullOnly"]),
                put("nodes", "inlinePolicies", [{"name": "read", "policy": "{}"}]),
            ),
        },
        open={
            "whose attachment it is": both(
                put("every", "roles", UNKNOWN), put("alone", "managedPolicyArns", [f"{AWS}/ReadOnlyAccess"])
            ),
            "what the role attaches": put("nodes", "managedPolicyArns", UNKNOWN),
        },
        companions_hide=True,
    ),
)
