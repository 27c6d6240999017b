"""What Container Insights needs beside its add-on: rights, and log groups that are encrypted and end."""

from __future__ import annotations

import pulumi

from infra.aws.documents import Statement, document
from infra.aws.keys import Keys
from infra.aws.log_group import log_group
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options

NAMESPACE = "amazon-cloudwatch"
SERVICE_ACCOUNT = "cloudwatch-agent"
STREAMS = ("application", "dataplane", "host", "performance")
"""What the add-on logs, each to `/aws/containerinsights/<cluster>/<stream>`."""

METRICS_NAMESPACE = "ContainerInsights"


class CloudwatchAgent(pulumi.ComponentResource):
    """The agent's role and log groups; both exist before the add-on, which would make groups without either.

    AWS's own policy for the agent lets it write to every log group of the account; ours names four.
    """

    def __init__(
        self,
        name: str,
        *,
        cluster_name: str,
        log_retention_days: int,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:CloudwatchAgent", name, None, opts)
        groups = {
            stream: log_group(
                f"{name}-{stream}",
                physical_name=f"/aws/containerinsights/{cluster_name}/{stream}",
                key_arn=keys.logs,
                retention_days=log_retention_days,
                opts=options.child(self),
            )
            for stream in STREAMS
        }
        self.role = PodRole(
            f"{name}-pod",
            cluster_name=cluster_name,
            namespace=NAMESPACE,
            service_account=SERVICE_ACCOUNT,
            documents={"insights": insights_policy(cluster_name, place)},
            place=place,
            options=options,
            opts=options.child(self),
        )
        self.ready: list[pulumi.Resource] = [*groups.values(), *self.role.grants]
        self.register_outputs({})


def insights_policy(cluster_name: str, place: Place) -> str:
    """Write to the cluster's own groups, and metrics of one namespace; the rest only describes."""
    group = place.arn("logs", f"log-group:/aws/containerinsights/{cluster_name}/*")
    return document(
        Statement(
            sid="WriteLogs",
            actions=["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            resources=[group, f"{group}:log-stream:*"],
        ),
        Statement(
            sid="PutMetrics",
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": METRICS_NAMESPACE}},
        ),
        Statement(
            sid="Look",
            actions=["ec2:DescribeTags", "ec2:DescribeVolumes", "logs:DescribeLogGroups"],
            resources=["*"],
        ),
    )
