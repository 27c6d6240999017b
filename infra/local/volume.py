"""A volume that outlives the pods: a directory on the embedded node, or what the cluster's class makes."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClusterAccess, NamespaceAccess
from infra.settings.local import PlatformFacts
from infra.workloads.labels import labels
from infra.workloads.pods import name_of

STATIC = ""
"""The storage class of volumes that nobody provisions."""


class LocalVolume(pulumi.ComponentResource):
    """A claim, and on the embedded cluster the volume that is reserved for it.

    The directory survives the claim, the volume object, the namespace and the stack: after a destroy the next
    `up` finds the data again.
    """

    claim: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: PlatformFacts,
        *,
        storage_gib: int,
        cluster: ClusterAccess,
        namespace: NamespaceAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:Volume", name, None, opts)
        self._name = name
        self._size = f"{storage_gib}Gi"
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        reserved = self._directory(settings) if settings.embedded else None
        self.claim = name_of(self._claim(STATIC if reserved else cluster.storage_class, reserved))
        self.register_outputs({"claim": self.claim})

    def _directory(self, facts: PlatformFacts) -> k8s.core.v1.PersistentVolume:
        assert facts.node is not None  # the settings refuse an embedded platform without them
        assert facts.volumes_dir is not None
        on_the_node: k8s.core.v1.NodeSelectorRequirementArgsDict = {
            "key": "kubernetes.io/hostname",
            "operator": "In",
            "values": [facts.node],
        }
        return k8s.core.v1.PersistentVolume(
            self._name,
            metadata={"name": f"roost-{self._name}", "labels": labels(self._name)},
            spec={
                "capacity": {"storage": self._size},
                "access_modes": ["ReadWriteOnce"],
                "persistent_volume_reclaim_policy": "Retain",
                "storage_class_name": STATIC,
                "claim_ref": {"name": self._name, "namespace": self._namespace.name},
                "local": {"path": f"{facts.volumes_dir}/{self._name}"},
                "node_affinity": {
                    "required": {"node_selector_terms": [{"match_expressions": [on_the_node]}]}
                },
            },
            opts=self._opts,
        )

    def _claim(
        self, storage_class: str | None, reserved: k8s.core.v1.PersistentVolume | None
    ) -> k8s.core.v1.PersistentVolumeClaim:
        return k8s.core.v1.PersistentVolumeClaim(
            self._name,
            metadata={
                "name": self._name,
                "namespace": self._namespace.name,
                "labels": labels(self._name),
                # A class may bind only once a pod uses the claim; that pod's readiness says that it did.
                "annotations": {"pulumi.com/skipAwait": "true"},
            },
            spec={
                "access_modes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": self._size}},
                "storage_class_name": storage_class,
                "volume_name": name_of(reserved) if reserved else None,
            },
            opts=self._opts,
        )
