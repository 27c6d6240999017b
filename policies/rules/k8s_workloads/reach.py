"""Who can reach a workload's pods, and what they can reach: Services, ways in, network policies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from policies.lib.check import Check
from policies.lib.kubernetes import matches, pod
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

SERVICE = "kubernetes:core/v1:Service"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
REACH = types(SERVICE, INGRESS, BINDING, POLICY)
"""What a rule has to see to ask here."""


@dataclass(frozen=True)
class Found:
    """Resources that belong to a workload, and why there may be more."""

    resources: tuple[Resource, ...]
    open: Undetermined | None

    def told(self, check: Check) -> tuple[Resource, ...]:
        """The resources; that there may be more is told to `check`."""
        if self.open:
            with check.part():
                raise self.open
        return self.resources

    @property
    def none(self) -> bool:
        """Whether there is none for sure."""
        return not self.resources and self.open is None


class Reach:
    """What there is around the pods of one workload."""

    def __init__(self, stack: Stack, workload: Resource) -> None:
        """Raises Undetermined if its namespace or labels are unknown."""
        self._stack = stack
        self._workload = workload
        self._namespace = namespace_of(workload)
        self._labels = pod(workload).labels()

    def services(self) -> Found:
        """The Services that lead to its pods."""
        return self._found(SERVICE, self._is_selected)

    def entrances(self, service: Resource) -> Found:
        """Ingresses and target group bindings that lead to a Service."""
        return self._found(INGRESS, lambda one: _leads_to(one, service), BINDING)

    def policies(self, direction: str) -> Found:
        """The network policies that limit its `Ingress` or `Egress`."""
        return self._found(
            POLICY,
            lambda one: direction in _directions(one) and matches(one["spec.podSelector"], self._labels),
        )

    def port(self, value: Value) -> float:
        """The number of a port that is named or given.

        Raises:
            Undetermined: it is unknown, or no container has a port of that name.
        """
        name = value.text()
        if name.isdigit():
            return int(name)
        for container in pod(self._workload).containers():
            for one in container["ports"].items():
                if one["name"].text() == name:
                    return one["containerPort"].number(default=0)
        raise Undetermined(value.path, "names no port of the pod")

    def _found(self, type_: str, belongs: Callable[[Resource], bool], *others: str) -> Found:
        found: list[Resource] = []
        open_: Undetermined | None = None
        for one in self._stack.of(type_, *others):
            try:
                if namespace_of(one) == self._namespace and belongs(one):
                    found.append(one)
            except Undetermined as reason:
                open_ = open_ or reason
        return Found(tuple(found), open_)

    def _is_selected(self, service: Resource) -> bool:
        wanted = service["spec.selector"].entries()
        return bool(wanted) and all(self._labels.get(key) == value.text() for key, value in wanted.items())


def _directions(policy: Resource) -> set[str]:
    named = policy["spec.policyTypes"]
    if named.present:
        return set(named.texts())
    return {"Ingress", "Egress"} if policy["spec.egress"].present else {"Ingress"}


def _leads_to(entrance: Resource, service: Resource) -> bool:
    if entrance.depends_on(service, "spec"):
        return True
    name = service["metadata.name"].text(default=service.name)
    return any(one.text() == name for one in _backends(entrance))


def _backends(entrance: Resource) -> Iterator[Value]:
    if entrance.type == BINDING:
        yield entrance["spec.serviceRef.name"]
        return
    yield entrance["spec.defaultBackend.service.name"]
    for rule in entrance["spec.rules"].items():
        for path in rule["http"]["paths"].items():
            yield path["backend"]["service"]["name"]


def peers(rule: Value, side: str) -> list[Value]:
    """Whom one rule of a policy lets in (`from`) or out to (`to`); empty means everybody."""
    return rule[side].items()


def is_some_pods(peer: Value) -> bool:
    """Whether a peer is a choice of pods; a namespace as a whole, or addresses, are none.

    Raises:
        Undetermined: it is unknown.
    """
    selector = peer["podSelector"]
    return bool(selector["matchLabels"].entries() or selector["matchExpressions"].items())
