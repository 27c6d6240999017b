"""Load balancers that refuse what is malformed, keep records, and stay."""

from __future__ import annotations

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.remedy import Draft, put
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
_SAFE_MODES = frozenset({"defensive", "strictest"})
_FEWEST_SUBNETS = 2


def _kind(balancer: Resource) -> str:
    return balancer["loadBalancerType"].text(default="application")


def _refuse_malformed_requests(draft: Draft, _: Settings) -> None:
    if draft.get("loadBalancerType") in (None, "application"):
        draft.put("dropInvalidHeaderFields", value=True)
        if draft.get("desyncMitigationMode") not in (None, *_SAFE_MODES):
            draft.put("desyncMitigationMode", "defensive")


@resource_rule(
    "alb-attributes",
    types(LOAD_BALANCER),
    title="An application load balancer drops what servers may read in two ways",
    why="Headers and requests that balancer and server understand differently let one client's request ride "
    "on another's.",
    fix="Set dropInvalidHeaderFields to true and desyncMitigationMode to defensive or strictest.",
    severity=Severity.MEDIUM,
    refs="FSBP ELB.4, FSBP ELB.12, CKV AWS_131, CKV AWS_328",
    dev="advisory",
    prod="remediate",
    remedy=_refuse_malformed_requests,
)
def attributes(balancer: Resource, check: Check) -> None:
    if _kind(balancer) != "application":
        return
    with check.part():
        drops = balancer["dropInvalidHeaderFields"]
        if not drops.truth(default=False):
            check.violation("headers with invalid names are passed on", drops)
    mode = balancer["desyncMitigationMode"]
    if mode.text(default="defensive") not in _SAFE_MODES:
        check.violation("requests that can be read in two ways are passed on", mode)


@resource_rule(
    "alb-access-logs",
    types(LOAD_BALANCER),
    title="A load balancer writes access logs",
    why="Without them nobody can say afterwards who asked for what.",
    fix="Set accessLogs with enabled true and a bucket that load balancers may write to.",
    severity=Severity.MEDIUM,
    refs="FSBP ELB.5, CKV AWS_91",
    dev="advisory",
    prod="mandatory",
)
def access_logs(balancer: Resource, check: Check) -> None:
    if _kind(balancer) == "gateway":
        return  # it has none
    logs = balancer["accessLogs"]
    with check.part():
        if not logs["enabled"].truth(default=False):
            check.violation("access logs are off", logs["enabled"])
    if not logs["bucket"].present:
        check.violation("access logs go nowhere", logs["bucket"])


@resource_rule(
    "alb-deletion-protection",
    types(LOAD_BALANCER),
    title="A load balancer cannot be deleted by mistake, and one data centre is not its end",
    why="Its DNS name goes with it, and clients find nothing until everything that named it is changed.",
    fix="Set enableDeletionProtection to true, and give it subnets in two zones or more.",
    severity=Severity.MEDIUM,
    refs="FSBP ELB.6, FSBP ELB.13, CKV AWS_150",
    dev="disabled",
    prod="remediate",
    remedy=put("enableDeletionProtection", value=True),
)
def deletion_protection(balancer: Resource, check: Check) -> None:
    with check.part():
        protected = balancer["enableDeletionProtection"]
        if not protected.truth(default=False):
            check.violation("nothing keeps the load balancer from being deleted", protected)
    if _subnets(balancer) < _FEWEST_SUBNETS:
        check.violation(f"it is in fewer than {_FEWEST_SUBNETS} subnets", balancer["subnets"])


def _subnets(balancer: Resource) -> int:
    """How many; two that are unknown are two."""
    listed = balancer["subnets"].items()
    listed += [mapping["subnetId"] for mapping in balancer["subnetMappings"].items()]
    return len({one.text() if one.known else one.path for one in listed})


@stack_rule(
    "alb-waf",
    types(LOAD_BALANCER, ASSOCIATION),
    title="A firewall stands before every application load balancer that the internet reaches",
    why="Scanners find a public address within minutes, and try every known attack on it.",
    fix="Make a WebAclAssociation of the load balancer with a web ACL.",
    severity=Severity.HIGH,
    refs="FSBP ELB.16, CKV 2_AWS_28",
    dev="advisory",
    prod="mandatory",
)
def firewall(stack: Stack, check: Check) -> None:
    for balancer in stack.of(LOAD_BALANCER):
        with check.on(balancer):
            if _faces_internet(balancer) and not stack.companions(balancer, ASSOCIATION, "resourceArn"):
                check.violation("no web ACL is associated with the load balancer")


def _faces_internet(balancer: Resource) -> bool:
    return not balancer["internal"].truth(default=False) and _kind(balancer) == "application"
