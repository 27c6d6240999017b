"""Model servers that nobody but their clients can reach, and that reach nothing but their model."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.net import is_within, network
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Value
from policies.rules.k8s_workloads.reach import REACH, Reach, is_some_pods, peers
from policies.rules.k8s_workloads.software import VLLM, CommandLine, running
from policies.rules.k8s_workloads.vllm import GUIDE

_PORT = 8000
_DNS = 53
_IDENTITY = ("169.254.170.23/32", "fd00:ec2::23/128")
"""Where EKS gives pods their credentials."""


class ReachSettings(Settings):
    """Who may use a model server, and where models are."""

    clients: tuple[str, ...] = Field(
        default=(),
        description="Values of app.kubernetes.io/name of pods that may connect; empty if any named pod may.",
    )
    model_store: tuple[str, ...] = Field(
        default=(), description="CIDRs in which the store of models is, such as S3's."
    )


@stack_rule(
    "vllm-internal-only",
    WORKLOADS | REACH,
    title="A model server is reached by its clients alone, and reaches only its model",
    why="Its key guards some paths only, and what its processes say to each other is neither encrypted nor "
    "asked who it is.",
    fix="Give it a ClusterIP Service with the API's port, no Ingress, and network policies that name the "
    "pods that may connect and let it out to DNS and the model store.",
    severity=Severity.CRITICAL,
    refs="DOC vLLM security",
    url=GUIDE,
    dev="advisory",
    prod="mandatory",
    settings=ReachSettings,
)
def internal_only(stack: Stack, check: Check) -> None:
    for workload in (one for one in stack.all if one.type in WORKLOADS):
        with check.on(workload):
            containers, open_ = running(pod(workload), VLLM)
            if open_:
                with check.part():
                    raise open_
            if containers:
                _judge(Reach(stack, workload), [_api_port(one) for one in containers], check)


def _api_port(container: Value) -> float:
    given = CommandLine.of(container).option("--port")
    return given.number(default=_PORT) if given is not None else _PORT


def _judge(reach: Reach, ports: list[float], check: Check) -> None:
    for service in reach.services().told(check):
        with check.on(service):
            _is_inside(service, check)
            for port in service["spec.ports"].items():
                with check.part():
                    target = port["targetPort"]
                    if reach.port(target if target.present else port["port"]) not in ports:
                        check.violation("it leads to another port than the API's", port)
        for entrance in reach.entrances(service).told(check):
            with check.on(entrance):
                check.violation("it leads to a model server", "spec")
    for direction, judge in (("Ingress", _admits_clients), ("Egress", _leaves_for_model)):
        policies = reach.policies(direction)
        if policies.none:
            check.violation(f"no network policy limits its {direction}")
        for policy in policies.told(check):
            with check.on(policy):
                for rule in policy[f"spec.{direction.lower()}"].items():
                    judge(reach, rule, ports, check)


def _is_inside(service: Resource, check: Check) -> None:
    with check.part():
        kind = service["spec.type"]
        if kind.text(default="ClusterIP") != "ClusterIP":
            check.violation("it opens a way in from outside the cluster", kind)
    with check.part():
        if service["spec.externalIPs"].items():
            check.violation("it takes traffic for addresses outside the cluster", service["spec.externalIPs"])


def _admits_clients(reach: Reach, rule: Value, ports: list[float], check: Check) -> None:
    clients = check.settings(ReachSettings).clients
    with check.part():
        if not rule["ports"].items():
            check.violation("every port is open", rule["ports"])
        for port in rule["ports"].items():
            with check.part():
                if port["endPort"].present or reach.port(port["port"]) not in ports:
                    check.violation("another port than the API's is open", port)
    with check.part():
        if not peers(rule, "from"):
            check.violation("everybody may connect", rule["from"])
        for peer in peers(rule, "from"):
            with check.part():
                if not is_some_pods(peer):
                    check.violation("it admits more than a choice of pods", peer)
                elif clients and _name(peer) not in clients:
                    check.violation("it admits pods that are no clients", peer)


def _name(peer: Value) -> str:
    return peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"].text()


def _leaves_for_model(reach: Reach, rule: Value, _: list[float], check: Check) -> None:
    with check.part():
        if not peers(rule, "to"):
            check.violation("it may connect to everything", rule["to"])
            return
        listed = rule["ports"].items()
        if listed and all(reach.port(one["port"]) == _DNS and not one["endPort"].present for one in listed):
            return
        for peer in peers(rule, "to"):
            with check.part():
                if not _is_store(peer, check):
                    check.violation("it may connect to more than DNS and the model store", peer)


def _is_store(peer: Value, check: Check) -> bool:
    block = peer["ipBlock"]
    if not block.present:
        peer.entries()
        return False
    known = Value([*check.settings(ReachSettings).model_store, *_IDENTITY], "modelStore")
    return is_within(network(block["cidr"]), [network(one) for one in known.items()])
