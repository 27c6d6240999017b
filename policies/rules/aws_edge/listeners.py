"""What clients and load balancers say to each other is encrypted, and well."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

LISTENER = "aws:lb/listener:Listener"
LISTENER_RULE = "aws:lb/listenerRule:ListenerRule"
_ENCRYPTED = frozenset({"HTTPS", "TLS"})
TLS_POLICIES = (
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09",
)
"""TLS 1.3, or 1.2 with ciphers that keep old conversations secret when a key leaks."""


class TlsSettings(Settings):
    """Which TLS policies are good enough; a remedy takes the first."""

    policies: tuple[str, ...] = Field(
        default=TLS_POLICIES, min_length=1, description="Security policies of load balancers to choose from."
    )


@stack_rule(
    "alb-https-only",
    types(LISTENER, LISTENER_RULE),
    title="A load balancer talks to clients over TLS, or sends them there",
    why="Tokens and conversations that cross the internet in the clear belong to whoever listens.",
    fix="Make the listener HTTPS or TLS with a certificate, or let HTTP only redirect with HTTP_301.",
    severity=Severity.HIGH,
    refs="FSBP ELB.1, FSBP ELB.18, CKV AWS_2, CKV 2_AWS_20, CKV AWS_378",
    dev="mandatory",
    prod="mandatory",
    departs="It judges the rules of a listener, too: one that forwards would undo a redirecting default.",
)
def https_only(stack: Stack, check: Check) -> None:
    for listener in stack.of(LISTENER):
        with check.on(listener):
            protocol = _protocol(listener)
            if protocol in _ENCRYPTED:
                if not listener["certificateArn"].present:
                    check.violation("the listener has no certificate", listener["certificateArn"])
            elif protocol == "HTTP":
                _only_redirects(listener["defaultActions"], check)
                for rule in stack.companions(listener, LISTENER_RULE, "listenerArn"):
                    with check.on(rule):
                        _only_redirects(rule["actions"], check)
            elif protocol:
                check.violation("the listener takes connections without TLS", listener["protocol"])


def _protocol(listener: Resource) -> str:
    """HTTP where none is named; empty for a gateway's listener, which has no port and sees no clients."""
    if not listener["protocol"].present:
        return "HTTP" if listener["port"].present else ""
    return listener["protocol"].text().upper()


def _only_redirects(actions: Value, check: Check) -> None:
    if not actions.items():
        check.violation("nothing redirects to HTTPS", actions)
    for action in actions.items():
        with check.part():
            if action["type"].text().lower() != "redirect":
                check.violation("an action answers in the clear", action["type"])
                continue
            redirect = action["redirect"]
            if redirect["protocol"].text().upper() != "HTTPS":
                check.violation("a redirect does not lead to TLS", redirect["protocol"])
            elif redirect["statusCode"].text() != "HTTP_301":
                check.violation("a redirect is not permanent", redirect["statusCode"])


def _take_a_good_policy(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, TlsSettings)
    protocol, policy = draft.get("protocol"), draft.get("sslPolicy")
    if isinstance(protocol, str) and protocol.upper() in _ENCRYPTED and policy not in settings.policies:
        draft.put("sslPolicy", settings.policies[0])


@resource_rule(
    "alb-tls-policy",
    types(LISTENER),
    title="A listener speaks TLS 1.3, or 1.2 with strong ciphers",
    why="Old protocol versions and ciphers can be broken by whoever records the traffic.",
    fix="Set sslPolicy to one of the allowed policies, such as ELBSecurityPolicy-TLS13-1-2-Res-2021-06.",
    severity=Severity.HIGH,
    refs="FSBP ELB.17, CKV AWS_103, CKV 2_AWS_74",
    dev="mandatory",
    prod="remediate",
    settings=TlsSettings,
    remedy=_take_a_good_policy,
)
def tls_policy(listener: Resource, check: Check) -> None:
    if _protocol(listener) not in _ENCRYPTED:
        return
    policy = listener["sslPolicy"]
    # AWS takes a policy of 2016 where none is named.
    if policy.text() not in check.settings(TlsSettings).policies:
        check.violation("the listener's TLS policy allows weak protocols or ciphers", policy)
