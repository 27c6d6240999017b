"""EKS add-ons: pinned builds, ordered around the nodes, each with no more rights than its job needs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import eks

from infra.aws.cloudwatch_agent import SERVICE_ACCOUNT as CLOUDWATCH_AGENT
from infra.aws.cloudwatch_agent import CloudwatchAgent
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options
from infra.settings.aws_versions import AddonVersions

NETWORK_PLUGIN = {
    "enableNetworkPolicy": "true",
    # A prefix of 16 addresses at a time: a node takes its full number of pods, and EC2 is asked less often.
    "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
}
SECRETS_STORE = {"secrets-store-csi-driver": {"syncSecret": {"enabled": False}, "enableSecretRotation": True}}
# Container Insights only: tracing every workload unasked would change pods that are not ours to change.
OBSERVABILITY = {"manager": {"applicationSignals": {"autoMonitor": {"monitorAllServices": False}}}}
KUBE_SYSTEM = "kube-system"


class Addons(pulumi.ComponentResource):
    """The network plugin before nodes, what runs as ordinary pods after them.

    The cluster starts without self-managed copies, so creation finds no conflict (and says so if it does:
    NONE); an update takes the add-on's own fields back from whoever changed them (OVERWRITE).

    An `up` with the next Kubernetes minor keeps that order, in place: the control plane, the add-ons that
    nodes depend on, the nodes, and the add-ons that run on them. Each of these builds serves the minor before
    its own as well, which is what EKS and Kubernetes' version skew policy ask for on the way.
    """

    def __init__(
        self,
        name: str,
        versions: AddonVersions,
        *,
        cluster: eks.Cluster,
        cluster_name: str,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Addons", name, None, opts)
        self._name = name
        self._versions = versions
        self._cluster = cluster
        self._cluster_name = cluster_name
        self._place = place
        self._options = options
        network = self._role("vpc-cni", "aws-node", "AmazonEKS_CNI_Policy")
        # The agent runs on the node's network, so it hands the plugin its rights before there are pod
        # networks.
        agent = self._addon("eks-pod-identity-agent", versions.pod_identity_agent)
        self.before_nodes: Sequence[pulumi.Resource] = [
            agent,
            self._addon("kube-proxy", versions.kube_proxy),
            self._addon(
                "vpc-cni",
                versions.vpc_cni,
                configuration=NETWORK_PLUGIN,
                identity=("aws-node", network),
                after=[agent],
            ),
        ]
        self.after_nodes: Sequence[pulumi.Resource] = []

    def create_after_nodes(self, nodes: Sequence[pulumi.Resource], agent: CloudwatchAgent | None) -> None:
        """Create the add-ons that need somewhere to run: before nodes exist they never become healthy."""
        volumes = self._role("ebs-csi", "ebs-csi-controller-sa", "service-role/AmazonEBSCSIDriverPolicy")
        v = self._versions
        snapshots = self._addon("snapshot-controller", v.snapshot_controller, after=nodes)
        self.after_nodes = [
            snapshots,
            self._addon("coredns", v.coredns, after=nodes),
            self._addon("metrics-server", v.metrics_server, after=nodes),
            self._addon(
                "aws-ebs-csi-driver",
                v.ebs_csi_driver,
                identity=("ebs-csi-controller-sa", volumes),
                # It starts its snapshotter only where the kinds that snapshots are made of exist.
                after=[snapshots],
            ),
            self._addon(
                "aws-secrets-store-csi-driver-provider",
                v.secrets_store_csi,
                configuration=SECRETS_STORE,
                after=nodes,
            ),
            *([self._observability(agent, nodes)] if agent else []),
        ]
        self.register_outputs({})

    def _observability(self, agent: CloudwatchAgent, nodes: Sequence[pulumi.Resource]) -> eks.Addon:
        return self._addon(
            "amazon-cloudwatch-observability",
            self._versions.cloudwatch_observability,
            configuration=OBSERVABILITY,
            identity=(CLOUDWATCH_AGENT, agent.role),
            after=[*nodes, *agent.ready],
        )

    def _role(self, purpose: str, service_account: str, policy: str) -> PodRole:
        return PodRole(
            f"{self._name}-{purpose}",
            cluster_name=self._cluster_name,
            namespace=KUBE_SYSTEM,
            service_account=service_account,
            place=self._place,
            options=self._options,
            managed_policies={"aws": policy},
            opts=self._options.child(self),
        )

    def _addon(
        self,
        addon: str,
        version: str,
        *,
        configuration: Mapping[str, object] | None = None,
        identity: tuple[str, PodRole] | None = None,
        after: Sequence[pulumi.Resource] | None = None,
    ) -> eks.Addon:
        rights = None
        if identity:
            account, role = identity
            rights = [eks.AddonPodIdentityAssociationArgs(service_account=account, role_arn=role.arn)]
        return eks.Addon(
            f"{self._name}-{addon}",
            cluster_name=self._cluster.name,
            addon_name=addon,
            addon_version=version,
            resolve_conflicts_on_create="NONE",
            resolve_conflicts_on_update="OVERWRITE",
            configuration_values=json.dumps(configuration) if configuration else None,
            pod_identity_associations=rights,
            opts=self._options.child(
                self, depends_on=[*(identity[1].grants if identity else []), *(after or [])]
            ),
        )
