"""Load balancers that controllers make from Kubernetes objects: no policy ever sees those themselves."""

from __future__ import annotations

import re

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value
from policies.rules.aws_edge.listeners import TlsSettings

INGRESS = types("kubernetes:networking.k8s.io/v1:Ingress")
SERVICE = types("kubernetes:core/v1:Service")
_ALB = "alb.ingress.kubernetes.io/"
_SERVICE = "service.beta.kubernetes.io/aws-load-balancer-"
_SCHEMES = frozenset({"internal", "internet-facing"})
_ATTRIBUTES = {
    "deletion_protection.enabled": "nothing keeps the load balancer from being deleted",
    "access_logs.s3.enabled": "it writes no access logs",
    "routing.http.drop_invalid_header_fields.enabled": "headers with invalid names are passed on",
}


class IngressSettings(TlsSettings):
    """Which Ingresses become load balancers of AWS, and how those speak TLS."""

    classes: tuple[str, ...] = Field(
        default=("alb",), description="Ingress classes of the AWS Load Balancer Controller."
    )


class _Annotations:
    """The annotations of one object."""

    def __init__(self, resource: Resource) -> None:
        self._all = resource["metadata.annotations"]
        self.names = frozenset(self._all.entries())

    def __getitem__(self, name: str) -> Value:
        return self._all[name]

    def alb(self, name: str) -> Value:
        return self._all[_ALB + name]


@resource_rule(
    "ing-alb-secure",
    INGRESS,
    title="A load balancer that an Ingress asks for is as safe as one in the program",
    why="The controller's defaults are a load balancer without firewall, logs or protection, with TLS of "
    "2016, for the whole world.",
    fix="Annotate scheme, certificate-arn, ssl-policy, listen-ports with ssl-redirect, wafv2-acl-arn, "
    "inbound-cidrs and load-balancer-attributes, and name hosts under rules and tls.",
    severity=Severity.HIGH,
    refs="CISEKS 5.4.5, NSA C-0256",
    url="https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/",
    dev="advisory",
    prod="mandatory",
    settings=IngressSettings,
    departs="What an IngressClassParams says counts for nothing: it may be another stack's.",
)
def alb_ingress(ingress: Resource, check: Check) -> None:
    settings = check.settings(IngressSettings)
    given = _Annotations(ingress)
    if not _becomes_alb(ingress, given, settings):
        return
    internal = False
    with check.part():
        scheme = given.alb("scheme")
        internal = scheme.known and scheme.text() == "internal"
        if scheme.text() not in _SCHEMES:
            check.violation("nothing says whether it is for the internet", scheme)
    with check.part():
        _speaks_tls(given, settings, check)
    if not internal:
        with check.part():
            _has_firewall(given, check)
    with check.part():
        if not given.alb("inbound-cidrs").present and not given.alb("security-groups").present:
            check.violation("nothing says who may connect", given.alb("inbound-cidrs"))
    with check.part():
        attributes = _pairs(given.alb("load-balancer-attributes"))
        for name, wrong in _ATTRIBUTES.items():
            if attributes.get(name) != "true":
                check.violation(wrong, given.alb("load-balancer-attributes"))
    _names_hosts(ingress, check)


def _becomes_alb(ingress: Resource, given: _Annotations, settings: IngressSettings) -> bool:
    named = ingress["spec.ingressClassName"]
    if not named.present:
        named = given["kubernetes.io/ingress.class"]
    if named.present:
        return named.text() in settings.classes
    return any(name.startswith(_ALB) for name in given.names)


def _speaks_tls(given: _Annotations, settings: IngressSettings, check: Check) -> None:
    certificate, policy, ports = (given.alb(one) for one in ("certificate-arn", "ssl-policy", "listen-ports"))
    if not certificate.present:
        check.violation("it names no certificate", certificate)
    with check.part():
        if policy.text() not in settings.policies:
            check.violation("its TLS policy allows weak protocols or ciphers", policy)
    protocols = {protocol.upper() for listener in ports.document().items() for protocol in listener.entries()}
    # Without listen-ports there is only 443 if there is a certificate, and only 80 if there is none.
    if "HTTP" in protocols and not given.alb("ssl-redirect").present:
        check.violation("it answers in the clear", ports)
    if protocols and "HTTPS" not in protocols:
        check.violation("it has no port for TLS", ports)


def _has_firewall(given: _Annotations, check: Check) -> None:
    arn, name = given.alb("wafv2-acl-arn"), given.alb("wafv2-acl-name")
    named = [one for one in (arn, name) if one.present and not (one.known and one.text() == "none")]
    if not named:
        check.violation("no firewall stands before it", arn)


def _pairs(value: Value) -> dict[str, str]:
    """`a=1,b=2`."""
    split = (one.partition("=") for one in value.text().split(","))
    return {key.strip(): text.strip().lower() for key, _, text in split}


def _names_hosts(ingress: Resource, check: Check) -> None:
    rules, tls = ingress["spec.rules"], ingress["spec.tls"]
    with check.part():
        if not rules.items():
            check.violation("it answers for every host", rules)
        for rule in rules.items():
            with check.part():
                if rule["host"].text() in ("", "*"):
                    check.violation("it answers for every host", rule["host"])
    with check.part():
        if not tls.items():
            check.violation("it names no hosts for TLS", tls)


class ServiceSettings(Settings):
    """Ways in that are meant."""

    node_ports: bool = Field(
        default=False,
        description="Whether NodePort Services are allowed: a cluster on a laptop has no other way in.",
    )


@resource_rule(
    "svc-no-public-lb",
    SERVICE,
    title="A Service opens no way in from outside",
    why="A LoadBalancer or NodePort Service is a way in beside firewall, TLS and network policies, and "
    "external IPs let one namespace take over another's traffic.",
    fix="Use ClusterIP behind the program's load balancer; if it must be a LoadBalancer, annotate it with "
    "aws-load-balancer-scheme internal.",
    severity=Severity.HIGH,
    refs="NSA C-0256",
    url="https://kubernetes.io/docs/concepts/services-networking/service/",
    dev="mandatory",
    prod="mandatory",
    settings=ServiceSettings,
)
def no_public_service(service: Resource, check: Check) -> None:
    with check.part():
        kind = service["spec.type"]
        if kind.text() == "NodePort" and not check.settings(ServiceSettings).node_ports:
            check.violation("every node opens a port for it", kind)
        elif kind.text() == "LoadBalancer":
            _is_internal(service, check)
    addresses = service["spec.externalIPs"]
    if addresses.items():
        check.violation("it takes traffic for addresses outside the cluster", addresses)


def _is_internal(service: Resource, check: Check) -> None:
    given = _Annotations(service)
    scheme, of_old = given[f"{_SERVICE}scheme"], given[f"{_SERVICE}internal"]
    inside = scheme.text() == "internal" if scheme.present else _internal_of_old(of_old)
    if not inside:
        check.violation("nothing keeps its load balancer from the internet", "metadata.annotations")


def _internal_of_old(value: Value) -> bool:
    """The annotation that has come before `scheme`: `"true"`, or any range of addresses."""
    return bool(re.fullmatch(r"true|0\.0\.0\.0/0", value.text().strip().lower()))
