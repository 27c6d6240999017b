"""The custom resources that the AWS Load Balancer Controller watches, with the fields that this stack uses.

Written here and not taken from its chart: a definition must exist before its first instance can be planned,
and the controller reads no other field of ours. It needs the second kind to start, although the stack has
none.
"""

from __future__ import annotations

from typing import Any

GROUP = "elbv2.k8s.aws"
VERSION = "v1beta1"

_OPEN: dict[str, Any] = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_STRING: dict[str, Any] = {"type": "string"}


def target_group_binding() -> dict[str, Any]:
    """`TargetGroupBinding`: the pods behind a Service become targets of a target group."""
    service = {
        "type": "object",
        "required": ["name", "port"],
        "properties": {"name": _STRING, "port": {"x-kubernetes-int-or-string": True}},
    }
    spec = {
        **_OPEN,
        "required": ["serviceRef"],
        "properties": {
            "serviceRef": service,
            "targetGroupARN": _STRING,
            "targetType": {"type": "string", "enum": ["ip", "instance"]},
            "ipAddressType": {"type": "string", "enum": ["ipv4", "ipv6"]},
            "vpcID": _STRING,
        },
    }
    return _definition("TargetGroupBinding", "targetgroupbindings", spec, scope="Namespaced", status=True)


def ingress_class_params() -> dict[str, Any]:
    """`IngressClassParams`: watched at start, never used."""
    return _definition("IngressClassParams", "ingressclassparams", _OPEN, scope="Cluster", status=False)


def _definition(kind: str, plural: str, spec: dict[str, Any], *, scope: str, status: bool) -> dict[str, Any]:
    properties = {"spec": spec, **({"status": _OPEN} if status else {})}
    version = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": properties}},
        **({"subresources": {"status": {}}} if status else {}),
    }
    return {
        "group": GROUP,
        "scope": scope,
        "names": {"kind": kind, "plural": plural, "singular": kind.lower()},
        "versions": [version],
    }
