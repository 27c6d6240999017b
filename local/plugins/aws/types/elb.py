"""Application load balancers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    pick,
    tag_list,
)
from local.plugins.aws.types.elb_shared import (
    SERVICE,
    Attributes,
    attributes_read,
    attributes_written,
    tags_read,
    tags_written,
    text,
    without_empty,
)

_ATTRIBUTES: Attributes = {
    "clientKeepAlive": ("client_keep_alive.seconds", int),
    "desyncMitigationMode": ("routing.http.desync_mitigation_mode", str),
    "dropInvalidHeaderFields": ("routing.http.drop_invalid_header_fields.enabled", bool),
    "enableDeletionProtection": ("deletion_protection.enabled", bool),
    "enableHttp2": ("routing.http2.enabled", bool),
    "enableTlsVersionAndCipherSuiteHeaders": (
        "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
        bool,
    ),
    "enableWafFailOpen": ("waf.fail_open.enabled", bool),
    "enableXffClientPort": ("routing.http.xff_client_port.enabled", bool),
    "enableZonalShift": ("zonal_shift.config.enabled", bool),
    "idleTimeout": ("idle_timeout.timeout_seconds", int),
    "preserveHostHeader": ("routing.http.preserve_host_header.enabled", bool),
    "xffHeaderProcessingMode": ("routing.http.xff_header_processing.mode", str),
}
_LOGS = {"accessLogs": "access_logs.s3", "connectionLogs": "connection_logs.s3"}


class LoadBalancer(Resource):
    """Network and gateway load balancers have other attributes and other rules; they are refused."""

    token: ClassVar[str] = "aws:lb/loadBalancer:LoadBalancer"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {"name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"}
    )
    autoname: ClassVar[Autoname | None] = Autoname(limit=32)
    unordered: ClassVar[frozenset[str]] = frozenset({"securityGroups", "subnets"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "clientKeepAlive": 3600,
        "desyncMitigationMode": "defensive",
        "dropInvalidHeaderFields": False,
        "enableDeletionProtection": False,
        "enableHttp2": True,
        "enableTlsVersionAndCipherSuiteHeaders": False,
        "enableWafFailOpen": False,
        "enableXffClientPort": False,
        "enableZonalShift": False,
        "idleTimeout": 60,
        "loadBalancerType": "application",
        "preserveHostHeader": False,
        "xffHeaderProcessingMode": "append",
    }

    def create(self, aws: Aws, inputs: Properties) -> str:
        kind = inputs.get("loadBalancerType", "application")
        if kind != "application":
            raise ResourceError(f"loadBalancerType is {kind}, and only application load balancers are served")
        request: dict[str, Any] = {
            "Name": inputs["name"],
            "Type": kind,
            "Scheme": "internal" if inputs.get("internal") else "internet-facing",
            "Subnets": inputs.get("subnets") or [],
            "Tags": tag_list(inputs.get("tags")),
        }
        if inputs.get("securityGroups"):
            request["SecurityGroups"] = inputs["securityGroups"]
        if inputs.get("ipAddressType"):
            request["IpAddressType"] = inputs["ipAddressType"]
        made = aws.client(SERVICE).create_load_balancer(**without_empty(request))["LoadBalancers"][0]
        arn: str = made["LoadBalancerArn"]
        with finishing(arn):
            aws.wait(f"load balancer {inputs['name']} to be active", lambda: _state(aws, arn) == "active")
            self._set_attributes(aws, arn, inputs)
        return arn

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _balancer(aws, id)
        if found is None:
            return None
        client = aws.client(SERVICE)
        attributes = client.describe_load_balancer_attributes(LoadBalancerArn=id)["Attributes"]
        return {
            **pick(
                found,
                {
                    "LoadBalancerArn": "arn",
                    "LoadBalancerName": "name",
                    "DNSName": "dnsName",
                    "CanonicalHostedZoneId": "zoneId",
                    "VpcId": "vpcId",
                    "Type": "loadBalancerType",
                    "IpAddressType": "ipAddressType",
                    "SecurityGroups": "securityGroups",
                },
            ),
            "arnSuffix": id.rsplit(":loadbalancer/", maxsplit=1)[-1],
            "internal": found["Scheme"] == "internal",
            "subnets": [zone["SubnetId"] for zone in found["AvailabilityZones"]],
            **attributes_read(_ATTRIBUTES, attributes),
            **_logs_read(attributes, state),
            "tags": tags_read(aws, id),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client(SERVICE)
        if "subnets" in changed:
            client.set_subnets(LoadBalancerArn=id, Subnets=new["subnets"])
        if "securityGroups" in changed:
            client.set_security_groups(LoadBalancerArn=id, SecurityGroups=new["securityGroups"])
        if "ipAddressType" in changed:
            client.set_ip_address_type(LoadBalancerArn=id, IpAddressType=new["ipAddressType"])
        if changed & (_ATTRIBUTES.keys() | _LOGS.keys()):
            self._set_attributes(aws, id, new)
        if "tags" in changed:
            tags_written(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("LoadBalancerNotFound"):
            aws.client(SERVICE).delete_load_balancer(LoadBalancerArn=id)
        aws.wait(f"load balancer {id} to be gone", lambda: _balancer(aws, id) is None)

    def _set_attributes(self, aws: Aws, arn: str, inputs: Properties) -> None:
        wanted = attributes_written(_ATTRIBUTES, {**self.defaults, **inputs})
        for name, prefix in _LOGS.items():
            logs: Properties = inputs.get(name) or {}
            wanted.append({"Key": f"{prefix}.enabled", "Value": text(bool(logs.get("enabled")))})
            if logs.get("enabled"):
                wanted.append({"Key": f"{prefix}.bucket", "Value": logs["bucket"]})
                wanted.append({"Key": f"{prefix}.prefix", "Value": logs.get("prefix") or ""})
        aws.client(SERVICE).modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=wanted)


def _balancer(aws: Aws, arn: str) -> dict[str, Any] | None:
    with absent_is_fine("LoadBalancerNotFound"):
        return aws.client(SERVICE).describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0]
    return None


def _state(aws: Aws, arn: str) -> str | None:
    found = _balancer(aws, arn)
    return found["State"]["Code"] if found else None


def _logs_read(attributes: Iterable[Mapping[str, str]], state: Properties) -> Properties:
    """Where the logs go. AWS remembers the bucket of logs that were switched off; that is nothing to show."""
    values = {attribute["Key"]: attribute["Value"] for attribute in attributes}
    found: Properties = {}
    for name, prefix in _LOGS.items():
        enabled = values.get(f"{prefix}.enabled") == "true"
        if not enabled and not state.get(name):
            continue
        parts = {part: values.get(f"{prefix}.{part}", "") for part in ("bucket", "prefix")}
        found[name] = {**parts, "enabled": enabled}
    return found


RESOURCES: tuple[Resource, ...] = (LoadBalancer(),)
