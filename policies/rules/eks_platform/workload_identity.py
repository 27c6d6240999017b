"""As whom pods talk to AWS: each service account has a role that no other has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.kubernetes import namespace, pod
from policies.lib.resources import Resource, Stack, identities
from policies.lib.rule import stack_rule
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value

ADDON = "aws:eks/addon:Addon"
POD_IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ROLE = "aws:iam/role:Role"
SERVICE_ACCOUNT = "kubernetes:core/v1:ServiceAccount"
_ANNOTATION = "eks.amazonaws.com/role-arn"
_STATIC_KEYS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})


@dataclass(frozen=True)
class Grant:
    """A role that a service account gets."""

    by: Resource
    """The resource that says so."""
    at: Value
    account: str
    role: str
    """Its URN, or its ARN where it is from elsewhere."""


@stack_rule(
    "eks-workload-identity",
    types(POD_IDENTITY, ADDON, SERVICE_ACCOUNT, ROLE) | WORKLOADS,
    title="Every service account has a role of its own, and no pod has keys",
    why="A shared role gives each of its pods the rights of all; a key in a pod works anywhere, for ever.",
    fix="Give each service account its own role by a pod identity association, and pods no AWS keys.",
    severity=Severity.HIGH,
    refs="CISEKS 5.2.1",
    url="https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html",
    dev="advisory",
    prod="mandatory",
)
def workload_identity(stack: Stack, check: Check) -> None:
    by_role: dict[str, list[Grant]] = {}
    for grant in list(_grants(stack, check)):
        by_role.setdefault(grant.role, []).append(grant)
        if grant.account.rpartition("/")[2] == "default":
            with check.on(grant.by):
                check.violation("every pod without a service account of its own gets the role", grant.at)
    for grants in by_role.values():
        if len({grant.account for grant in grants}) > 1:
            for grant in grants:
                with check.on(grant.by):
                    check.violation("another service account has the same role", grant.at)
    for workload in stack.of(*WORKLOADS.tokens):
        with check.on(workload):
            _judge_keys(workload, check)


def _grants(stack: Stack, check: Check) -> Iterator[Grant]:
    names = {name: role.urn for role in stack.of(ROLE) for name in identities(role)}
    for association in stack.of(POD_IDENTITY):
        with check.on(association):
            account = f"{association['namespace'].text()}/{association['serviceAccount'].text()}"
            at = association["roleArn"]
            yield Grant(association, at, account, _role(stack, association, at, names))
    for addon in stack.of(ADDON):
        with check.on(addon):
            for one in addon["podIdentityAssociations"].items():
                with check.part():
                    # The namespace is the add-on's own choice, so its name stands for it.
                    account = f"{addon['addonName'].text()}/{one['serviceAccount'].text()}"
                    yield Grant(addon, one, account, _role(stack, addon, one["roleArn"], names))
            at = addon["serviceAccountRoleArn"]
            if at.present:
                yield Grant(addon, at, f"{addon['addonName'].text()}/", _role(stack, addon, at, names))
    for account in stack.of(SERVICE_ACCOUNT):
        with check.on(account):
            at = account["metadata.annotations"][_ANNOTATION]
            if at.present:
                name = f"{namespace(account)}/{account['metadata.name'].text()}"
                yield Grant(account, at, name, _role(stack, account, at, names))


def _role(stack: Stack, holder: Resource, arn: Value, names: dict[str, str]) -> str:
    """The role that an ARN names; before the update the one role that it is made from."""
    if arn.known:
        return names.get(arn.text(), arn.text())
    made_from = holder.dependencies.get(arn.path.split(".")[0].split("[")[0], frozenset())
    roles = [urn for urn in made_from if (found := stack.get(urn)) and found.type == ROLE]
    if len(roles) != 1:
        raise Undetermined(arn.path, "is not known before the update")
    return roles[0]


def _judge_keys(workload: Resource, check: Check) -> None:
    for container in pod(workload).containers():
        with check.part():
            for entry in container["env"].items():
                with check.part():
                    if entry["name"].text() in _STATIC_KEYS:
                        check.violation("the container has an AWS key", entry)
