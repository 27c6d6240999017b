"""The namespace: restricted pods, nothing connected, and bounds on what everything together may use."""

from __future__ import annotations

from typing import Literal, cast

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
    """A namespace with enforced pod security, default-deny network policies, quota and limits."""

    name: pulumi.Output[str]
    access: NamespaceAccess

    def __init__(
        self,
        name: str,
        settings: NamespaceSettings,
        *,
        cluster: ClusterAccess,
        kubernetes_name: str = NAME,
        gpus: int = 0,
        pod_security: Literal["restricted", "privileged"] = "restricted",
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Namespace", name, None, opts)
        self._name = name
        self._settings = settings
        self._kubernetes_name = kubernetes_name
        self._gpus = gpus
        self._pod_security = pod_security
        # Names of what is in it: the stack's own namespace came first, and keeps its short ones.
        self._prefix = "" if kubernetes_name == NAME else f"{name}-"
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
        standard = {
            f"pod-security.kubernetes.io/{mode}{what}": value
            for mode in ("enforce", "audit", "warn")
            for what, value in (("", self._pod_security), ("-version", POD_SECURITY))
        }
        return k8s.core.v1.Namespace(
            self._name,
            metadata={
                "name": self._kubernetes_name,
                "labels": {**labels(self._kubernetes_name), **standard},
            },
            opts=self._opts,
        )

    def _policy(self, name: str, spec: PolicySpec) -> k8s.networking.v1.NetworkPolicy:
        return k8s.networking.v1.NetworkPolicy(
            f"{self._prefix}{name}",
            metadata=self._metadata(name),
            spec=cast("k8s.networking.v1.NetworkPolicySpecArgsDict", spec),
            opts=self._opts,
        )

    def _quota(self) -> k8s.core.v1.ResourceQuota:
        quota = self._settings.quota
        gpus = {"requests.nvidia.com/gpu": str(self._gpus)} if self._gpus else {}
        return k8s.core.v1.ResourceQuota(
            f"{self._prefix}quota",
            metadata=self._metadata("quota"),
            spec={
                "hard": {
                    "requests.cpu": quota.cpu_requests,
                    "requests.memory": quota.memory_requests,
                    "limits.memory": quota.memory_limits,
                    "pods": str(quota.pods),
                    "requests.storage": quota.storage,
                    "services.loadbalancers": "0",
                    **gpus,
                }
            },
            opts=self._opts,
        )

    def _metadata(self, name: str) -> k8s.meta.v1.ObjectMetaArgsDict:
        return {"name": name, "namespace": self.name, "labels": labels(self._kubernetes_name)}

    def _limits(self) -> k8s.core.v1.LimitRange:
        limits = self._settings.default_limits
        return k8s.core.v1.LimitRange(
            f"{self._prefix}limits",
            metadata=self._metadata("limits"),
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
