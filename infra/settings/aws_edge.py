"""Settings of the public edge on AWS."""

from __future__ import annotations

from ipaddress import IPv6Network, ip_network
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
    dns: Literal["route53", "managed", "none"] = Field(
        default="route53",
        description=(
            "route53: record and certificate are made in zoneId. managed: the stack makes a zone for the "
            "domain, and its parent has to delegate to the output nameServers. none: bring certificateArn, "
            "and point the domain at the load balancer yourself."
        ),
    )
    zone_id: str | None = Field(
        default=None,
        pattern=r"^Z[A-Z0-9]+$",
        description="Public hosted zone of the domain, with dns route53.",
    )
    take_over_domain: bool = Field(
        default=False,
        description=(
            "Only with aws.restore: overwrite the domain's records, which are still the lost stack's. That "
            "moves its users here. false: AWS refuses a domain that has records."
        ),
    )
    wait_for_certificate: bool = Field(
        default=False,
        description=(
            "Only with dns managed. false: the domain may not be delegated yet, so there is no HTTPS until a "
            "later `up` with true. true: `up` waits up to 45 minutes for the delegation, and then for HTTPS."
        ),
    )
    certificate_arn: str | None = Field(
        default=None, pattern=r"^arn:", description="An issued ACM certificate."
    )
    dual_stack: bool = Field(
        default=False, description="Clients also connect over IPv6; needs network.ipv6 and IPv6 allowedCidrs."
    )
    allowed_cidrs: tuple[str, ...] = Field(
        default=("0.0.0.0/0",), description="Who may connect, as IPv4 ranges, and IPv6 ones with dualStack."
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
            ip_network(cidr)
        return cidrs

    @model_validator(mode="after")
    def _both_families_or_one(self) -> Self:
        six = [cidr for cidr in self.allowed_cidrs if isinstance(ip_network(cidr), IPv6Network)]
        if self.dual_stack and not six:
            raise ValueError(
                "dualStack is true and allowedCidrs has no IPv6 range, so nobody could connect over IPv6: "
                "add ::/0 or your own ranges, or set dualStack to false"
            )
        if six and not self.dual_stack:
            raise ValueError(
                f"allowedCidrs has {', '.join(six)}, and the load balancer has no IPv6 address: set "
                "dualStack to true, or remove the range"
            )
        return self

    @model_validator(mode="after")
    def _certificate_has_a_source(self) -> Self:
        if self.dns == "route53" and not self.zone_id:
            raise ValueError(
                f"dns is route53, so zoneId must be the hosted zone of {self.domain}; or set dns to managed, "
                "and the stack makes one; or to none and give certificateArn"
            )
        if self.dns == "none" and not self.certificate_arn:
            raise ValueError(
                "dns is none, so the stack cannot prove that the domain is yours: give the certificateArn of "
                "an issued certificate, or set dns to route53 and give zoneId"
            )
        return self

    @model_validator(mode="after")
    def _managed_zone_is_the_stacks_own(self) -> Self:
        if self.dns == "managed" and self.zone_id:
            raise ValueError(
                f"dns is managed, so the stack makes the zone of {self.domain} itself: remove zoneId, or set "
                "dns to route53 to use that zone"
            )
        if self.wait_for_certificate and (self.dns != "managed" or self.certificate_arn):
            raise ValueError(
                "waitForCertificate is for the certificate of a zone that the stack makes (dns managed "
                "without certificateArn): remove it; where the zone is there already, `up` always waits"
            )
        return self
