"""What lets the pods of one workload publish metrics: rights on one namespace, and the way there."""

from __future__ import annotations

import pulumi
from pulumi_aws import eks

from infra.aws.alarm_spec import custom_namespace
from infra.aws.cluster import Cluster
from infra.aws.documents import Statement, document
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.aws.server_identity import AGENT_PORT
from infra.options import Options
from infra.ports import MetricSink, NamespaceAccess, PodIdentity, Reach
from infra.workloads.connections import POD_IDENTITY_AGENT
from infra.workloads.reach import ANY_ADDRESS


class MetricPublisher(pulumi.ComponentResource):
    """`sink` is what the workload is told. `documents` are further rights that its pods need, by purpose."""

    sink: MetricSink

    def __init__(
        self,
        name: str,
        *,
        workload: str,
        documents: dict[str, pulumi.Input[str]] | None = None,
        namespace: NamespaceAccess,
        namespace_name: str,
        cluster: Cluster,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:MetricPublisher", name, None, opts)
        role = PodRole(
            f"{name}-pod",
            cluster_name=cluster.cluster_name,
            namespace=namespace_name,
            service_account=workload,
            documents={"metrics": put_metrics(place), **(documents or {})},
            place=place,
            options=options,
            opts=options.child(self),
        )
        association = eks.PodIdentityAssociation(
            name,
            cluster_name=cluster.cluster_name,
            namespace=namespace.name,
            service_account=workload,
            role_arn=role.arn,
            opts=options.child(self, depends_on=[cluster]),
        )
        self.sink = MetricSink(
            namespace=custom_namespace(place.prefix),
            region=place.region,
            # AWS's own addresses change and are many; the rights say what may be asked there.
            reach=Reach(name="aws", ports=(443,), cidrs=ANY_ADDRESS),
            identity=PodIdentity(
                reach=Reach(name="pod-identity", ports=(AGENT_PORT,), cidrs=(POD_IDENTITY_AGENT,)),
                ready=[association, *role.grants],
            ),
        )
        self.register_outputs({"roleArn": role.arn})


def put_metrics(place: Place) -> str:
    """Publish metrics of the stack; the call knows no resources, so a condition names the namespace."""
    return document(
        Statement(
            sid="PublishMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": custom_namespace(place.prefix)}},
        )
    )


def look_at_instance(arn: str) -> str:
    """Ask about one database instance, and no other."""
    return document(Statement(sid="LookAtInstance", actions=["rds:DescribeDBInstances"], resources=[arn]))
