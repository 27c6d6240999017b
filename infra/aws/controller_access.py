"""Kubernetes rights of the AWS Load Balancer Controller."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
import pulumi_kubernetes as k8s

from infra.aws.controller_pod import WORKLOAD
from infra.aws.controller_rights import CLUSTER_RULES, LEADER_RULES, NAMESPACE_RULES, Rule
from infra.ports import NamespaceAccess
from infra.workloads.labels import labels

rbac = k8s.rbac.v1

KUBE_SYSTEM = "kube-system"
RBAC_GROUP = "rbac.authorization.k8s.io"


class ControllerAccess(pulumi.ComponentResource):
    """Reads cluster-wide what has no namespace, acts in ours, and elects its leader in its own."""

    def __init__(
        self,
        name: str,
        *,
        namespace: NamespaceAccess,
        provider: k8s.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ControllerAccess", name, None, opts)
        self._name = name
        self._opts = pulumi.ResourceOptions(parent=self, provider=provider)
        k8s.core.v1.ServiceAccount(
            name,
            metadata={"name": WORKLOAD, "namespace": KUBE_SYSTEM, "labels": labels(WORKLOAD)},
            # The pod asks the API for everything it does.
            automount_service_account_token=True,
            opts=self._opts,
        )
        self._cluster_wide()
        self._within("namespace", namespace.name, NAMESPACE_RULES)
        self._within("leader", pulumi.Output.from_input(KUBE_SYSTEM), LEADER_RULES)
        self.register_outputs({})

    def _cluster_wide(self) -> None:
        rbac.ClusterRole(
            self._name,
            metadata={"name": WORKLOAD, "labels": labels(WORKLOAD)},
            rules=_rules(CLUSTER_RULES),
            opts=self._opts,
        )
        rbac.ClusterRoleBinding(
            self._name,
            metadata={"name": WORKLOAD, "labels": labels(WORKLOAD)},
            role_ref={"api_group": RBAC_GROUP, "kind": "ClusterRole", "name": WORKLOAD},
            subjects=[_subject()],
            opts=self._opts,
        )

    def _within(self, purpose: str, namespace: pulumi.Output[str], rules: Sequence[Rule]) -> None:
        name = f"{WORKLOAD}-{purpose}"
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": name,
            "namespace": namespace,
            "labels": labels(WORKLOAD),
        }
        rbac.Role(f"{self._name}-{purpose}", metadata=metadata, rules=_rules(rules), opts=self._opts)
        rbac.RoleBinding(
            f"{self._name}-{purpose}",
            metadata=metadata,
            role_ref={"api_group": RBAC_GROUP, "kind": "Role", "name": name},
            subjects=[_subject()],
            opts=self._opts,
        )


def _subject() -> k8s.rbac.v1.SubjectArgsDict:
    return {"kind": "ServiceAccount", "name": WORKLOAD, "namespace": KUBE_SYSTEM}


def _rules(rules: Sequence[Rule]) -> list[k8s.rbac.v1.PolicyRuleArgsDict]:
    return [_rule(rule) for rule in rules]


def _rule(rule: Rule) -> k8s.rbac.v1.PolicyRuleArgsDict:
    spelled: k8s.rbac.v1.PolicyRuleArgsDict = {
        "api_groups": list(rule.groups),
        "resources": list(rule.resources),
        "verbs": list(rule.verbs),
    }
    if rule.names:
        spelled["resource_names"] = list(rule.names)
    return spelled
