"""Access to the local cluster: the embedded one, or whichever context `make up CONTEXT=…` chose."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ClusterAccess
from infra.settings.local import PlatformFacts


class LocalCluster(pulumi.ComponentResource):
    """An explicit provider for the kubeconfig and context that `make up` wrote down."""

    access: ClusterAccess

    def __init__(
        self, name: str, settings: PlatformFacts, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("roost:local:Cluster", name, None, opts)
        provider = k8s.Provider(
            name,
            kubeconfig=settings.kubeconfig,
            context=settings.context,
            # Certificates are renewed: only another cluster is a reason to replace what is in it.
            cluster_identifier=settings.context,
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.access = ClusterAccess(
            provider=provider,
            storage_class=settings.storage_class,
            zone_spread=False,
            metrics_available=False,
        )
        self.register_outputs({})
