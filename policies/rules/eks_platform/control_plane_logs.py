"""What a control plane writes down, and where it is kept."""

from __future__ import annotations

import contextlib

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

CLUSTER = "aws:eks/cluster:Cluster"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
KINDS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_ENABLED = "enabledClusterLogTypes"


def _all_kinds(draft: Draft, _: Settings) -> None:
    with contextlib.suppress(Undetermined):
        if _missing(Value(draft.get(_ENABLED), _ENABLED)):
            draft.put(_ENABLED, list(KINDS))


def _missing(enabled: Value) -> list[str]:
    """The kinds that a list leaves out.

    Raises:
        Undetermined: some are not in it, and an element is unknown.
    """
    named: set[str] = set()
    unknown: Undetermined | None = None
    for one in enabled.items():
        try:
            named.add(one.text())
        except Undetermined as reason:
            unknown = reason
    missing = [kind for kind in KINDS if kind not in named]
    if missing and unknown:
        raise unknown
    return missing


@resource_rule(
    "eks-control-logs",
    types(CLUSTER),
    title="A control plane logs everything that it can",
    why="Without the audit log nobody can tell who did what in the cluster; EKS writes none by itself.",
    fix="Set enabledClusterLogTypes to api, audit, authenticator, controllerManager and scheduler.",
    severity=Severity.HIGH,
    refs="FSBP EKS.8, CISEKS 2.1.1, CKV AWS_37, NSA C-0067",
    dev="advisory",
    prod="remediate",
    remedy=_all_kinds,
)
def control_logs(cluster: Resource, check: Check) -> None:
    enabled = cluster[_ENABLED]
    if missing := _missing(enabled):
        check.violation(f"it does not log {', '.join(missing)}", enabled)


@stack_rule(
    "eks-log-group",
    types(CLUSTER, LOG_GROUP),
    title="The log group of a control plane is managed, encrypted and has an end",
    why="A group that EKS makes by itself keeps everything for ever, without a key, and stays behind.",
    fix="Declare the log group /aws/eks/<cluster>/cluster with retentionInDays and kmsKeyId.",
    severity=Severity.MEDIUM,
    refs="CKV AWS_338, CKV AWS_158",
    url="https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    dev="advisory",
    prod="mandatory",
)
def log_group(stack: Stack, check: Check) -> None:
    groups = _Groups(stack)
    for cluster in stack.of(CLUSTER):
        with check.on(cluster):
            group = groups.of(cluster)
            if group is None:
                check.violation("nothing in the stack declares the log group of the control plane")
                continue
            with check.on(group):
                _kept_well(group, check)


def _kept_well(group: Resource, check: Check) -> None:
    days, key = group["retentionInDays"], group["kmsKeyId"]
    with check.part():
        if days.number(default=0) <= 0:
            check.violation("the control plane's logs are kept for ever", days)
    if not key.present:
        check.violation("no key of one's own encrypts the control plane's logs", key)


class _Groups:
    """The log groups of a stack, by name, and those of which only the origin is known."""

    def __init__(self, stack: Stack) -> None:
        self._by_name: dict[str, Resource] = {}
        self._unnamed: list[Resource] = []
        for group in stack.of(LOG_GROUP):
            name = group["name"]
            if name.known and name.present and not name.is_mapping and not name.is_list:
                self._by_name[name.text()] = group
            else:
                self._unnamed.append(group)

    def of(self, cluster: Resource) -> Resource | None:
        """The control plane's group.

        Raises:
            Undetermined: the cluster's name is unknown, or that of a group which may be the one.
        """
        made_from_it = next((one for one in self._unnamed if one.depends_on(cluster, "name")), None)
        if made_from_it:
            return made_from_it
        found = self._by_name.get(f"/aws/eks/{cluster['name'].text()}/cluster")
        if found is None and self._unnamed:
            raise Undetermined(self._unnamed[0].props["name"].path, "is not known before the update")
        return found
