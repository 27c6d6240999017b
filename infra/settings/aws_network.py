"""Settings of the VPC."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.aws_existing_network import ExistingNetwork
from infra.settings.base import Section
from infra.sizing.cidr import SubnetPlan, check_zones, plan_subnets
from infra.sizing.prices import HOURS_PER_MONTH, Prices

InterfaceEndpoint = Literal[
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "rds",
    "secretsmanager",
    "ssm",
    "sts",
]

NEEDED_WITHOUT_NAT: frozenset[InterfaceEndpoint] = frozenset(
    {
        "ec2",
        "ecr.api",
        "ecr.dkr",
        "eks",
        "eks-auth",
        "elasticloadbalancing",
        "kms",
        "logs",
        "secretsmanager",
        "sts",
    }
)
"""What nodes and add-ons call: with no NAT gateway they reach AWS through these or not at all."""

# Of us-east-1, in USD; other regions cost up to a fifth more for both, so that the break-even moves little.
_PRICES = Prices("us-east-1")
NAT_PER_HOUR, NAT_PER_GB = _PRICES.of("nat-hour"), _PRICES.of("nat-gb")
ENDPOINT_PER_HOUR, ENDPOINT_PER_GB = _PRICES.of("endpoint-hour"), _PRICES.of("endpoint-gb")


def endpoint_break_even_gb() -> float:
    """GB a month and zone from which an interface endpoint costs less than the NAT traffic it saves."""
    return ENDPOINT_PER_HOUR * HOURS_PER_MONTH / (NAT_PER_GB - ENDPOINT_PER_GB)


class NetworkSettings(Section):
    """The VPC, its subnets and how private subnets reach the outside."""

    existing: ExistingNetwork | None = Field(
        default=None,
        description=(
            "Build in a VPC that is there already. It is checked and never changed: its range, NAT, IPv6, "
            "endpoints and flow log are its owner's, and the settings for them have no effect."
        ),
    )
    cidr: str = Field(default="10.32.0.0/16", description="IPv4 range of the VPC, /16 to /20.")
    zones: tuple[str, ...] = Field(
        default=("a", "b"),
        min_length=2,
        max_length=4,
        description="Letters of the availability zones to use; adding one later moves nothing else.",
    )
    ipv6: bool = Field(
        default=False,
        description=(
            "Also an IPv6 range of Amazon's, for public and private subnets: nodes leave through an "
            "egress-only gateway, which costs nothing. Pods and databases stay on IPv4."
        ),
    )
    nat: Literal["none", "single", "per-az"] = Field(
        default="single",
        description=(
            f"NAT gateways, about {NAT_PER_HOUR * HOURS_PER_MONTH:.0f} USD a month each: per-az survives the "
            "loss of a zone."
        ),
    )
    interface_endpoints: tuple[InterfaceEndpoint, ...] = Field(
        default=(),
        description=(
            "AWS services reached inside the VPC. Each costs "
            f"{ENDPOINT_PER_HOUR * HOURS_PER_MONTH:.2f} USD a month and zone, and {ENDPOINT_PER_GB} USD/GB "
            f"where NAT takes {NAT_PER_GB}: it pays off above {round(endpoint_break_even_gb(), -1):.0f} GB a "
            "month and zone of traffic to that service."
        ),
    )
    flow_log_destination: Literal["cloudwatch", "s3"] = Field(
        default="cloudwatch",
        description=(
            "Where records of connections go: cloudwatch can be searched at once, s3 costs half as much to "
            "write. Both are encrypted with the key for logs."
        ),
    )
    flow_log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="How long records of accepted and rejected connections are kept."
    )

    @model_validator(mode="after")
    def _something_reaches_aws(self) -> Self:
        missing = NEEDED_WITHOUT_NAT - set(self.interface_endpoints)
        if self.nat == "none" and self.existing is None and missing:
            raise ValueError(
                f"nat is none, so nodes reach AWS only through interface endpoints, and these are missing: "
                f"{', '.join(sorted(missing))}; add them to interfaceEndpoints or set nat to single"
            )
        return self

    @model_validator(mode="after")
    def _an_existing_vpc_is_left_alone(self) -> Self:
        if self.existing is None:
            return self
        if self.ipv6 or self.interface_endpoints:
            what = "ipv6" if self.ipv6 else "interfaceEndpoints"
            raise ValueError(
                f"existing names a VPC that somebody else owns, so the stack adds no {what} to it: have its "
                f"owner do so, and remove {what} here"
            )
        if set(self.existing.zones) != set(self.zones):
            raise ValueError(
                f"existing has subnets for the zones {', '.join(self.existing.zones)}, and zones lists "
                f"{', '.join(self.zones)}: both must name the same"
            )
        return self

    def plan(self) -> SubnetPlan:
        """Ranges of all subnets; ValueError says in a sentence why there can be no plan."""
        if self.existing is None:
            return plan_subnets(self.cidr, self.zones)
        check_zones(self.zones)
        there = self.existing
        return SubnetPlan(
            public={zone: there.public.cidrs[zone] for zone in self.zones},
            private={zone: there.private.cidrs[zone] for zone in self.zones},
            database={zone: there.database.cidrs[zone] for zone in self.zones},
        )
