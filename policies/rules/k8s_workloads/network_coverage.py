"""No pod is left open because no policy is about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.logic import all_hold, any_holds
from policies.lib.namespaced import NAMESPACE, Namespaced, namespace_of
from policies.lib.network_policies import (
    DIRECTIONS,
    NETWORK_POLICY,
    Direction,
    holds_back,
    is_empty,
    peers,
    rules,
    selects_all,
)
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.selectors import Entry, Selectors
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value

_GUIDE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"


class Covered(Settings):
    """Which namespaces are the stack's."""

    system_namespaces: tuple[str, ...] = Field(
        default=("kube-*",), description="Globs of namespaces that belong to the cluster itself."
    )

    def is_system(self, name: str) -> bool:
        """Whether a namespace of that name is the cluster's."""
        return any(fnmatchcase(name, glob) for glob in self.system_namespaces)


@stack_rule(
    "np-default-deny",
    types(NAMESPACE, NETWORK_POLICY),
    title="In every namespace nothing is allowed that no policy allows",
    why="Without such a policy a new pod can reach everything and be reached, until somebody thinks of it.",
    fix="Add a NetworkPolicy with podSelector {}, policyTypes [Ingress, Egress] and no rules.",
    severity=Severity.HIGH,
    refs="CISEKS 4.3.2, NSA C-0030, NSA C-0260, CKV 2_K8S_6",
    url=_GUIDE,
    dev="advisory",
    prod="mandatory",
    settings=Covered,
    departs="One policy for each direction will do as well as one for both.",
)
def default_deny(stack: Stack, check: Check) -> None:
    policies = Namespaced(stack, NETWORK_POLICY)
    for home in stack.of(NAMESPACE):
        if home.patch:
            continue
        with check.on(home):
            name = home["metadata.name"]
            if name.known and check.settings(Covered).is_system(name.text()):
                continue
            inside, open_ = policies.within(home)
            for direction in DIRECTIONS:
                with check.part():
                    if not _denied(inside, direction, open_):
                        check.violation(f"nothing denies {direction} by default")


def _denied(policies: list[Resource], direction: Direction, open_: Undetermined | None) -> bool:
    for policy in policies:
        try:
            if all_hold(
                lambda policy=policy: selects_all(policy),
                lambda policy=policy: holds_back(policy, direction),
                lambda policy=policy: not policy["spec"][direction].items(),
            ):
                return True
        except Undetermined as reason:
            open_ = reason
    if open_:
        raise open_
    return False


@dataclass
class _Use:
    """A selector in a policy, and whether any pod of this stack has its labels."""

    policy: Resource
    home: str
    selector: Value
    what: str
    useful: bool = False
    blurred: Undetermined | None = None
    """Why nobody knows that yet."""

    @property
    def entry(self) -> Entry[_Use]:
        """For `Selectors`."""
        return Entry(self, self.home, self.selector)


@stack_rule(
    "np-pods-covered",
    WORKLOADS | types(NETWORK_POLICY),
    title="Every pod is closed in both directions, reachable if it listens, and no policy is about nobody",
    why="A typing error in a label leaves a pod open, or cut off; the policy for it looks right.",
    fix="Let a policy for each direction select the pod, one that allows ingress if it has ports, and make "
    "every selector match the labels of a pod.",
    severity=Severity.MEDIUM,
    refs="NSA C-0054",
    url=_GUIDE,
    dev="advisory",
    prod="mandatory",
    settings=Covered,
    departs="A pod that has no ports needs nobody who may reach it, and one that calls nobody no way out. "
    "Pods in the cluster's own namespaces are the cluster's.",
)
def pods_covered(stack: Stack, check: Check) -> None:
    settings = check.settings(Covered)
    own, named, open_ = _uses(stack, check)
    covering = Selectors([use.entry for use in own], open_)
    mentioning = Selectors([use.entry for use in named])
    blurred: dict[str, Undetermined] = {}
    lost: Undetermined | None = None
    for workload in stack.of(*WORKLOADS.tokens):
        with check.on(workload):
            try:
                home = namespace_of(workload)
            except Undetermined as reason:
                lost = reason
                raise
            if settings.is_system(home):
                continue
            try:
                labels = pod(workload).labels()
            except Undetermined as reason:
                blurred[home] = reason
                raise
            found, mentioned = covering.of(home, labels), mentioning.of(home, labels)
            for use in (*found.surely, *mentioned.surely):
                use.useful = True
            for use in (*found.perhaps, *mentioned.perhaps):
                use.blurred = found.open or mentioned.open
            _judge_pod(workload, [use.policy for use in found.surely], found.open, check)
    for use in (*own, *named):
        if not use.useful and not settings.is_system(use.home):
            with check.on(use.policy):
                _judge_useless(use, use.blurred or blurred.get(use.home) or lost, check)


def _uses(stack: Stack, check: Check) -> tuple[list[_Use], list[_Use], Undetermined | None]:
    """What policies select, what they name as peers, and why that is not all."""
    own: list[_Use] = []
    named: list[_Use] = []
    open_: Undetermined | None = None
    for policy in stack.of(NETWORK_POLICY):
        with check.on(policy):
            try:
                home = namespace_of(policy)
            except Undetermined as reason:
                open_ = reason
                raise
            own.append(_Use(policy, home, policy["spec.podSelector"], "it selects no pod of this stack"))
            for direction in DIRECTIONS:
                with check.part():
                    for rule in rules(policy, direction):
                        named += [
                            _Use(policy, home, peer["podSelector"], "a peer is no pod of this stack")
                            for peer in peers(rule, direction)
                            if peer["podSelector"].present and not peer["namespaceSelector"].present
                        ]
    return own, named, open_


def _judge_pod(
    workload: Resource, policies: list[Resource], open_: Undetermined | None, check: Check
) -> None:
    def some(question: Callable[[Resource], bool]) -> bool:
        """Whether the answer is yes for a policy, known or not."""

        def nobody_knows() -> bool:
            if open_:
                raise open_
            return False

        return any_holds(*(lambda policy=policy: question(policy) for policy in policies), nobody_knows)

    for direction in DIRECTIONS:
        with check.part():
            if not some(lambda policy, direction=direction: holds_back(policy, direction)):
                check.violation(f"no policy closes its pods to {direction}")
    with check.part():
        if _listens(workload) and not some(lambda policy: bool(rules(policy, "ingress"))):
            check.violation("its pods have ports, and nobody may reach them")


def _listens(workload: Resource) -> bool:
    spec = pod(workload).spec
    return any_holds(
        *(
            lambda container=container: bool(container["ports"].items())
            for name in ("containers", "initContainers")
            for container in spec[name].items()
        )
    )


def _judge_useless(use: _Use, blurred: Undetermined | None, check: Check) -> None:
    if is_empty(use.selector):
        return
    if blurred:
        raise blurred
    check.violation(use.what, use.selector)
