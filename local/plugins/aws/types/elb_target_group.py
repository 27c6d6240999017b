"""Target groups of application load balancers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    finishing,
    pick,
    put,
    tag_list,
)
from local.plugins.aws.types.elb_shared import (
    SERVICE,
    Attributes,
    attributes_read,
    attributes_written,
    tags_read,
    tags_written,
    without_empty,
)

_ATTRIBUTES: Attributes = {
    "deregistrationDelay": ("deregistration_delay.timeout_seconds", int),
    "loadBalancingAlgorithmType": ("load_balancing.algorithm.type", str),
    "loadBalancingCrossZoneEnabled": ("load_balancing.cross_zone.enabled", str),
    "slowStart": ("slow_start.duration_seconds", int),
}
_STICKINESS: Attributes = {
    "cookieDuration": ("stickiness.lb_cookie.duration_seconds", int),
    "enabled": ("stickiness.enabled", bool),
    "type": ("stickiness.type", str),
}
_HEALTH = {
    "enabled": "HealthCheckEnabled",
    "healthyThreshold": "HealthyThresholdCount",
    "interval": "HealthCheckIntervalSeconds",
    "path": "HealthCheckPath",
    "port": "HealthCheckPort",
    "protocol": "HealthCheckProtocol",
    "timeout": "HealthCheckTimeoutSeconds",
    "unhealthyThreshold": "UnhealthyThresholdCount",
}
# Of the Terraform AWS provider (internal/service/elbv2/target_group.go).
_HEALTH_DEFAULTS: Properties = {
    "enabled": True,
    "healthyThreshold": 3,
    "interval": 30,
    "port": "traffic-port",
    "protocol": "HTTP",
    "unhealthyThreshold": 3,
}
_NAMES = {
    "TargetGroupArn": "arn",
    "TargetGroupName": "name",
    "Port": "port",
    "Protocol": "protocol",
    "ProtocolVersion": "protocolVersion",
    "TargetType": "targetType",
    "VpcId": "vpcId",
    "IpAddressType": "ipAddressType",
}


class TargetGroup(Resource):
    """`loadBalancerArns` is left out: it is the listeners that change it."""

    token: ClassVar[str] = "aws:lb/targetGroup:TargetGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "ipAddressType",
            "name",
            "namePrefix",
            "port",
            "protocol",
            "protocolVersion",
            "targetType",
            "vpcId",
        }
    )
    autoname: ClassVar[Autoname | None] = Autoname(limit=32)
    defaults: ClassVar[Mapping[str, Any]] = {
        "deregistrationDelay": 300,
        "slowStart": 0,
        "targetType": "instance",
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        given = {ours: theirs for theirs, ours in _NAMES.items() if ours not in ("arn", "name")}
        made = aws.client(SERVICE).create_target_group(
            Name=inputs["name"],
            **put(inputs, given),
            **_health(inputs),
            **without_empty({"Tags": tag_list(inputs.get("tags"))}),
        )
        arn: str = made["TargetGroups"][0]["TargetGroupArn"]
        with finishing(arn):
            self._set_attributes(aws, arn, inputs)
        return arn

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine("TargetGroupNotFound"):
            found = aws.client(SERVICE).describe_target_groups(TargetGroupArns=[id])["TargetGroups"][0]
            attributes = aws.client(SERVICE).describe_target_group_attributes(TargetGroupArn=id)["Attributes"]
            health = pick(found, {theirs: ours for ours, theirs in _HEALTH.items()})
            if found.get("Matcher"):
                health["matcher"] = found["Matcher"].get("HttpCode") or found["Matcher"].get("GrpcCode")
            return {
                **pick(found, _NAMES),
                "arnSuffix": id.rsplit(":", 1)[-1],
                "healthCheck": health,
                "stickiness": attributes_read(_STICKINESS, attributes),
                **attributes_read(_ATTRIBUTES, attributes),
                "tags": tags_read(aws, id),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if "healthCheck" in changed:
            aws.client(SERVICE).modify_target_group(TargetGroupArn=id, **_health(new))
        if changed & (_ATTRIBUTES.keys() | {"stickiness"}):
            self._set_attributes(aws, id, new)
        if "tags" in changed:
            tags_written(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("TargetGroupNotFound"):
            aws.client(SERVICE).delete_target_group(TargetGroupArn=id)

    def _set_attributes(self, aws: Aws, arn: str, inputs: Properties) -> None:
        wanted = attributes_written(_ATTRIBUTES, {**self.defaults, **inputs})
        if inputs.get("stickiness"):
            wanted += attributes_written(_STICKINESS, {"enabled": True, **inputs["stickiness"]})
        aws.client(SERVICE).modify_target_group_attributes(TargetGroupArn=arn, Attributes=wanted)


def _health(inputs: Properties) -> dict[str, Any]:
    """The health check in a request: what is not given is the default, also after a change."""
    check: Properties = {**_HEALTH_DEFAULTS, **(inputs.get("healthCheck") or {})}
    request = put(check, _HEALTH)
    if check.get("matcher"):
        code = "GrpcCode" if inputs.get("protocolVersion") == "GRPC" else "HttpCode"
        request["Matcher"] = {code: check["matcher"]}
    return request


RESOURCES: tuple[Resource, ...] = (TargetGroup(),)
