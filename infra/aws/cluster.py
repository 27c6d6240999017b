"""EKS: the control plane, who may enter it, its nodes and its add-ons."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws import eks, iam

from infra.aws.addons import Addons
from infra.aws.cloudwatch_agent import CloudwatchAgent
from infra.aws.documents import service_trust
from infra.aws.keys import Keys
from infra.aws.kubeconfig import kubeconfig
from infra.aws.log_group import log_group
from infra.aws.network_port import NetworkPort
from infra.aws.nodes import POOL_LABEL, Nodes
from infra.aws.place import Place
from infra.options import Options
from infra.ports import ClusterAccess
from infra.settings.aws_cluster import ClusterSettings

CONTROL_PLANE_LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")
STORAGE_CLASS = "roost-gp3"


class Cluster(pulumi.ComponentResource):
    """A cluster that knows only the administrators in the settings, and is ready to run pods.

    `access.provider` waits for nodes, add-ons and the administrators' entries: whatever uses it can be
    scheduled, resolves names, and is allowed in.
    """

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Cluster", name, None, opts)
        self._name = name
        self._settings = settings
        self._network = network
        self._keys = keys
        self._place = place
        self._options = options
        # People type it, and the log group and every pod's trust policy need it before the cluster exists.
        self.cluster_name = place.prefix
        self._control_plane = self._create()
        admins = self._admins()
        nodes = Nodes(
            f"{name}-nodes",
            settings,
            cluster=self._control_plane,
            network=network,
            keys=keys,
            place=place,
            options=options,
            opts=options.child(self),
        )
        self._addons = Addons(
            f"{name}-addons",
            settings.addons,
            cluster=self._control_plane,
            cluster_name=self.cluster_name,
            place=place,
            options=options,
            opts=options.child(self),
        )
        groups = nodes.create(after=[*self._addons.before_nodes, *network.ready])
        self.gpu_group: eks.NodeGroup | None = nodes.groups.get("gpu")
        self._addons.create_after_nodes(groups, self._cloudwatch_agent())
        self.kubeconfig = self._kubeconfig()
        self.provider = self._kubernetes([*admins, *groups, *self._addons.after_nodes])
        self._storage_class()
        self.arn = self._control_plane.arn
        self.endpoint = self._control_plane.endpoint
        self.version = self._control_plane.version
        self.security_group_id = self._control_plane.vpc_config.cluster_security_group_id
        self.access = ClusterAccess(
            provider=self.provider,
            storage_class=STORAGE_CLASS,
            zone_spread=True,
            metrics_available=True,
            # Add-ons share the system nodes, which are too small to serve from.
            node_selector={POOL_LABEL: "app"},
        )
        self.register_outputs(
            {
                "clusterName": self.cluster_name,
                "endpoint": self._control_plane.endpoint,
                "securityGroupId": self.security_group_id,
            }
        )

    def _role(self) -> tuple[iam.Role, iam.RolePolicyAttachment]:
        role = iam.Role(
            self._name,
            assume_role_policy=service_trust(
                "eks.amazonaws.com",
                account=self._place.account,
                source_arn=self._place.arn("eks", f"cluster/{self.cluster_name}"),
            ),
            opts=self._options.child(self),
        )
        policy = iam.RolePolicyAttachment(
            self._name,
            role=role.name,
            policy_arn=self._place.managed_policy("AmazonEKSClusterPolicy"),
            opts=self._options.child(self),
        )
        return role, policy

    def _create(self) -> eks.Cluster:
        s = self._settings
        role, policy = self._role()
        logs = log_group(
            f"{self._name}-control-plane",
            physical_name=f"/aws/eks/{self.cluster_name}/cluster",
            key_arn=self._keys.logs,
            retention_days=s.log_retention_days,
            opts=self._options.child(self),
        )
        return eks.Cluster(
            self._name,
            name=self.cluster_name,
            role_arn=role.arn,
            version=s.kubernetes_version,
            # At the end of standard support EKS moves on by itself instead of starting to charge for staying.
            upgrade_policy=eks.ClusterUpgradePolicyArgs(support_type="STANDARD"),
            access_config=eks.ClusterAccessConfigArgs(
                authentication_mode="API", bootstrap_cluster_creator_admin_permissions=False
            ),
            bootstrap_self_managed_addons=False,
            deletion_protection=self._options.protects_data,
            enabled_cluster_log_types=list(CONTROL_PLANE_LOGS),
            encryption_config=eks.ClusterEncryptionConfigArgs(
                resources=["secrets"],
                provider=eks.ClusterEncryptionConfigProviderArgs(key_arn=self._keys.secrets),
            ),
            kubernetes_network_config=eks.ClusterKubernetesNetworkConfigArgs(
                service_ipv4_cidr=s.service_cidr
            ),
            vpc_config=eks.ClusterVpcConfigArgs(
                subnet_ids=self._network.private_subnet_ids,
                endpoint_private_access=True,
                endpoint_public_access=bool(s.api.public_cidrs),
                public_access_cidrs=list(s.api.public_cidrs) or None,
            ),
            opts=self._options.cluster(self, depends_on=[policy, logs]),
        )

    def _cloudwatch_agent(self) -> CloudwatchAgent | None:
        if not self._settings.observability:
            return None
        return CloudwatchAgent(
            f"{self._name}-insights",
            cluster_name=self.cluster_name,
            log_retention_days=self._settings.log_retention_days,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._options.child(self),
        )

    def _admins(self) -> list[pulumi.Resource]:
        policies: list[pulumi.Resource] = []
        for person, role in self._settings.admins.items():
            entry = eks.AccessEntry(
                f"{self._name}-admin-{person}",
                cluster_name=self._control_plane.name,
                principal_arn=role,
                type="STANDARD",
                opts=self._options.child(self),
            )
            policies.append(
                eks.AccessPolicyAssociation(
                    f"{self._name}-admin-{person}",
                    cluster_name=self._control_plane.name,
                    principal_arn=entry.principal_arn,
                    policy_arn=f"arn:{self._place.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
                    access_scope=eks.AccessPolicyAssociationAccessScopeArgs(type="cluster"),
                    opts=self._options.child(self),
                )
            )
        return policies

    def _kubeconfig(self) -> pulumi.Output[str]:
        cluster = self._control_plane
        return pulumi.Output.all(endpoint=cluster.endpoint, ca=cluster.certificate_authority.data).apply(
            lambda facts: kubeconfig(
                name=self.cluster_name,
                region=self._place.region,
                endpoint=str(facts["endpoint"]),
                certificate_authority=str(facts["ca"]),
            )
        )

    def _kubernetes(self, ready: list[pulumi.Resource]) -> k8s.Provider:
        # Keyed by the endpoint, which is new with every new cluster and only then: a mere update of the
        # cluster does not show everything inside it as replaced.
        return k8s.Provider(
            self._name,
            kubeconfig=self.kubeconfig,
            cluster_identifier=self._control_plane.endpoint,
            opts=self._options.child(self, depends_on=ready),
        )

    def _storage_class(self) -> None:
        k8s.storage.v1.StorageClass(
            f"{self._name}-gp3",
            metadata=k8s.meta.v1.ObjectMetaArgs(name=STORAGE_CLASS),
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true", "kmsKeyId": self._keys.data},
            reclaim_policy="Retain" if self._options.protects_data else "Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions.merge(
                self._options.child(self), pulumi.ResourceOptions(provider=self.provider)
            ),
        )
