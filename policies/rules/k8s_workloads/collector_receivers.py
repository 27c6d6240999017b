"""What collectors listen on, and where they send: nothing in the clear, nothing for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.logic import all_hold
from policies.lib.namespaced import namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value
from policies.rules.k8s_workloads.collector_files import (
    CONFIG_MAP,
    CONFIGURATIONS,
    OPERATED,
    configurations,
    kind,
)
from policies.rules.k8s_workloads.reach import POLICY, Reach, is_some_pods, peers

_LISTENING = frozenset(
    {
        *("otlp", "jaeger", "zipkin", "opencensus", "syslog", "tcplog", "udplog", "fluentforward", "statsd"),
        *("carbon", "influxdb", "splunk_hec", "loki", "prometheusremotewrite", "webhookevent", "skywalking"),
        *("collectd", "datadog", "awsfirehose", "awsxray", "signalfx", "sapm", "wavefront"),
    }
)
"""Receivers that wait for others to connect; the rest connect themselves."""
_DEBUGGING = frozenset({"pprof", "zpages"})
_ADDRESSES = ("endpoint", "listen_address")
_TARGETS = ("endpoint", "traces_endpoint", "metrics_endpoint", "logs_endpoint")
_HOST = re.compile(r"^(?:\w+://)?(?P<host>\$\{[^}]*\}|\[[^\]]*\]|[^:/?]*)")
_POD = re.compile(r"^\$\{(?:env:)?\w*POD_?IP\w*\}$", re.IGNORECASE)
_LOCAL = re.compile(r"^(?:localhost|127(?:\.\d+){3}|\[?::1\]?)$", re.IGNORECASE)
_EVERYWHERE = frozenset({"", "0.0.0.0", "[::]"})  # noqa: S104 - what is looked for
_IN_CLEAR = re.compile(r"^(?:http|tcp|ws|clickhouse)://", re.IGNORECASE)
_SECURED = re.compile(r"[?&]secure=true\b", re.IGNORECASE)


@stack_rule(
    "otel-receivers",
    CONFIGURATIONS | WORKLOADS | types(POLICY),
    title="A collector listens to those whom it knows, and sends nothing in the clear",
    why="Anybody who reaches an open receiver can forge telemetry, and what is sent in the clear holds what "
    "people said to their agents.",
    fix="Bind receivers to localhost or the pod's address, give those that other namespaces reach TLS and an "
    "authenticator, leave pprof and zpages out, and send over TLS.",
    severity=Severity.MEDIUM,
    refs="DOC OpenTelemetry Collector security",
    url="https://opentelemetry.io/docs/security/config-best-practices/",
    dev="advisory",
    prod="mandatory",
    departs="Whether other namespaces reach a receiver is what the network policies of the pods say that "
    "mount the configuration; without any, they do.",
)
def receivers(stack: Stack, check: Check) -> None:
    for resource in stack.of(CONFIG_MAP, *OPERATED):
        with check.on(resource):
            found, open_ = configurations(resource)
            for config in found:
                with check.part():
                    for name, receiver in config["receivers"].entries().items():
                        if kind(name) in _LISTENING:
                            _listens(stack, resource, receiver, check)
                with check.part():
                    for extension in config["service"]["extensions"].items():
                        if kind(extension.text()) in _DEBUGGING:
                            check.violation("pprof or zpages shows its insides", extension)
                with check.part():
                    for exporter in config["exporters"].entries().values():
                        _sends(exporter, check)
            if open_:
                raise open_


def _listens(stack: Stack, resource: Resource, receiver: Value, check: Check) -> None:
    for endpoint in _endpoints(receiver):
        for address in (endpoint[name] for name in _ADDRESSES):
            with check.part():
                host = _host(address)
                if not address.present or _LOCAL.match(host):
                    continue  # where nothing is said, collectors since 0.104 bind to localhost
                if host in _EVERYWHERE:
                    check.violation("it listens on every address", address)
                elif host.startswith("$") and not _POD.match(host):
                    raise Undetermined(address.path, "is in a variable")
                elif not _is_guarded(endpoint) and not _stays_inside(stack, resource):
                    check.violation("other namespaces reach it without TLS or authentication", endpoint)


def _endpoints(receiver: Value) -> Iterator[Value]:
    """The parts of a receiver that have an address each."""
    yield receiver
    protocols = receiver["protocols"]
    parts = [receiver["tcp"], receiver["udp"], *(protocols.entries().values())]
    yield from (part for part in parts if part.is_mapping)


def _host(address: Value) -> str:
    found = _HOST.match(address.text())
    return found["host"] if found else ""


def _is_guarded(endpoint: Value) -> bool:
    tls = endpoint["tls"]
    certified = tls["cert_file"].present or tls["cert_pem"].present
    return certified and endpoint["auth"]["authenticator"].present


def _stays_inside(stack: Stack, resource: Resource) -> bool:
    """Whether network policies let only chosen pods of its own namespace reach all pods that read it."""
    readers = [one for one in stack.all if one.type in WORKLOADS and _reads(one, resource)]
    return bool(readers) and all_hold(*(lambda one=one: _only_neighbours(stack, one) for one in readers))


def _reads(workload: Resource, config: Resource) -> bool:
    name = config["metadata.name"].text(default=config.name)
    if namespace_of(workload) != namespace_of(config):
        return False
    for volume in pod(workload).spec["volumes"].items():
        sources = [volume, *volume["projected"]["sources"].items()]
        if any(one["configMap"]["name"].text() == name for one in sources):
            return True
    return False


def _only_neighbours(stack: Stack, workload: Resource) -> bool:
    policies = Reach(stack, workload).policies("Ingress")
    if policies.open:
        raise policies.open
    rules = [rule for one in policies.resources for rule in one["spec.ingress"].items()]
    return bool(policies.resources) and all(_is_neighbourly(rule) for rule in rules)


def _is_neighbourly(rule: Value) -> bool:
    admitted = peers(rule, "from")
    return bool(admitted) and all(
        is_some_pods(one) and not one["namespaceSelector"].present for one in admitted
    )


def _sends(exporter: Value, check: Check) -> None:
    for part in (exporter, exporter["protocol"]["otlp"]):
        with check.part():
            _sends_encrypted(part, check)


def _sends_encrypted(part: Value, check: Check) -> None:
    targets = [part[name] for name in _TARGETS if part[name].present]
    if targets and all(_LOCAL.match(_host(target)) for target in targets):
        return
    for flag in ("insecure", "insecure_skip_verify"):
        with check.part():
            if part["tls"][flag].truth(default=False):
                check.violation("it sends without TLS, or to whoever answers", part["tls"][flag])
    for target in targets:
        with check.part():
            text = target.text()
            if _IN_CLEAR.match(text) and not _SECURED.search(text) and not _LOCAL.match(_host(target)):
                check.violation("it sends in the clear", target)
            elif re.match(r"^\$\{[^}]*\}$", text):
                raise Undetermined(target.path, "is in a variable")
