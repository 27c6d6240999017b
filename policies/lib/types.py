"""Type tokens: what one kind of resource is called, whatever name and version a program uses for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

_LOAD_BALANCING = re.compile(r"^aws:(?:alb|elasticloadbalancingv2)/")
_S3_V2 = re.compile(r"^aws:s3/(bucket\w*)V2:(Bucket\w*)V2$")
_KUBERNETES = re.compile(r"^kubernetes:(?P<group>[^/]+)/(?P<version>v\d\w*):(?P<kind>\w+?)(?:Patch|List)?$")
_MOVED_FROM_EXTENSIONS = {
    "Deployment": "apps",
    "DaemonSet": "apps",
    "ReplicaSet": "apps",
    "Ingress": "networking.k8s.io",
    "NetworkPolicy": "networking.k8s.io",
}
_LATEST = {"autoscaling": "v2"}
"""Versions of canonical Kubernetes tokens; v1 where none is named."""
_BUILT_IN = frozenset({"core", "apps", "batch", "policy", "extensions", "autoscaling"})


@cache
def canonical(token: str) -> str:
    """The one token that rules use: `aws:alb/listener:Listener` is `aws:lb/listener:Listener`, a
    `kubernetes:apps/v1beta1:DeploymentPatch` or `…List` is `kubernetes:apps/v1:Deployment`."""
    if token.startswith("kubernetes:"):
        return _canonical_kubernetes(token)
    token = _LOAD_BALANCING.sub("aws:lb/", token)
    return _S3_V2.sub(r"aws:s3/\1:\2", token)


def _canonical_kubernetes(token: str) -> str:
    found = _KUBERNETES.match(token)
    if found is None:
        return token
    group, kind = found["group"], found["kind"]
    if group in ("extensions", "policy") and kind in _MOVED_FROM_EXTENSIONS:
        group = _MOVED_FROM_EXTENSIONS[kind]
    if group not in _BUILT_IN and (not group.endswith(".k8s.io") or group.endswith(".x-k8s.io")):
        # A custom resource, or a chart: its version is its own.
        return token.removesuffix("Patch").removesuffix("List")
    return f"kubernetes:{group}/{_LATEST.get(group, 'v1')}:{kind}"


def is_patch(token: str) -> bool:
    """Whether it changes a part of an object that something else made."""
    return token.startswith("kubernetes:") and token.endswith("Patch")


def is_list(token: str) -> bool:
    """Whether it holds several objects under `items`."""
    return token.startswith("kubernetes:") and token.endswith("List")


@dataclass(frozen=True)
class Types:
    """Which resources a rule looks at: canonical tokens, or everything that begins with a prefix."""

    tokens: frozenset[str]
    prefixes: tuple[str, ...] = ()

    def __contains__(self, token: str) -> bool:
        return token in self.tokens or (bool(self.prefixes) and token.startswith(self.prefixes))

    def __or__(self, other: Types) -> Types:
        return Types(self.tokens | other.tokens, self.prefixes + other.prefixes)


def types(*tokens: str | Iterable[str]) -> Types:
    """`types("aws:lb/listener:Listener")`; a token that ends in `*` is a prefix.

    Raises:
        ValueError: a token is not the canonical one, so nothing would ever match it.
    """
    flat = [one for token in tokens for one in ([token] if isinstance(token, str) else token)]
    for token in flat:
        if not token.endswith("*") and canonical(token) != token:
            raise ValueError(f"rules name canonical types: {canonical(token)}, not {token}")
    return Types(
        frozenset(token for token in flat if not token.endswith("*")),
        tuple(token[:-1] for token in flat if token.endswith("*")),
    )


WORKLOADS = types(
    *(f"kubernetes:core/v1:{kind}" for kind in ("Pod", "PodTemplate", "ReplicationController")),
    *(f"kubernetes:apps/v1:{kind}" for kind in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
    *(f"kubernetes:batch/v1:{kind}" for kind in ("Job", "CronJob")),
)
"""Everything that holds a pod, or a template of one."""
SECURITY_GROUP_RULES = types(
    "aws:ec2/securityGroup:SecurityGroup",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    "aws:ec2/securityGroupRule:SecurityGroupRule",
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
)
"""The forms in which a security group's rules are written."""
