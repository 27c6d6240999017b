"""Workloads that outlive the loss of a node or of a zone, and let nodes be drained."""

from __future__ import annotations

import math

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import kind, matches, pod
from policies.lib.logic import any_holds
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.selectors import Entry, Selectors
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

_WORKLOADS = ("kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet")
_BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
_SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
_ZONE = "topology.kubernetes.io/zone"
_AFFINITIES = (
    ("requiredDuringSchedulingIgnoredDuringExecution", ""),
    ("preferredDuringSchedulingIgnoredDuringExecution", "podAffinityTerm"),
)


class Availability(Settings):
    """How many pods are enough."""

    replicas: int = Field(default=2, ge=1, description="The fewest pods of a workload.")


@stack_rule(
    "k8s-ha",
    types(*_WORKLOADS, _BUDGET, _SCALER),
    title="Workloads have two pods or more, in different zones, of which one at a time may go",
    why="One pod is an outage at every update of its node; pods in one zone go down with it; a budget that "
    "allows nothing stops the draining of nodes for ever.",
    fix="Run two replicas or more, spread them over topology.kubernetes.io/zone, and give them one "
    "PodDisruptionBudget with maxUnavailable 1.",
    severity=Severity.MEDIUM,
    refs="DOC Running highly-available applications",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/application.html",
    dev="disabled",
    prod="mandatory",
    settings=Availability,
    departs="Where an autoscaler sets the number of replicas, its minimum counts.",
)
def available(stack: Stack, check: Check) -> None:
    budgets, scaled = _budgets(stack), _Scaled(stack)
    for workload in stack.of(*_WORKLOADS):
        with check.on(workload):
            with check.part():
                _judge_spread(workload, check)
            replicas = scaled.replicas(workload)
            with check.part():
                if replicas < check.settings(Availability).replicas:
                    check.violation(f"its pods may be as few as {replicas:g}", workload["spec.replicas"])
            _judge_budgets(workload, budgets, replicas, check)


class _Scaled:
    """How many pods workloads have at the least."""

    def __init__(self, stack: Stack) -> None:
        self._scalers: dict[tuple[str, str, str], Resource] = {}
        self._open: Undetermined | None = None
        for scaler in stack.of(_SCALER):
            target = scaler["spec.scaleTargetRef"]
            try:
                key = (namespace_of(scaler), target["kind"].text(), target["name"].text())
                self._scalers[key] = scaler
            except Undetermined as reason:
                self._open = reason

    def replicas(self, workload: Resource) -> float:
        """Raises Undetermined if nobody knows."""
        key = (namespace_of(workload), kind(workload), workload["metadata.name"].text())
        if key in self._scalers:
            return self._scalers[key]["spec.minReplicas"].number(default=1)
        if self._open:
            raise self._open
        return workload["spec.replicas"].number(default=1)


def _judge_spread(workload: Resource, check: Check) -> None:
    template = pod(workload)
    spread = template.spec["topologySpreadConstraints"]
    apart = template.spec["affinity"]["podAntiAffinity"]
    terms = [term[inside] if inside else term for key, inside in _AFFINITIES for term in apart[key].items()]
    labels = template.labels()

    def keeps_apart(term: Value) -> bool:
        # A selector that is not there selects nothing.
        selector = term["labelSelector"]
        return term["topologyKey"].text() == _ZONE and selector.present and matches(selector, labels)

    if not any_holds(*(lambda term=term: keeps_apart(term) for term in (*spread.items(), *terms))):
        check.violation("nothing spreads its pods over zones", spread)


def _budgets(stack: Stack) -> Selectors[Resource]:
    entries: list[Entry[Resource]] = []
    open_: Undetermined | None = None
    for budget in stack.of(_BUDGET):
        try:
            if budget["spec.selector"].present:
                entries.append(Entry(budget, namespace_of(budget), budget["spec.selector"]))
        except Undetermined as reason:
            open_ = reason
    return Selectors(entries, open_)


def _judge_budgets(workload: Resource, budgets: Selectors[Resource], replicas: float, check: Check) -> None:
    selecting = budgets.of(namespace_of(workload), pod(workload).labels())
    found = selecting.surely
    if len(found) > 1:
        check.violation("more than one budget covers its pods, so that none of them can be evicted")
        return
    if selecting.open:
        raise selecting.open
    if not found:
        check.violation("no PodDisruptionBudget covers its pods")
    elif replicas > 0 and _allowed(found[0], replicas) < 1:
        check.violation(
            f"{found[0].name} lets none of {replicas:g} pods go, so that their nodes cannot be drained"
        )


def _allowed(budget: Resource, pods: float) -> float:
    """How many of that many healthy pods may go at once."""
    most, least = budget["spec.maxUnavailable"], budget["spec.minAvailable"]
    if most.present:
        return min(pods, _amount(most, pods))
    # With neither, Kubernetes expects no pods at all, and allows nothing.
    return pods - _amount(least, pods) if least.present else 0


def _amount(value: Value, pods: float) -> float:
    """A number, or a share that is rounded up, as Kubernetes does for budgets."""
    text = value.text()
    try:
        if text.endswith("%"):
            return math.ceil(float(text[:-1]) * pods / 100)
        return int(text)
    except (ValueError, OverflowError):
        raise Undetermined(value.path, "is neither a number nor a percentage") from None
