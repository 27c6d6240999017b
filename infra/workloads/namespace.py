"""The namespace: restricted pods, nothing connected, and bounds on what everything together may use."""

from __future__ import annotations

from typing import cast

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClusterAccess, NamespaceAccess
from infra.settings.namespace import NamespaceSettings
from infra.workloads.connections import PolicySpec, allow_dns, deny_all
from infra.workloads.labels import labels
from infra.workloads.pods import name_of

NAME = "roost"
"""Fixed, as people type it."""
POD_SECURITY = "v1.36"
"""The version of the standard, so that an upgrade of the cluster refuses no pod that ran before."""


class Namespace(pulumi.ComponentResource):
    """Namespace `roost` with enforced pod security, default-deny network policies, quota and limits."""

    name: pulumi.Output[str]
    access: NamespaceAccess

    def __init__(
        self,
        name: str,
        settings: NamespaceSettings,
        *,
        cluster: ClusterAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Namespace", name, None, opts)
        self._name = name
        self._settings = settings
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        self.name = name_of(self._namespace())
        self.access = NamespaceAccess(
            name=self.name,
            ready=[
                self._policy("deny-all", deny_all()),
                self._policy("allow-dns", allow_dns()),
                self._quota(),
                self._limits(),
            ],
        )
        self.register_outputs({"name": self.name})

    def _namespace(self) -> k8s.core.v1.Namespace:
        restricted = {
            f"pod-security.kubernetes.io/{mode}{what}": value
            for mode in ("enforce", "audit", "warn")
            for what, value in (("", "restricted"), ("-version", POD_SECURITY))
        }
        return k8s.core.v1.Namespace(
            self._name, metadata={"name": NAME, "labels": {**labels(NAME), **restricted}}, opts=self._opts
        )

    def _policy(self, name: str, spec: PolicySpec) -> k8s.networking.v1.NetworkPolicy:
        return k8s.networking.v1.NetworkPolicy(
            name,
            metadata={"name": name, "namespace": self.name, "labels": labels(NAME)},
            spec=cast("k8s.networking.v1.NetworkPolicySpecArgsDict", spec),
            opts=self._opts,
        )

    def _quota(self) -> k8s.core.v1.ResourceQuota:
        quota = self._settings.quota
        return k8s.core.v1.ResourceQuota(
            "quota",
            metadata={"name": "quota", "namespace": self.name, "labels": labels(NAME)},
            spec={
                "hard": {
                    "requests.cpu": quota.cpu_requests,
                    "requests.memory": quota.memory_requests,
                    "limits.memory": quota.memory_limits,
                    "pods": str(quota.pods),
                    "requests.storage": quota.storage,
                    "services.loadbalancers": "0",
                }
            },
            opts=self._opts,
        )

    def _limits(self) -> k8s.core.v1.LimitRange:
        limits = self._settings.default_limits
        return k8s.core.v1.LimitRange(
            "limits",
            metadata={"name": "limits", "namespace": self.name, "labels": labels(NAME)},
            spec={
                "limits": [
                    {
                        "type": "Container",
                        "default": {"memory": limits.memory_limit},
                        "default_request": {"cpu": limits.cpu_request, "memory": limits.memory_request},
                    }
                ]
            },
            opts=self._opts,
        )
