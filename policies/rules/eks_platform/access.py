"""Who may enter a cluster, and as what."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import CreateOnly, Settings
from policies.lib.types import types
from policies.lib.values import Value
from policies.lib.yaml_text import yaml_document

ACCESS_ENTRY = "aws:eks/accessEntry:AccessEntry"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
MASTERS = "system:masters"
_CLUSTER_ADMIN = "AmazonEKSClusterAdminPolicy"
_FOR_NODES = "AmazonEKSAuto"
"""Begins the policies that EKS Auto Mode needs for its nodes, in the whole cluster."""


def _by_entries_only(draft: Draft, _: Settings) -> None:
    draft.put("accessConfig.authenticationMode", "API")
    draft.put("accessConfig.bootstrapClusterCreatorAdminPermissions", value=False)


@resource_rule(
    "eks-access-api",
    types("aws:eks/cluster:Cluster"),
    title="Only access entries let anybody into a cluster",
    why="The ConfigMap aws-auth is changed from inside the cluster, past CloudTrail; a creator who stays an "
    "administrator is on no list.",
    fix="Set accessConfig.authenticationMode to API and bootstrapClusterCreatorAdminPermissions to false.",
    severity=Severity.HIGH,
    refs="CISEKS 4.1.7, CISEKS 5.5.1",
    url="https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
    dev="advisory",
    prod="mandatory",
    settings=CreateOnly,
    remedy=_by_entries_only,
)
def access_api(cluster: Resource, check: Check) -> None:
    mode = cluster["accessConfig.authenticationMode"]
    with check.part():
        if mode.text(default="CONFIG_MAP") != "API":
            check.violation("the ConfigMap aws-auth lets people in, too", mode)
    creator = cluster["accessConfig.bootstrapClusterCreatorAdminPermissions"]
    if creator.truth(default=True):
        check.violation("whoever creates the cluster administers it for ever", creator)


class Admins(Settings):
    """Who may do everything."""

    admins: tuple[str, ...] = Field(
        default=(), description="ARNs of the principals that may administer a whole cluster; globs."
    )


@resource_rule(
    "eks-admin-entries",
    types("aws:eks/accessPolicyAssociation:AccessPolicyAssociation"),
    title="Only named principals administer a whole cluster",
    why="Others need some namespaces; with rights in all of them one stolen laptop is the whole cluster.",
    fix="Scope the access policy to namespaces, or name the principal under the rule's admins.",
    severity=Severity.HIGH,
    refs="CISEKS 4.1.1",
    url="https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html",
    dev="advisory",
    prod="mandatory",
    settings=Admins,
)
def admin_entries(association: Resource, check: Check) -> None:
    scope, policy = association["accessScope.type"], association["policyArn"]
    name = policy.text().rpartition("/")[2]
    if name.startswith(_FOR_NODES) or _is_admin(association["principalArn"], check.settings(Admins).admins):
        return
    if name == _CLUSTER_ADMIN:
        check.violation("a principal that is not on the list has the policy of administrators", policy)
    elif scope.text().lower() != "namespace" or not association["accessScope.namespaces"].items():
        check.violation("the policy holds in every namespace", scope)


def _is_admin(principal: Value, admins: tuple[str, ...]) -> bool:
    return bool(admins) and any(fnmatchcase(principal.text(), glob) for glob in admins)


@resource_rule(
    "eks-no-masters",
    types(ACCESS_ENTRY, CONFIG_MAP),
    title="Nobody enters a cluster as system:masters",
    why="That group passes every authorization check, cannot be restricted, and shows in no role binding.",
    fix="Give the principal an access policy or a group of your own, and bind that to what it needs.",
    severity=Severity.CRITICAL,
    refs="CISEKS 4.1.1",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    dev="mandatory",
    prod="mandatory",
    departs="Also reads the ConfigMap aws-auth, the older way to the same group.",
)
def no_masters(entry: Resource, check: Check) -> None:
    if entry.type == ACCESS_ENTRY:
        _no_masters_in(entry["kubernetesGroups"], check)
    elif entry["metadata.name"].text() == "aws-auth":
        for kind in ("mapRoles", "mapUsers"):
            with check.part():
                for mapping in yaml_document(entry["data"][kind]).items():
                    _no_masters_in(mapping["groups"], check)


def _no_masters_in(groups: Value, check: Check) -> None:
    for group in groups.items():
        with check.part():
            if group.text() == MASTERS:
                check.violation(f"the principal is in {MASTERS}", group)
