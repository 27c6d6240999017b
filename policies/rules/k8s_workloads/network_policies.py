"""Where pods may reach beyond the cluster, and who may reach them from there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.logic import any_holds
from policies.lib.net import Network, Ports, is_within, is_world, network
from policies.lib.network_policies import NETWORK_POLICY, peers, ports, ranges, rules
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

_GUIDE = "https://kubernetes.io/docs/concepts/services-networking/network-policies/"
_VPC = "aws:ec2/vpc:Vpc"
_MORE_OF_VPC = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
_METADATA = (ipaddress.ip_network("169.254.169.254/32"), ipaddress.ip_network("fd00:ec2::254/128"))
_DNS = 53


class Openings(Settings):
    """Which pods have to do with the world."""

    egress_pods: tuple[str, ...] = Field(
        default=("app.kubernetes.io/name=server",),
        description="Labels, as `key=value`; a policy has to select by one of them to let pods out.",
    )
    egress_ports: tuple[int, ...] = Field(default=(443,), description="Ports on which they are let out.")
    public_pods: tuple[str, ...] = Field(
        default=(), description="Labels of the pods that everybody may reach, likewise."
    )


@resource_rule(
    "np-no-world",
    types(NETWORK_POLICY),
    title="No policy opens pods to the world, and few let theirs out",
    why="A rule without peers, or with the whole internet as one, undoes the default that denies; a pod that "
    "can reach everything can send everything away.",
    fix="Name peers by selectors or narrow ranges; let only the rule's egressPods out, on its egressPorts.",
    severity=Severity.MEDIUM,
    refs="DOC Network policies",
    url=_GUIDE,
    dev="advisory",
    prod="mandatory",
    settings=Openings,
    departs="Exceptions do not make a range narrow: what is left of it is judged. Ingress from the world is "
    "refused with and without them.",
)
def no_world(policy: Resource, check: Check) -> None:
    settings = check.settings(Openings)
    with check.part():
        for rule in rules(policy, "ingress"):
            with check.part():
                from_all = _judge_peers(peers(rule, "ingress"), check)
                if from_all and not _selects_by(policy, settings.public_pods):
                    check.violation("it lets everybody in", rule)
    with check.part():
        for rule in rules(policy, "egress"):
            with check.part():
                to = peers(rule, "egress")
                if not to:
                    check.violation("it lets its pods reach everything", rule)
                elif _judge_peers(to, check):
                    _judge_way_out(policy, rule, check)


def _judge_peers(given: list[Value], check: Check) -> bool:
    """Whether everybody is among them."""
    found: list[Network] = []
    open_: Undetermined | None = None
    for peer in given:
        try:
            if not peer.entries():
                check.violation("a peer says nothing", peer)
            elif peer["ipBlock"].present and is_world([network(peer["ipBlock"]["cidr"])]):
                found += ranges(peer["ipBlock"])
            elif peer["ipBlock"].present:
                found.append(network(peer["ipBlock"]["cidr"]))
        except Undetermined as reason:
            open_ = reason
    if is_world(found) or not given:
        return True
    if open_:
        raise open_
    return False


def _judge_way_out(policy: Resource, rule: Value, check: Check) -> None:
    settings = check.settings(Openings)
    with check.part():
        if not _selects_by(policy, settings.egress_pods):
            check.violation("it lets pods out to the world that have no business there", rule)
    with check.part():
        if not _within(ports(rule), settings.egress_ports):
            check.violation("it lets pods out to the world on more ports than agreed", rule)


def _selects_by(policy: Resource, labels: tuple[str, ...]) -> bool:
    wanted = policy["spec.podSelector.matchLabels"].entries()
    return any_holds(
        *(lambda key=key, value=value: f"{key}={value.text()}" in labels for key, value in wanted.items())
    )


def _within(given: Iterable[Ports], allowed: tuple[int, ...]) -> bool:
    return all(one.first in allowed and one.first == one.last for one in given)


class Reach(Settings):
    """What pods may reach by address."""

    vpc_ports: tuple[int, ...] = Field(
        default=(443, 5432), description="Ports on which pods may reach addresses of the VPC."
    )
    vpc_cidrs: tuple[str, ...] = Field(
        default=(), description="Ranges of a VPC that another stack makes, as `10.0.0.0/16`."
    )
    resolvers: tuple[str, ...] = Field(
        default=(), description="Ranges of DNS servers other than kube-dns, such as a cache on each node."
    )


@stack_rule(
    "np-imds-blocked",
    types(NETWORK_POLICY, _VPC, _MORE_OF_VPC),
    title="Pods cannot reach the metadata service, nor the VPC beyond what they need, nor foreign DNS",
    why="The metadata service hands out the node's credentials to whoever asks; other DNS servers are a way "
    "out for data that no firewall sees.",
    fix="Except 169.254.169.254/32 and fd00:ec2::254/128 from wide ranges, list ports for ranges in the VPC, "
    "and allow port 53 to kube-dns only.",
    severity=Severity.HIGH,
    refs="NSA C-0052",
    url="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    dev="advisory",
    prod="mandatory",
    settings=Reach,
)
def metadata_blocked(stack: Stack, check: Check) -> None:
    settings = check.settings(Reach)
    vpc, open_ = _vpc(stack, settings)
    resolvers = [network(Value(one, "resolvers")) for one in settings.resolvers]
    for policy in stack.of(NETWORK_POLICY):
        with check.on(policy):
            for rule in rules(policy, "egress"):
                with check.part():
                    to = peers(rule, "egress")
                    if not to:
                        check.violation("it lets its pods reach everything, the metadata service too", rule)
                    for peer in to:
                        with check.part():
                            if peer["ipBlock"].present:
                                _judge_block(peer["ipBlock"], rule, vpc, open_, resolvers, check)
                            else:
                                _judge_resolver(peer, rule, check)


def _vpc(stack: Stack, settings: Reach) -> tuple[list[Network], Undetermined | None]:
    """The VPC's address ranges, and why not all of them are known."""
    found = [network(Value(one, "vpcCidrs")) for one in settings.vpc_cidrs]
    open_: Undetermined | None = None
    for one in stack.of(_VPC, _MORE_OF_VPC):
        try:
            found.append(network(one["cidrBlock"]))
        except Undetermined as reason:
            open_ = reason
    return found, open_


def _judge_block(
    block: Value,
    rule: Value,
    vpc: list[Network],
    open_: Undetermined | None,
    resolvers: list[Network],
    check: Check,
) -> None:
    left = ranges(block)
    if any(is_within(address, left) for address in _METADATA):
        check.violation("it lets its pods reach the metadata service", block)
    given = list(ports(rule))
    with check.part():
        if not _within(given, check.settings(Reach).vpc_ports):
            if any(one.version == own.version and one.overlaps(own) for one in left for own in vpc):
                check.violation("it lets its pods reach the VPC on other ports than agreed", rule)
            elif open_:
                raise open_
    with check.part():
        if any(_is_dns(one) for one in given) and not all(is_within(one, resolvers) for one in left):
            check.violation("it lets its pods ask foreign DNS servers", block)


def _is_dns(ports: Ports) -> bool:
    return ports.first <= _DNS <= ports.last


def _judge_resolver(peer: Value, rule: Value, check: Check) -> None:
    """A rule that names the port of DNS is about DNS; one about all ports of a pod is not."""
    if not any(_is_dns(one) and not one.all for one in ports(rule)):
        return
    home = peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"].text()
    if (home, peer["podSelector"]["matchLabels"]["k8s-app"].text()) != ("kube-system", "kube-dns"):
        check.violation("it lets its pods ask other DNS servers than the cluster's", peer)
