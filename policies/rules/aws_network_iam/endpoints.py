"""The doors of a VPC to AWS services, and who may carry what through them."""

from __future__ import annotations

import re
from functools import partial

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import Statement, statements
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined

VPC = "aws:ec2/vpc:Vpc"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
_OF_AWS = re.compile(r"(?:^|\.)com\.amazonaws\.(?!vpce\.)[a-z0-9-]+\.(?P<service>[a-z0-9.-]+)$")
_GATEWAY, _INTERFACE = "gateway", "interface"
_KEEP_THEIR_NAME = frozenset({"s3", "dynamodb"})
"""Services that have a gateway endpoint, too, so that their interface may be for others than the VPC."""


class Doors(Settings):
    """Which services must be reached inside the VPC."""

    gateways: tuple[str, ...] = Field(default=("s3",), description="Services with a gateway endpoint.")
    interfaces: tuple[str, ...] = Field(
        default=("ecr.api", "ecr.dkr", "sts", "secretsmanager", "kms", "logs"),
        description="Services with an interface endpoint; each costs money by the hour and zone.",
    )


@stack_rule(
    "net-endpoints",
    types(VPC, ENDPOINT),
    title="AWS is reached inside the VPC, and only for what is ours",
    why="An endpoint without a policy carries data to anybody's bucket, past every other control.",
    fix=(
        "Add the endpoint that is missing, turn on privateDnsEnabled, and give it a policy that names "
        "resources, or a condition on the account or organisation."
    ),
    severity=Severity.MEDIUM,
    refs="FSBP EC2.10, FSBP EC2.55, FSBP EC2.56, FSBP EC2.57",
    dev="advisory",
    prod="mandatory",
    settings=Doors,
    departs=(
        "Which services must have an endpoint is a setting. Roost's own stacks name only S3: beside NAT "
        "gateways, interface endpoints cost more than they save below some 200 GB a month and zone, so that "
        "`interfaceEndpoints` adds them where they pay, and they are judged when they are there."
    ),
)
def endpoints(stack: Stack, check: Check) -> None:
    settings = check.settings(Doors)
    for vpc in stack.of(VPC):
        with check.on(vpc):
            there = stack.companions(vpc, ENDPOINT, "vpcId")
            for kind, services in ((_GATEWAY, settings.gateways), (_INTERFACE, settings.interfaces)):
                for service in services:
                    with check.part():
                        if not any_holds(*(partial(_is, kind, service, one) for one in there)):
                            check.violation(f"it has no {kind} endpoint for {service}")
    for endpoint in stack.of(ENDPOINT):
        with check.on(endpoint):
            with check.part():
                if _is_wide_open(endpoint):
                    check.violation("its policy lets everybody do everything", endpoint["policy"])
            names = endpoint["privateDnsEnabled"]
            if all_hold(
                lambda names=names: not names.truth(default=False),
                partial(_takes_over_its_name, endpoint),
            ):
                check.violation("the service's name still leads out of the VPC", names)


def _service(endpoint: Resource) -> str:
    """`ecr.api`; empty for what is not AWS's own."""
    found = _OF_AWS.search(endpoint["serviceName"].text().lower())
    return found["service"] if found else ""


def _kind(endpoint: Resource) -> str:
    return endpoint["vpcEndpointType"].text(default=_GATEWAY).lower()


def _is(kind: str, service: str, endpoint: Resource) -> bool:
    return all_hold(lambda: _kind(endpoint) == kind, lambda: _service(endpoint) == service)


def _takes_over_its_name(endpoint: Resource) -> bool:
    """Whether whoever calls the service by its usual name should come through this endpoint."""
    return all_hold(
        lambda: _kind(endpoint) == _INTERFACE,
        lambda: _service(endpoint) not in {"", *_KEEP_THEIR_NAME},
    )


def _is_wide_open(endpoint: Resource) -> bool:
    """Whether a statement allows all to all, and none denies anything; so does no policy at all."""
    if not all_hold(lambda: _kind(endpoint) in (_GATEWAY, _INTERFACE), lambda: _service(endpoint) != ""):
        return False  # load balancers of others, which take no policy
    policy = endpoint["policy"]
    if not policy.present:
        return True
    found = statements(policy)
    return all_hold(
        lambda: any_holds(*(partial(_allows_all, one, _service(endpoint)) for one in found)),
        *(lambda one=one: not one.denies for one in found),
    )


def _allows_all(statement: Statement, service: str) -> bool:
    family = service.partition(".")[0]
    return all_hold(
        lambda: statement.allows,
        lambda: statement.for_anyone,
        lambda: statement.covers(f"{family}:*"),
        lambda: statement.spans(family),
        lambda: _is_unconditional(statement),
    )


def _is_unconditional(statement: Statement) -> bool:
    condition = statement.at["Condition"]
    if condition.present and not condition.known:
        raise Undetermined(condition.path, "is not known before the update")
    return not statement.conditions()
