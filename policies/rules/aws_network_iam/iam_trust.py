"""Who may take on a role."""

from __future__ import annotations

import re

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import CALLER, Condition, Principal, Statement, own_accounts, statements
from policies.lib.logic import all_hold, some
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined

ROLE = types("aws:iam/role:Role")
_ASSUMING = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")
_WHO = frozenset(key for key in CALLER if key.startswith("aws:principal"))
_FOR_WHOM = CALLER | {"sts:externalid"}
_REGIONAL = re.compile(r"\.[a-z]{2}(?:-[a-z]+)+-\d\.")
_SAYING = (
    *("backup", "bedrock", "bedrock-agentcore", "cloudtrail", "codebuild", "codepipeline", "cognito-idp"),
    *("datasync", "dms", "ecs-tasks", "eks", "events", "export.rds", "firehose", "imagebuilder", "logs"),
    *("monitoring.rds", "personalize", "pipes", "pods.eks", "rds", "sagemaker", "scheduler", "ses", "ssm"),
    *("states", "transfer", "vpc-flow-logs"),
)


class Trust(Settings):
    services: tuple[str, ...] = Field(
        default=tuple(f"{name}.amazonaws.com" for name in _SAYING),
        description="Services that say for which account or resource they act when they take on a role.",
    )


def _trusting(role: Resource, check: Check) -> list[Statement]:
    """The statements by which somebody may take on the role, as far as one can read them."""
    found: list[Statement] = []
    for statement in statements(role["assumeRolePolicy"]):
        with check.part():
            if all_hold(lambda one=statement: one.allows, lambda one=statement: some(_ASSUMING, one.covers)):
                found.append(statement)
    return found


@resource_rule(
    "iam-trust-scoped",
    ROLE,
    title="A role trusts named principals, and services that act for this account",
    why="A role that anybody may take on is public. A service that acts for everybody can be made to take on "
    "another's role, if the role does not say for whom (the confused deputy).",
    fix="Name the principals; for another account add a condition such as sts:ExternalId, for a service one "
    "on aws:SourceAccount or aws:SourceArn.",
    severity=Severity.CRITICAL,
    refs="CKV AWS_60, CKV AWS_61",
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html",
    dev="mandatory",
    prod="mandatory",
    settings=Trust,
    departs="The services that say for whom they act are a list, since AWS publishes none. Which account is "
    "one's own only the provider's allowedAccountIds says; without it a foreign one cannot be told.",
)
def trust_scoped(role: Resource, check: Check) -> None:
    for statement in _trusting(role, check):
        with check.part():
            if all_hold(
                lambda one=statement: one.for_anyone,
                lambda one=statement: not one.narrowed_by(_WHO),
            ):
                check.violation("anybody may take on the role", statement.at)
                continue
        principals: list[Principal] = []
        with check.part():
            principals = statement.principals()
        for principal in principals:
            with check.part():
                _scoped(role, statement, principal, check)


def _scoped(role: Resource, statement: Statement, principal: Principal, check: Check) -> None:
    if principal.kind == "AWS" and principal.account:
        if not _narrowed(statement) and _is_foreign(principal, role):
            check.violation("a principal of another account may take on the role at will", principal.at)
    elif principal.kind == "Service":
        service = _REGIONAL.sub(".", principal.text)
        if service in check.settings(Trust).services and not statement.narrowed_by(_FOR_WHOM):
            check.violation("a service may take on the role for any account", principal.at)


def _narrowed(statement: Statement) -> bool:
    return statement.narrowed_by(_FOR_WHOM) or some(statement.conditions(), _wants_second_factor)


def _wants_second_factor(condition: Condition) -> bool:
    return (
        condition.operator == "bool"
        and not condition.passes_when_missing
        and condition.key == "aws:multifactorauthpresent"
        and condition.values.truth(default=False)
    )


def _is_foreign(principal: Principal, role: Resource) -> bool:
    own = own_accounts(role)
    if not own:
        raise Undetermined(principal.at.path, "may be another account: the provider has no allowedAccountIds")
    return principal.account not in own


@resource_rule(
    "iam-oidc-scoped",
    ROLE,
    title="A web identity takes on a role only as a named subject, for a named audience",
    why="An issuer such as GitHub's signs tokens for everybody: without both conditions any repository or "
    "service account of the issuer may take on the role.",
    fix="Add StringEquals conditions on the issuer's :sub and :aud, without wildcards.",
    severity=Severity.CRITICAL,
    refs="CKV AWS_393",
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html",
    dev="mandatory",
    prod="mandatory",
)
def oidc_scoped(role: Resource, check: Check) -> None:
    for statement in _trusting(role, check):
        for claim, what in (("sub", "any subject"), ("aud", "a token for any audience")):
            with check.part():
                if all_hold(
                    lambda one=statement: one.covers("sts:AssumeRoleWithWebIdentity"),
                    lambda one=statement: _names_issuer(one),
                    lambda one=statement, claim=claim: (
                        not some(one.conditions(), lambda condition: _pins(condition, claim))
                    ),
                ):
                    check.violation(f"{what} of the issuer may take on the role", statement.at)


def _names_issuer(statement: Statement) -> bool:
    return some(statement.principals(), lambda one: one.kind == "Federated")


def _pins(condition: Condition, claim: str) -> bool:
    """Whether it leaves only whole values of a claim."""
    if not condition.key.endswith(f":{claim}") or not condition.compares or condition.passes_when_missing:
        return False
    values = condition.values.texts()
    wild = condition.operator in ("stringlike", "arnlike") and any(set("*?$") & set(one) for one in values)
    return bool(values) and not wild
