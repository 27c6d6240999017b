"""Flow logs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
    tag_map,
)
from local.plugins.aws.types.ec2_shared import arn, client, one, only, retag, tagged

_ABSENT = "InvalidFlowLogId.NotFound"
_WATCHED = {"vpcId": "VPC", "subnetId": "Subnet", "eniId": "NetworkInterface"}
_BY_PREFIX = {"vpc-": "vpcId", "subnet-": "subnetId", "eni-": "eniId"}
_SETTINGS = {
    "trafficType": "TrafficType",
    "iamRoleArn": "DeliverLogsPermissionArn",
    "logDestination": "LogDestination",
    "logDestinationType": "LogDestinationType",
    "logFormat": "LogFormat",
    "maxAggregationInterval": "MaxAggregationInterval",
}
_OPTIONS = {
    "fileFormat": "FileFormat",
    "hiveCompatiblePartitions": "HiveCompatiblePartitions",
    "perHourPartition": "PerHourPartition",
}


class FlowLog(Resource):
    """Of a VPC, a subnet or an interface, to CloudWatch Logs or S3; AWS changes nothing but tags."""

    token: ClassVar[str] = "aws:ec2/flowLog:FlowLog"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({*_WATCHED, *_SETTINGS, "destinationOptions"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "logDestinationType": "cloud-watch-logs",
        "maxAggregationInterval": 600,
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, self.replaces)
        watched = put(inputs, {name: name for name in _WATCHED})
        if len(watched) != 1:
            raise ResourceError(f"exactly one of {', '.join(_WATCHED)} is needed, {len(watched)} are given")
        ((name, id),) = watched.items()  # noqa: A001
        options = put(inputs.get("destinationOptions") or {}, _OPTIONS)
        made = client(aws).create_flow_logs(
            ResourceType=_WATCHED[name],
            ResourceIds=[id],
            **put({**self.defaults, **inputs}, _SETTINGS),
            **({"DestinationOptions": options} if options else {}),
            **tagged("vpc-flow-log", inputs),
        )
        for failed in made.get("Unsuccessful") or ():
            raise ResourceError(f"flow log of {failed['ResourceId']}: {failed['Error']['Message']}")
        return made["FlowLogIds"][0]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = one(client(aws).describe_flow_logs, "FlowLogs", _ABSENT, FlowLogIds=[id])
        if found is None:
            return None
        watched: str = found["ResourceId"]
        options = pick(found.get("DestinationOptions") or {}, {v: k for k, v in _OPTIONS.items()})
        return {
            **{name: watched for prefix, name in _BY_PREFIX.items() if watched.startswith(prefix)},
            **pick(found, {theirs: ours for ours, theirs in _SETTINGS.items()}),
            **({"destinationOptions": options} if options else {}),
            "arn": arn(aws, "vpc-flow-log", id),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            client(aws).delete_flow_logs(FlowLogIds=[id])


RESOURCES: tuple[Resource, ...] = (FlowLog(),)
