"""What the world must not reach, in whatever form a security group's rules are written.

A prefix list counts for what it holds in `net-sg-world-web-only`, which sees it.
"""

from __future__ import annotations

from functools import partial

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.traffic import Direction, security_rules
from policies.lib.types import SECURITY_GROUP_RULES


class AdminPorts(Settings):
    """For machines."""

    ports: tuple[int, ...] = Field(
        default=(22, 3389), description="Ports by which machines are administered."
    )


class DataPorts(Settings):
    """For databases and what else holds data or is told everything."""

    ports: tuple[int, ...] = Field(
        default=(5432, 6432, 8123, 9000, 9440, 8000, 4317, 4318, 2379, 10250),
        description=(
            "Ports of Postgres, PgBouncer, ClickHouse, vLLM, OpenTelemetry, etcd and the kubelet, which only "
            "parts of the platform call."
        ),
    )


@resource_rule(
    "net-sg-no-world-admin",
    SECURITY_GROUP_RULES,
    title="The world cannot log in to machines",
    why="SSH and RDP that everybody reaches are tried by everybody, day and night.",
    fix="Admit a security group or a narrow range, or use Session Manager, which needs no open port.",
    severity=Severity.CRITICAL,
    refs=("FSBP EC2.13, FSBP EC2.14, FSBP EC2.53, FSBP EC2.54, CIS 5.3, CIS 5.4, CKV AWS_24, CKV AWS_25"),
    dev="mandatory",
    prod="mandatory",
    settings=AdminPorts,
)
def no_world_admin(group: Resource, check: Check) -> None:
    _refuse_the_world(group, check, check.settings(AdminPorts).ports)


@resource_rule(
    "net-sg-no-world-data",
    SECURITY_GROUP_RULES,
    title="The world cannot reach databases, models and collectors",
    why="These trust whoever reaches them, or have a password between them and everybody.",
    fix="Admit the security group of what calls it, and nothing else.",
    severity=Severity.CRITICAL,
    refs="FSBP EC2.19",
    dev="mandatory",
    prod="mandatory",
    settings=DataPorts,
)
def no_world_data(group: Resource, check: Check) -> None:
    _refuse_the_world(group, check, check.settings(DataPorts).ports)


@resource_rule(
    "net-sg-no-world-all",
    SECURITY_GROUP_RULES,
    title="The world is nowhere admitted to every port",
    why="What starts to listen later is open the moment that it does.",
    fix="Name the protocol and the port that the world needs.",
    severity=Severity.CRITICAL,
    refs="FSBP EC2.18, CKV AWS_277",
    dev="mandatory",
    prod="mandatory",
)
def no_world_all(group: Resource, check: Check) -> None:
    for rule in security_rules(group, Direction.INGRESS):
        with check.part():
            if rule.holds(rule.reaches_all, rule.is_world):
                check.violation("the world is admitted to every port", rule.at)


def _refuse_the_world(group: Resource, check: Check, ports: tuple[int, ...]) -> None:
    for rule in security_rules(group, Direction.INGRESS):
        reached: list[int] = []
        for port in ports:
            with check.part():
                if rule.holds(partial(rule.reaches, port), rule.is_world):
                    reached.append(port)
        if reached:
            check.violation(f"the world is admitted to port {', '.join(map(str, reached))}", rule.at)
