"""The way from the load balancer to the server's pods, and nothing beside it."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws import vpc as rules

from infra.aws.binding_definitions import GROUP, VERSION
from infra.aws.cluster import Cluster
from infra.aws.edge import Edge
from infra.aws.load_balancer_controller import LoadBalancerController
from infra.aws.network_port import NetworkPort
from infra.options import Options
from infra.ports import ServerEndpoint
from infra.workloads.connections import Entrance
from infra.workloads.labels import NAME, labels
from infra.workloads.openings import open_connections

WORKLOAD = "load-balancer"


class ServerAttachment(pulumi.ComponentResource):
    """Security group rules at both ends, the opening in the namespace, and the TargetGroupBinding."""

    def __init__(
        self,
        name: str,
        *,
        server: ServerEndpoint,
        edge: Edge,
        controller: LoadBalancerController,
        cluster: Cluster,
        network: NetworkPort,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ServerAttachment", name, None, opts)
        self._name = name
        in_cluster = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(provider=cluster.provider)
        )
        doors = self._doors(server.port, edge, cluster, options)
        entrance = Entrance(
            name="load-balancer-to-server",
            server=server.labels[NAME],
            ports=(server.port,),
            cidrs=tuple(network.plan.public.values()),
        )
        openings = open_connections([entrance], server.namespace, in_cluster)
        self.binding = k8s.apiextensions.CustomResource(
            name,
            api_version=f"{GROUP}/{VERSION}",
            kind="TargetGroupBinding",
            metadata={"name": "server", "namespace": server.namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "serviceRef": {"name": server.service, "port": server.port},
                "targetGroupARN": edge.target_group_arn,
                "targetType": "ip",
                "ipAddressType": "ipv4",
            },
            # The controller goes last: it takes the finalizer off, or the namespace could never be deleted.
            opts=pulumi.ResourceOptions.merge(
                in_cluster, pulumi.ResourceOptions(depends_on=[controller, *doors, *openings, edge.listener])
            ),
        )
        self.register_outputs({})

    def _doors(self, port: int, edge: Edge, cluster: Cluster, options: Options) -> list[pulumi.Resource]:
        return [
            rules.SecurityGroupEgressRule(
                f"{self._name}-out",
                security_group_id=edge.security_group_id,
                referenced_security_group_id=cluster.security_group_id,
                description="To the server's pods",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=options.child(self),
            ),
            rules.SecurityGroupIngressRule(
                f"{self._name}-in",
                security_group_id=cluster.security_group_id,
                referenced_security_group_id=edge.security_group_id,
                description="From the load balancer to the server's pods",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=options.child(self),
            ),
        ]
