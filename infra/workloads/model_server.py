"""vLLM behind a Service: Deployment without surge, disruption budget, and who may connect."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.options import waits
from infra.ports import ModelStore, NamespaceAccess, Reach
from infra.workloads.connections import Connection, Entrance, Guest
from infra.workloads.labels import labels, selector
from infra.workloads.model_pod import ModelPod
from infra.workloads.openings import open_connections, open_ranges
from infra.workloads.pods import Mounts
from infra.workloads.services import UNAWAITED, cluster_service
from infra.workloads.vllm_command import PORT

HTTPS = 443


class ModelServer(pulumi.ComponentResource):
    """Reached by its clients alone, on one port; it reaches the bucket and its identity, and nothing else.

    The API key is one more lock: it guards some of vLLM's paths and not others, so the network policy counts.
    """

    base_url: pulumi.Output[str]
    reach: Reach

    def __init__(
        self,
        name: str,
        pod: ModelPod,
        *,
        replicas: int,
        scaled: bool = False,
        sleeps: bool,
        account: pulumi.Output[str],
        key: Mounts,
        code: Mounts,
        store: ModelStore,
        namespace: NamespaceAccess,
        namespace_name: str,
        clients: tuple[Guest, ...],
        after: list[pulumi.Resource],
        provider: k8s.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:ModelServer", name, None, opts)
        self.workload = pod.workload
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=provider)
        openings = self._openings(store, clients)
        self.deployment = self._deployment(
            pod,
            pod.spec(account, key=key, code=code, store=store),
            replicas=replicas,
            scaled=scaled,
            sleeps=sleeps,
            after=[*namespace.ready, *store.ready, *openings, *after],
        )
        self._disruption_budget()
        self.service = cluster_service(
            self.workload,
            PORT,
            "http",
            namespace=namespace.name,
            pods=self.deployment,
            asleep=sleeps,
            opts=self._opts,
        )
        self.base_url = pulumi.Output.concat("http://", self.workload, ".", namespace.name, f".svc:{PORT}/v1")
        self.reach = Reach(name=self.workload, ports=(PORT,), pods=self.workload, namespace=namespace_name)
        self.register_outputs({"baseUrl": self.base_url})

    def _openings(self, store: ModelStore, clients: tuple[Guest, ...]) -> list[pulumi.Resource]:
        entrance = Entrance(
            name=f"clients-to-{self.workload}", server=self.workload, ports=(PORT,), guests=clients
        )
        identity = Connection(client=self.workload, reach=store.identity)
        return [
            *open_connections([entrance, identity], self._namespace, self._opts),
            open_ranges(self.workload, "bucket", store.cidrs, (HTTPS,), self._namespace, self._opts),
        ]

    def _deployment(
        self,
        pod: ModelPod,
        spec: k8s.core.v1.PodSpecArgsDict,
        *,
        replicas: int,
        scaled: bool,
        sleeps: bool,
        after: list[pulumi.Resource],
    ) -> k8s.apps.v1.Deployment:
        metadata: k8s.meta.v1.ObjectMetaArgsDict = {
            "name": self.workload,
            "namespace": self._namespace.name,
            "labels": labels(self.workload),
        }
        if sleeps:
            # There are no nodes at night: whoever updates then must not wait for pods until morning.
            metadata["annotations"] = UNAWAITED
        deployed: k8s.apps.v1.DeploymentSpecArgsDict = {
            "revision_history_limit": 3,
            "progress_deadline_seconds": pod.timing.progress_deadline,
            "selector": {"match_labels": selector(self.workload)},
            "strategy": _strategy(replicas, scaled=scaled),
            "template": {"metadata": {"labels": labels(self.workload)}, "spec": spec},
        }
        if not scaled:
            # Else they are the autoscaler's: an update must not take its pods away.
            deployed["replicas"] = replicas
        return k8s.apps.v1.Deployment(
            self.workload,
            metadata=metadata,
            spec=deployed,
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=after,
                    custom_timeouts=waits(pod.timing.progress_deadline * (replicas + 1)),
                ),
            ),
        )

    def _disruption_budget(self) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            self.workload,
            metadata={
                "name": self.workload,
                "namespace": self._namespace.name,
                "labels": labels(self.workload),
            },
            # Always satisfiable: a node can be drained even with one replica.
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": selector(self.workload)},
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._opts,
        )


def _strategy(replicas: int, *, scaled: bool) -> k8s.apps.v1.DeploymentStrategyArgsDict:
    """The old pod goes first: a surge would wait for ever for a GPU that the old one has."""
    if replicas == 1 and not scaled:
        return {"type": "Recreate"}
    return {"type": "RollingUpdate", "rolling_update": {"max_unavailable": 1, "max_surge": 0}}
