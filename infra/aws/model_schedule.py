"""When the GPU nodes are there: two schedules that ask EKS for them, and for none, by the clock."""

from __future__ import annotations

import json

import pulumi
from pulumi_aws import eks, iam, scheduler

from infra.aws.cluster import Cluster
from infra.aws.documents import Statement, document, service_trust
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_cluster import NodeGroupSettings
from infra.settings.inference import ScheduleSettings

TARGET = "aws-sdk:eks:updateNodegroupConfig"


class ModelSchedule(pulumi.ComponentResource):
    """EventBridge Scheduler changes the node group through EKS's own API; pods follow their nodes.

    A Deployment whose nodes are gone waits, and starts when they are back: nothing in the cluster has to be
    awake to bring it up.
    """

    def __init__(
        self,
        name: str,
        settings: ScheduleSettings,
        *,
        nodes: NodeGroupSettings,
        running: int,
        cluster: Cluster,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ModelSchedule", name, None, opts)
        assert cluster.gpu_group is not None  # a rule asks for GPU nodes
        self._name = name
        self._settings = settings
        self._nodes = nodes
        self._cluster = cluster.cluster_name
        self._group: eks.NodeGroup = cluster.gpu_group
        self._place = place
        self._options = options
        role = self._role()
        self._at("start", settings.start, running, role)
        self._at("stop", settings.stop, 0, role)
        self.register_outputs({})

    def _role(self) -> iam.Role:
        role = iam.Role(
            self._name,
            description=f"{self._place.prefix}: the schedule of the GPU nodes",
            assume_role_policy=service_trust("scheduler.amazonaws.com", account=self._place.account),
            opts=self._options.child(self),
        )
        iam.RolePolicy(
            self._name,
            role=role.name,
            policy=self._group.arn.apply(
                lambda arn: document(
                    Statement(sid="ScaleOneGroup", actions=["eks:UpdateNodegroupConfig"], resources=[arn])
                )
            ),
            opts=self._options.child(self),
        )
        return role

    def _at(self, moment: str, clock: str, count: int, role: iam.Role) -> None:
        hour, minute = (int(part) for part in clock.split(":"))
        scheduler.Schedule(
            f"{self._name}-{moment}",
            description=f"{self._place.prefix}: {count} GPU nodes from {clock}",
            schedule_expression=f"cron({minute} {hour} ? * {self._settings.days} *)",
            schedule_expression_timezone=self._settings.time_zone,
            flexible_time_window=scheduler.ScheduleFlexibleTimeWindowArgs(mode="OFF"),
            target=scheduler.ScheduleTargetArgs(
                arn=f"arn:{self._place.partition}:scheduler:::{TARGET}",
                role_arn=role.arn,
                input=self._group.node_group_name.apply(lambda group: self._request(group, count)),
                # An hour later somebody may have decided otherwise.
                retry_policy=scheduler.ScheduleTargetRetryPolicyArgs(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=10
                ),
            ),
            opts=self._options.child(self),
        )

    def _request(self, group: str, count: int) -> str:
        """As the scheduler wants it: the API's parameters with capitals, whatever EKS's own JSON has."""
        scaling = {"MinSize": 0, "MaxSize": self._nodes.max_nodes, "DesiredSize": count}
        return json.dumps({"ClusterName": self._cluster, "NodegroupName": group, "ScalingConfig": scaling})
