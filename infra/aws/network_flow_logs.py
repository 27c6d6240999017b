"""Flow logs: every accepted and rejected connection of a VPC, encrypted and with an end."""

from __future__ import annotations

from typing import Literal

import pulumi
from pulumi_aws import ec2, iam

from infra.aws.bucket import Bucket, BucketSpec
from infra.aws.documents import Statement, document, service_trust
from infra.aws.keys import Keys
from infra.aws.log_group import log_group
from infra.aws.place import Place
from infra.options import Options

Destination = Literal["cloudwatch", "s3"]


class FlowLogs(pulumi.ComponentResource):
    """The flow log of a VPC, and the log group or bucket that it writes to."""

    def __init__(
        self,
        name: str,
        *,
        vpc: ec2.Vpc,
        destination: Destination,
        retention_days: int,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:FlowLogs", name, None, opts)
        self._name = name
        self._vpc = vpc
        self._retention_days = retention_days
        self._keys = keys
        self._place = place
        self._options = options
        self.flow_log_id = (self._to_cloudwatch() if destination == "cloudwatch" else self._to_s3()).id
        self.register_outputs({"flowLogId": self.flow_log_id})

    def _to_cloudwatch(self) -> ec2.FlowLog:
        group_name = f"/roost/{self._place.prefix}/flow-logs"
        group = log_group(
            self._name,
            physical_name=group_name,
            key_arn=self._keys.logs,
            retention_days=self._retention_days,
            opts=self._options.child(self),
        )
        role = iam.Role(
            self._name,
            assume_role_policy=service_trust("vpc-flow-logs.amazonaws.com", account=self._place.account),
            opts=self._options.child(self),
        )
        grant = iam.RolePolicy(
            self._name,
            role=role.name,
            policy=document(_write_to(group_name, self._place)),
            opts=self._options.child(self),
        )
        return ec2.FlowLog(
            self._name,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            opts=self._options.child(self, depends_on=[grant]),
        )

    def _to_s3(self) -> ec2.FlowLog:
        bucket = Bucket(
            self._name,
            BucketSpec(
                purpose="flow-logs", expire_days=self._retention_days, receives="flow-logs", replaceable=True
            ),
            key_arn=self._keys.logs,
            logs=None,
            place=self._place,
            options=self._options,
            opts=self._options.child(self),
        )
        return ec2.FlowLog(
            self._name,
            vpc_id=self._vpc.id,
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=bucket.arn,
            max_aggregation_interval=60,
            # AWS replaces the bucket's policy by one of its own where it finds no right to deliver.
            opts=self._options.child(self, depends_on=[bucket.policy]),
        )


def _write_to(group_name: str, place: Place) -> Statement:
    return Statement(
        sid="WriteOwnGroup",
        actions=[
            "logs:CreateLogStream",
            "logs:PutLogEvents",
            "logs:DescribeLogGroups",
            "logs:DescribeLogStreams",
        ],
        resources=[
            place.arn("logs", f"log-group:{group_name}"),
            place.arn("logs", f"log-group:{group_name}:*"),
        ],
    )
