"""The world is let in to the web, and to nothing else."""

from __future__ import annotations

from functools import cached_property, partial

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.groups import Groups, References, references
from policies.lib.logic import all_hold, any_holds
from policies.lib.net import Ports, any_world
from policies.lib.resources import Resource, Stack, identities
from policies.lib.rule import stack_rule
from policies.lib.traffic import Direction, Traffic, security_rules
from policies.lib.types import SECURITY_GROUP_RULES, types
from policies.lib.values import Value

LOAD_BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
PREFIX_LIST = "aws:ec2/managedPrefixList:ManagedPrefixList"
PREFIX_LIST_ENTRY = "aws:ec2/managedPrefixListEntry:ManagedPrefixListEntry"
_HTTPS, _HTTP = Ports(443, 443), Ports(80, 80)


@stack_rule(
    "net-sg-world-web-only",
    SECURITY_GROUP_RULES | types(LOAD_BALANCER, LISTENER, PREFIX_LIST, PREFIX_LIST_ENTRY),
    title="The world is admitted only to HTTPS on internet-facing load balancers",
    why="A load balancer ends TLS, filters and logs; whatever else the world reaches has to do so itself.",
    fix=(
        "Admit the world to port 443 of the load balancer's group alone, and to port 80 where that only "
        "redirects; let other groups name the group that calls them."
    ),
    severity=Severity.HIGH,
    refs="FSBP EC2.18, CKV AWS_260, CKV 2_AWS_5",
    dev="advisory",
    prod="mandatory",
)
def world_web_only(stack: Stack, check: Check) -> None:
    groups, edge = Groups(stack), _Edge(stack)
    for resource in groups.all:
        with check.on(resource):
            group = groups.of(resource)
            for rule in security_rules(resource, Direction.INGRESS):
                with check.part():
                    if rule.holds(
                        partial(edge.admits_world, resource, rule), partial(edge.does_not_serve, group, rule)
                    ):
                        check.violation("the world is admitted to what is no internet-facing web", rule.at)


class _Edge:
    """The load balancers of a stack, and the lists of ranges that rules may name."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._groups = [(one, references(one, "securityGroups")) for one in stack.of(LOAD_BALANCER)]

    def admits_world(self, resource: Resource, rule: Traffic) -> bool:
        """Whether the rule names the world, be it by a list of this stack."""
        return any_holds(
            rule.is_world, *(partial(self._lists_world, resource, value) for value in rule.prefix_lists)
        )

    def does_not_serve(self, group: References, rule: Traffic) -> bool:
        """Whether it opens anything else than the web of an internet-facing load balancer."""
        return not any_holds(
            *(
                partial(all_hold, partial(used.meet, group.keys), partial(self._is_web_of, balancer, rule))
                for balancer, used in self._groups
            ),
            group.is_more,
        )

    def _is_web_of(self, balancer: Resource, rule: Traffic) -> bool:
        return all_hold(
            lambda: not balancer["internal"].truth(default=False),
            lambda: any_holds(
                lambda: rule.ports() == _HTTPS,
                lambda: all_hold(lambda: rule.ports() == _HTTP, lambda: self._redirects(balancer)),
            ),
        )

    def _redirects(self, balancer: Resource) -> bool:
        """Whether port 80 is answered with a redirection to HTTPS, and with nothing else."""
        listeners = [
            one
            for one in self._stack.companions(balancer, LISTENER, "loadBalancerArn")
            if one["port"].number(default=0) == _HTTP.first
        ]
        return bool(listeners) and all_hold(*(partial(_only_redirects, one) for one in listeners))

    def _lists_world(self, resource: Resource, named: Value) -> bool:
        if not named.present:
            return False
        wanted = resource.dependencies.get(named.path.split("[")[0], frozenset())
        if named.known or not wanted:
            wanted = frozenset(named.texts())
        return any_holds(
            *(partial(any_world, ranges) for keys, ranges in self._prefix_lists if keys & wanted)
        )

    @cached_property
    def _prefix_lists(self) -> list[tuple[frozenset[str], list[Value]]]:
        found: list[tuple[frozenset[str], list[Value]]] = []
        for one in self._stack.of(PREFIX_LIST):
            entries = one["entries"]
            ranges = [e["cidr"] for e in entries.items()] if entries.known else [entries]
            ranges = ranges if entries.present else []
            apart = self._stack.companions(one, PREFIX_LIST_ENTRY, "prefixListId")
            keys = frozenset({one.urn, *identities(one)})
            found.append((keys, [*ranges, *(entry["cidr"] for entry in apart)]))
        return found


def _only_redirects(listener: Resource) -> bool:
    actions = listener["defaultActions"].items()
    return bool(actions) and all(
        action["type"].text() == "redirect"
        and action["redirect"]["protocol"].text(default="#{protocol}").upper() == "HTTPS"
        for action in actions
    )
