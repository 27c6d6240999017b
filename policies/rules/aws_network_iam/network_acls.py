"""Network ACLs, whose entries are read in order: the first that fits decides."""

from __future__ import annotations

from functools import partial

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import all_hold
from policies.lib.net import ALL_PROTOCOLS, is_within, network
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.traffic import NETWORK_ACLS, Direction, Traffic, acl_entries

ADMIN_PORTS = (22, 3389)


@resource_rule(
    "net-nacl-no-world-admin",
    NETWORK_ACLS,
    title="Network ACLs keep the world away from SSH and RDP",
    why="An ACL still holds when somebody opens a security group by mistake.",
    fix="Deny ports 22 and 3389 to the world before the entry that allows it, or allow only what is needed.",
    severity=Severity.MEDIUM,
    refs="FSBP EC2.21, CIS 5.2, CKV AWS_229, CKV AWS_230, CKV AWS_231, CKV AWS_232, CKV AWS_352",
    dev="advisory",
    prod="mandatory",
    departs="An entry that is a resource of its own is judged alone: a denial in another is not seen.",
)
def no_world_admin(acl: Resource, check: Check) -> None:
    entries = list(acl_entries(acl, Direction.INGRESS))
    for entry in entries:
        reached: list[int] = []
        for port in ADMIN_PORTS:
            with check.part():
                if entry.holds(
                    partial(_is, "allow", entry),
                    partial(entry.reaches, port),
                    entry.is_world,
                    partial(_passes, entries, entry, port),
                ):
                    reached.append(port)
        if reached:
            check.violation(f"the world is allowed to port {', '.join(map(str, reached))}", entry.at)


def _is(action: str, entry: Traffic) -> bool:
    return entry.allows.text().strip().lower() == action


def _passes(entries: list[Traffic], entry: Traffic, port: int) -> bool:
    """Whether no entry before denies all that this one allows."""
    return all_hold(
        *(
            lambda other=other: (
                not all_hold(
                    partial(_is, "deny", other),
                    lambda: _number(other) < _number(entry),
                    partial(other.reaches, port),
                    partial(_same_protocol, other, entry),
                    partial(_covers, other, entry),
                )
            )
            for other in entries
            if other is not entry
        )
    )


def _number(entry: Traffic) -> float:
    return entry.number.number(default=0)


def _same_protocol(denied: Traffic, allowed: Traffic) -> bool:
    """Whether what is denied is what would be allowed; of all protocols people log in by TCP."""
    return denied.protocol_name() in (ALL_PROTOCOLS, allowed.protocol_name()) or (
        allowed.protocol_name() == ALL_PROTOCOLS and denied.protocol_name() == "tcp"
    )


def _covers(denied: Traffic, allowed: Traffic) -> bool:
    ranges = [network(value) for value in denied.ranges()]
    return all(is_within(network(value), ranges) for value in allowed.ranges())
