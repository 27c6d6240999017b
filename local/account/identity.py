"""Who asks, and what the account must allow before anything is made in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from botocore.exceptions import ClientError

from local.account.check import Account, Check, Finding, has_code, note, right, wrong

_ASSUMED = re.compile(r"arn:(aws[\w-]*):sts::(\d{12}):assumed-role/([^/]+)/.+")

SERVICE_ROLES = {
    "AWSServiceRoleForAmazonEKS": "eks.amazonaws.com",
    "AWSServiceRoleForAmazonEKSNodegroup": "eks-nodegroup.amazonaws.com",
    "AWSServiceRoleForAutoScaling": "autoscaling.amazonaws.com",
    "AWSServiceRoleForElasticLoadBalancing": "elasticloadbalancing.amazonaws.com",
    "AWSServiceRoleForRDS": "rds.amazonaws.com",
}
"""Roles that AWS's services act with, one of each in an account."""
CACHE_ROLE = {"AWSServiceRoleForElastiCache": "elasticache.amazonaws.com"}
SPOT_ROLE = {"AWSServiceRoleForEC2Spot": "spot.amazonaws.com"}
_CREATE = "aws iam create-service-linked-role --aws-service-name"


def _caller(account: Account) -> Iterator[Finding]:
    answer = account.client("sts").get_caller_identity()
    given, arn, wanted = answer["Account"], answer["Arn"], account.aws.account
    if given != wanted:
        yield wrong(
            f"the credentials are of account {given} ({arn}), and the stack is for {wanted}",
            "Sign in to the stack's account, or correct `roost:aws.account`.",
        )
        return
    yield right(f"account {given}, as {arn}")


def _administrator(account: Account) -> Iterator[Finding]:
    """Nobody who creates an EKS cluster here is its administrator for that: the settings name them."""
    arn = account.client("sts").get_caller_identity()["Arn"]
    match = _ASSUMED.fullmatch(arn)
    admins = account.aws.cluster.admins
    # A role's path is not in the ARN of its session.
    names = {admin.rpartition("/")[2] for admin in admins.values()}
    if match is not None and match[3] in names:
        yield right(f"the role {match[3]} is among the cluster's administrators")
    else:
        yield wrong(
            f"{arn} is not a session of a role in `roost:aws.cluster.admins` ({', '.join(sorted(names))}), "
            "so `pulumi up` could not reach the cluster that it makes",
            "Run Pulumi and this command as one of these roles, or add the role.",
        )


def _service_roles(account: Account) -> Iterator[Finding]:
    aws, iam = account.aws, account.client("iam")
    groups = (aws.cluster.system_nodes, aws.cluster.app_nodes, aws.cluster.gpu_nodes)
    spot = any(group is not None and group.capacity == "spot" for group in groups)
    wanted = {
        **SERVICE_ROLES,
        **(CACHE_ROLE if account.settings.cache.enabled else {}),
        **(SPOT_ROLE if spot else {}),
    }
    absent = {name for name in wanted if not _has_role(iam, name)}
    if len(absent) < len(wanted):
        yield right(f"{len(wanted) - len(absent)} of {len(wanted)} roles of AWS's services are there")
    for name in absent & SPOT_ROLE.keys():
        yield wrong(
            f"{name} is missing, and no spot node starts without it", f"Once: {_CREATE} {wanted[name]}."
        )
    others = sorted(wanted[name] for name in absent - SPOT_ROLE.keys())
    if others:
        yield note(
            f"not there yet: the roles of {', '.join(others)}",
            "AWS makes each at first use, if who runs Pulumi has iam:CreateServiceLinkedRole. Otherwise, "
            f"once for each: {_CREATE} NAME.",
        )


def _has_role(iam: object, name: str) -> bool:
    try:
        iam.get_role(RoleName=name)  # pyright: ignore[reportAttributeAccessIssue]
    except ClientError as error:
        if has_code(error, "NoSuchEntity"):
            return False
        raise
    return True


CALLER = Check(name="account", ask=_caller, actions=("sts:GetCallerIdentity",))
"""First, and alone: with credentials of another account nothing else is asked."""

CHECKS = (
    Check(name="administrator", ask=_administrator, actions=("sts:GetCallerIdentity",)),
    Check(name="service roles", ask=_service_roles, actions=("iam:GetRole",)),
)
