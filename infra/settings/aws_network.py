"""Settings of the VPC."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.base import Section

InterfaceEndpoint = Literal[
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
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


class NetworkSettings(Section):
    """The VPC, its subnets and how private subnets reach the outside."""

    cidr: str = Field(default="10.32.0.0/16", description="IPv4 range of the VPC, /16 to /20.")
    zones: tuple[str, ...] = Field(
        default=("a", "b"),
        min_length=2,
        max_length=4,
        description="Letters of the availability zones to use; adding one later moves nothing else.",
    )
    nat: Literal["none", "single", "per-az"] = Field(
        default="single",
        description="NAT gateways, about 33 USD a month each: per-az survives the loss of a zone.",
    )
    interface_endpoints: tuple[InterfaceEndpoint, ...] = Field(
        default=(),
        description=(
            "AWS services reached inside the VPC. Each costs about 7.30 USD a month and zone, which pays off "
            "against NAT above roughly 160 GB a month of traffic to that service."
        ),
    )
    flow_log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="How long records of accepted and rejected connections are kept."
    )

    @model_validator(mode="after")
    def _something_reaches_aws(self) -> Self:
        missing = NEEDED_WITHOUT_NAT - set(self.interface_endpoints)
        if self.nat == "none" and missing:
            raise ValueError(
                f"nat is none, so nodes reach AWS only through interface endpoints, and these are missing: "
                f"{', '.join(sorted(missing))}; add them to interfaceEndpoints or set nat to single"
            )
        return self
