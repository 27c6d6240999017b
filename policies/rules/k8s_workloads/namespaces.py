"""Where objects live, and what a namespace promises about everything in it."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS, types

_CORE = (
    "Service",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "PersistentVolumeClaim",
    "ResourceQuota",
    "LimitRange",
    "Endpoints",
)
_OTHERS = (
    "autoscaling/v2:HorizontalPodAutoscaler",
    "policy/v1:PodDisruptionBudget",
    "networking.k8s.io/v1:Ingress",
    "networking.k8s.io/v1:NetworkPolicy",
    "rbac.authorization.k8s.io/v1:Role",
    "rbac.authorization.k8s.io/v1:RoleBinding",
    "coordination.k8s.io/v1:Lease",
    "discovery.k8s.io/v1:EndpointSlice",
)
_NAMESPACED = WORKLOADS | types(
    *(f"kubernetes:core/v1:{kind}" for kind in _CORE), *(f"kubernetes:{token}" for token in _OTHERS)
)


class Places(Settings):
    """What may be in the cluster's own namespaces."""

    system: tuple[str, ...] = Field(
        default=("kube-system/load-balancer-controller*",),
        description="Globs over `<namespace>/<logical name>`: what belongs to the cluster itself.",
    )


@resource_rule(
    "k8s-no-default-ns",
    _NAMESPACED,
    title="Objects name their namespace, which is neither default nor the cluster's own",
    why="The default namespace has no quota, no pod security and no network policies; who can write to "
    "kube-system can take over the cluster.",
    fix="Set metadata.namespace to a namespace of the stack's own, or list the object in the rule's system.",
    severity=Severity.MEDIUM,
    refs="CISEKS 4.5.2, CKV K8S_21",
    url="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
    dev="mandatory",
    prod="mandatory",
    settings=Places,
    departs="The load balancer controller belongs to the cluster and runs in kube-system, as with AWS.",
)
def own_namespace(resource: Resource, check: Check) -> None:
    where = resource["metadata.namespace"]
    name = namespace_of(resource)
    if any(fnmatchcase(f"{name}/{resource.name}", glob) for glob in check.settings(Places).system):
        return
    if name == "default":
        check.violation("it is in the namespace that nobody guards", where)
    elif name.startswith("kube-"):
        check.violation("it is in a namespace of the cluster's own", where)
