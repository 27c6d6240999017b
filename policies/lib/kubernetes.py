"""The pods in Kubernetes objects, whatever kind of workload holds them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.values import Undetermined, Value

_TEMPLATES = {
    "Pod": "",
    "PodTemplate": "template",
    "CronJob": "spec.jobTemplate.spec.template",
}
_TEMPLATE = "spec.template"
CONTAINER_LISTS = ("containers", "initContainers", "ephemeralContainers")


@dataclass(frozen=True)
class Pod:
    """A pod, or the template of one."""

    metadata: Value
    spec: Value

    def containers(self) -> list[Value]:
        """Its containers of every sort.

        Raises:
            Undetermined: one of the three lists is unknown.
        """
        return [container for name in CONTAINER_LISTS for container in self.spec[name].items()]

    def labels(self) -> dict[str, str]:
        """Raises Undetermined if one of them is unknown."""
        return {key: value.text() for key, value in self.metadata["labels"].entries().items()}


def kind(resource: Resource) -> str:
    """`Deployment` of `kubernetes:apps/v1:Deployment`."""
    return resource.type.rpartition(":")[2]


def template_path(kind: str) -> str:
    """Where a kind of workload has its pod's metadata and spec; empty where it is the pod."""
    return _TEMPLATES.get(kind, _TEMPLATE)


def pod(resource: Resource) -> Pod:
    """The pod of a resource of one of `types.WORKLOADS`; of a patch perhaps only a part of it."""
    path = template_path(kind(resource))
    template = resource[path] if path else resource.props
    return Pod(template["metadata"], template["spec"])


def each_container(
    resource: Resource,
    check: Check,
    judge: Callable[[Value], None],
    lists: Sequence[str] = CONTAINER_LISTS,
) -> None:
    """Ask about every container of every sort; one of which nothing is known hides none of the others."""
    spec = pod(resource).spec
    for name in lists:
        with check.part():
            for container in spec[name].items():
                with check.part():
                    judge(container)


def namespace(resource: Resource) -> str:
    """The namespace of an object; empty where it says none.

    Raises:
        Undetermined: it is unknown.
    """
    return resource["metadata.namespace"].text()


def matches(selector: Value, labels: dict[str, str]) -> bool:
    """Whether a label selector selects these labels; an empty one selects everything.

    Raises:
        Undetermined: a part of the selector is unknown, or an operator is none of Kubernetes'.
    """
    for key, value in selector["matchLabels"].entries().items():
        if labels.get(key) != value.text():
            return False
    return all(_meets(one, labels) for one in selector["matchExpressions"].items())


def _meets(expression: Value, labels: dict[str, str]) -> bool:
    key, operator = expression["key"].text(), expression["operator"].text()
    values = expression["values"].texts()
    found = labels.get(key)
    if operator == "In":
        return found in values
    if operator == "NotIn":
        return found not in values
    if operator == "Exists":
        return found is not None
    if operator == "DoesNotExist":
        return found is None
    raise Undetermined(expression.path, "is not a label selector")
