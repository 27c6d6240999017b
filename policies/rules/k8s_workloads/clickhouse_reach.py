"""ClickHouse servers that speak TLS, and whom only those that need them can reach."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import WORKLOADS
from policies.lib.values import Value
from policies.rules.k8s_workloads.clickhouse_files import (
    FILES,
    INSTALLATION,
    Configuration,
    Configurations,
    is_removed,
)
from policies.rules.k8s_workloads.reach import REACH, Reach, is_some_pods, peers
from policies.rules.k8s_workloads.software import CLICKHOUSE, running

_ENCRYPTED = {"tcp_port_secure": "for clients", "https_port": "over HTTP"}
_INTERSERVER = "interserver_http_port"
_PLAIN = frozenset({8123, 9000, 9004, 9005, 9009})
"""HTTP, native, MySQL, PostgreSQL and interserver, all without TLS."""


@stack_rule(
    "ch-tls-net",
    WORKLOADS | REACH | FILES,
    title="ClickHouse speaks TLS, and only chosen pods reach it",
    why="Telemetry holds what people said to their agents, and passwords cross the network with every query.",
    fix="Set tcp_port_secure and https_port, remove interserver_http_port or use interserver_https_port, let "
    "the Service lead to secure ports alone, and name the pods that may connect in a network policy.",
    severity=Severity.HIGH,
    refs="DOC ClickHouse TLS",
    url="https://clickhouse.com/docs/guides/sre/tls/configuring-tls",
    dev="advisory",
    prod="mandatory",
    departs="Encrypted volumes and object lock on backups are judged by the rules about volumes and buckets.",
)
def tls_and_network(stack: Stack, check: Check) -> None:
    workloads = _servers(stack, check)
    operated = stack.of(INSTALLATION)
    if not workloads and not operated:
        return
    known = Configurations(stack, check)
    for one in operated:
        with check.on(one):
            _speaks_tls(known.of(one), check)
    for workload in workloads:
        with check.on(workload):
            with check.part():
                _speaks_tls(known.of(workload), check)
            reach = Reach(stack, workload)
            _services_are_secure(reach, check)
            _chosen_pods_connect(reach, check)


def _servers(stack: Stack, check: Check) -> list[Resource]:
    found: list[Resource] = []
    for workload in (one for one in stack.all if one.type in WORKLOADS):
        with check.on(workload):
            containers, open_ = running(pod(workload), CLICKHOUSE)
            found += [workload] if containers else []
            if open_:
                raise open_
    return found


def _speaks_tls(configuration: Configuration, check: Check) -> None:
    for port, what in _ENCRYPTED.items():
        with check.part():
            if not _ports(configuration, port) and configuration.lacking():
                check.violation(f"it offers no TLS {what}: {port} is not set")
    with check.part():
        plain = list(configuration.all(_INTERSERVER))
        if any(is_removed(value) for value in plain) or _ports(configuration, "interserver_https_port"):
            return
        for value in plain:
            value.text()  # of one that is unknown nobody can say whether it is a port
        # The image's own configuration opens 9009 where nothing says otherwise.
        if plain or configuration.lacking():
            check.violation("servers talk to each other without TLS", _INTERSERVER)


def _ports(configuration: Configuration, name: str) -> list[Value]:
    return [value for value in configuration.all(name) if not is_removed(value)]


def _services_are_secure(reach: Reach, check: Check) -> None:
    for service in reach.services().told(check):
        with check.on(service):
            with check.part():
                kind = service["spec.type"]
                if kind.text(default="ClusterIP") != "ClusterIP":
                    check.violation("it opens a way in from outside the cluster", kind)
            for port in service["spec.ports"].items():
                with check.part():
                    target = port["targetPort"]
                    if reach.port(target if target.present else port["port"]) in _PLAIN:
                        check.violation("it leads to a port without TLS", port)


def _chosen_pods_connect(reach: Reach, check: Check) -> None:
    policies = reach.policies("Ingress")
    if policies.none:
        check.violation("no network policy limits who connects")
    for policy in policies.told(check):
        with check.on(policy):
            for rule in policy["spec.ingress"].items():
                with check.part():
                    _admits_pods(rule, check)
                with check.part():
                    _opens_secure_ports(reach, rule, check)


def _admits_pods(rule: Value, check: Check) -> None:
    if not peers(rule, "from"):
        check.violation("everybody may connect", rule["from"])
    for peer in peers(rule, "from"):
        with check.part():
            if not is_some_pods(peer):
                check.violation("it admits more than a choice of pods", peer)


def _opens_secure_ports(reach: Reach, rule: Value, check: Check) -> None:
    if not rule["ports"].items():
        check.violation("every port is open", rule["ports"])
    for port in rule["ports"].items():
        with check.part():
            first = reach.port(port["port"])
            if any(first <= plain <= port["endPort"].number(default=first) for plain in _PLAIN):
                check.violation("a port without TLS is open", port)
