"""Settings of the public edge on AWS."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from infra.settings.base import Section


class WafSettings(Section):
    """Web application firewall in front of the load balancer."""

    requests_per_5_minutes: int = Field(
        default=2000, ge=100, le=2_000_000, description="From one address, before it is blocked for a while."
    )
    max_body_megabytes: Literal[1, 10, 100] = Field(
        default=10, description="Requests that announce a body of this size or more are blocked."
    )
    log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="Of the firewall's log."
    )


class AwsEdgeSettings(Section):
    """Load balancer, certificate, DNS and firewall."""

    domain: str = Field(
        pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", description="Host name of the server."
    )
    dns: Literal["route53", "none"] = Field(
        default="route53",
        description=(
            "route53: record and certificate are made in zoneId. none: bring certificateArn, and point the "
            "domain at the load balancer yourself."
        ),
    )
    zone_id: str | None = Field(
        default=None, pattern=r"^Z[A-Z0-9]+$", description="Public hosted zone of the domain."
    )
    certificate_arn: str | None = Field(
        default=None, pattern=r"^arn:", description="An issued ACM certificate."
    )
    allowed_cidrs: tuple[str, ...] = Field(
        default=("0.0.0.0/0",), description="Who may connect, as IPv4 ranges."
    )
    controller_image: str = Field(
        default="public.ecr.aws/eks/aws-load-balancer-controller:v2.14.1",
        description="AWS Load Balancer Controller, which attaches pods to the target group.",
    )
    waf: WafSettings = Field(default_factory=WafSettings, description="Web application firewall.")

    @field_validator("allowed_cidrs")
    @classmethod
    def _cidrs_parse(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        if not cidrs:
            raise ValueError(
                "allowedCidrs is empty, so nobody could connect; list ranges, or leave it out for everyone"
            )
        for cidr in cidrs:
            IPv4Network(cidr)
        return cidrs

    @model_validator(mode="after")
    def _certificate_has_a_source(self) -> Self:
        if self.dns == "route53" and not self.zone_id:
            raise ValueError(
                f"dns is route53, so zoneId must be the hosted zone of {self.domain}; "
                "or set dns to none and give certificateArn"
            )
        if self.dns == "none" and not self.certificate_arn:
            raise ValueError(
                "dns is none, so the stack cannot prove that the domain is yours: give the certificateArn of "
                "an issued certificate, or set dns to route53 and give zoneId"
            )
        return self
