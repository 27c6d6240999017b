"""Managed node groups: encrypted disks, no way from a pod to the node's credentials."""

from __future__ import annotations

from typing import Literal

import pulumi
from pulumi_aws import ec2, eks, iam

from infra.aws.documents import unconditional_trust
from infra.aws.keys import Keys
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_cluster import ClusterSettings, NodeGroupSettings
from infra.sizing.instance_types import ami_type

Pool = Literal["system", "app", "gpu"]

POOL_LABEL = "roost.dev/pool"
GPU_TAINT = "nvidia.com/gpu"
ROOT_DEVICE = "/dev/xvda"
NODE_POLICIES = {"join": "AmazonEKSWorkerNodePolicy", "pull": "AmazonEC2ContainerRegistryPullOnly"}


class Nodes(pulumi.ComponentResource):
    """The groups `system`, `app` and (where set) `gpu`, on private subnets.

    The program sets bounds and starts with the lower one; how many run between them afterwards is decided
    elsewhere, by a person or an autoscaler, and no `up` takes that back.
    """

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        *,
        cluster: eks.Cluster,
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Nodes", name, None, opts)
        self._name = name
        self._version = settings.kubernetes_version
        self._cluster = cluster
        self._network = network
        self._keys = keys
        self._place = place
        self._options = options
        self._role, self._grants = self._node_role()
        self._pools: dict[Pool, NodeGroupSettings] = {
            "system": settings.system_nodes,
            "app": settings.app_nodes,
        }
        if settings.gpu_nodes:
            self._pools["gpu"] = settings.gpu_nodes
        self.groups: dict[Pool, eks.NodeGroup] = {}

    def create(self, *, after: list[pulumi.Resource]) -> list[pulumi.Resource]:
        """Create the groups once `after` is there: a node without a network plugin never becomes ready.

        Returns those that ordinary pods need.
        """
        self.groups = {pool: self._group(pool, settings, after) for pool, settings in self._pools.items()}
        self.register_outputs({"groups": {pool: group.arn for pool, group in self.groups.items()}})
        # GPUs can be sold out; what does not need them must not wait for them.
        return [group for pool, group in self.groups.items() if pool != "gpu"]

    def _node_role(self) -> tuple[iam.Role, list[pulumi.Resource]]:
        role = iam.Role(
            self._name,
            assume_role_policy=unconditional_trust("ec2.amazonaws.com"),
            opts=self._options.child(self),
        )
        return role, [
            iam.RolePolicyAttachment(
                f"{self._name}-{purpose}",
                role=role.name,
                policy_arn=self._place.managed_policy(policy),
                opts=self._options.child(self),
            )
            for purpose, policy in NODE_POLICIES.items()
        ]

    def _template(self, pool: Pool, settings: NodeGroupSettings) -> ec2.LaunchTemplate:
        tags = {"Name": f"{self._place.prefix}-{pool}"}
        return ec2.LaunchTemplate(
            f"{self._name}-{pool}",
            description=f"{self._place.prefix}: nodes of the {pool} group",
            update_default_version=True,
            block_device_mappings=[
                ec2.LaunchTemplateBlockDeviceMappingArgs(
                    device_name=ROOT_DEVICE,
                    ebs=ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
                        volume_type="gp3",
                        volume_size=settings.disk_gib,
                        throughput=settings.disk_mib_per_second,
                        encrypted="true",
                        kms_key_id=self._keys.data,
                        delete_on_termination="true",
                    ),
                )
            ],
            # One hop: a pod on its own network cannot reach the node's credentials.
            metadata_options=ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            monitoring=ec2.LaunchTemplateMonitoringArgs(enabled=True),
            tag_specifications=[
                ec2.LaunchTemplateTagSpecificationArgs(resource_type=kind, tags=tags)
                for kind in ("instance", "volume", "network-interface")
            ],
            opts=self._options.child(self),
        )

    def _subnets(self, settings: NodeGroupSettings) -> list[pulumi.Output[str]]:
        zones = zip(self._network.plan.private, self._network.private_subnet_ids, strict=True)
        return [subnet for zone, subnet in zones if not settings.zones or zone in settings.zones]

    def _group(self, pool: Pool, settings: NodeGroupSettings, after: list[pulumi.Resource]) -> eks.NodeGroup:
        template = self._template(pool, settings)
        gpu = pool == "gpu"
        taints = [eks.NodeGroupTaintArgs(key=GPU_TAINT, value="true", effect="NO_SCHEDULE")] if gpu else None
        return eks.NodeGroup(
            f"{self._name}-{pool}",
            cluster_name=self._cluster.name,
            node_role_arn=self._role.arn,
            subnet_ids=self._subnets(settings),
            version=self._version,
            ami_type=ami_type(settings.instance_types, gpu=gpu),
            instance_types=list(settings.instance_types),
            capacity_type="SPOT" if settings.capacity == "spot" else "ON_DEMAND",
            launch_template=eks.NodeGroupLaunchTemplateArgs(
                id=template.id, version=template.latest_version.apply(str)
            ),
            scaling_config=eks.NodeGroupScalingConfigArgs(
                min_size=settings.min_nodes, max_size=settings.max_nodes, desired_size=settings.min_nodes
            ),
            update_config=eks.NodeGroupUpdateConfigArgs(max_unavailable_percentage=33),
            node_repair_config=eks.NodeGroupNodeRepairConfigArgs(enabled=True),
            labels={POOL_LABEL: pool},
            taints=taints,
            opts=pulumi.ResourceOptions.merge(
                self._options.node_group(self, depends_on=[*self._grants, *after]),
                pulumi.ResourceOptions(ignore_changes=["scalingConfig.desiredSize"]),
            ),
        )
