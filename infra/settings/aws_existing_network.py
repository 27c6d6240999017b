"""Settings for building in a VPC that was there before the stack."""

from __future__ import annotations

import re
from collections import Counter
from ipaddress import IPv4Network
from itertools import combinations
from typing import Self

from pydantic import Field, field_validator, model_validator

from infra.settings.base import Section

LARGEST_PREFIX = {"public": 27, "private": 28, "database": 28}
"""A load balancer wants a /27 in each of its subnets; AWS makes no subnet smaller than a /28."""


class ExistingTier(Section):
    """One subnet for each zone."""

    subnets: dict[str, str] = Field(description="Zone letter to subnet id.")
    cidrs: dict[str, str] = Field(
        description="Zone letter to that subnet's IPv4 range, which network policies name."
    )

    @field_validator("subnets")
    @classmethod
    def _ids_are_of_subnets(cls, subnets: dict[str, str]) -> dict[str, str]:
        for zone, id_ in subnets.items():
            if not re.fullmatch(r"subnet-[0-9a-f]+", id_):
                raise ValueError(f"zone {zone} must have a subnet's id, as subnet-0a1b2c3d, not {id_!r}")
        return subnets

    @field_validator("cidrs")
    @classmethod
    def _ranges_parse(cls, cidrs: dict[str, str]) -> dict[str, str]:
        for zone, cidr in cidrs.items():
            try:
                IPv4Network(cidr)
            except ValueError as error:
                raise ValueError(
                    f"zone {zone} must have an IPv4 range, as 10.7.32.0/19, not {cidr!r}: {error}"
                ) from None
        return cidrs

    @model_validator(mode="after")
    def _every_subnet_has_a_range(self) -> Self:
        if set(self.subnets) != set(self.cidrs):
            raise ValueError(
                f"subnets has the zones {', '.join(sorted(self.subnets))} and cidrs has "
                f"{', '.join(sorted(self.cidrs))}: give every subnet its range"
            )
        return self


class ExistingNetwork(Section):
    """A VPC to adopt, with three subnets in each zone."""

    vpc_id: str = Field(pattern=r"^vpc-[0-9a-f]+$", description="Id of the VPC.")
    public: ExistingTier = Field(description="For the load balancer; routed to an internet gateway.")
    private: ExistingTier = Field(description="For nodes and pods; routed to a NAT or transit gateway.")
    database: ExistingTier = Field(description="For the database; not routed to the internet.")

    @model_validator(mode="after")
    def _tiers_span_the_same_zones(self) -> Self:
        for name, tier in (("private", self.private), ("database", self.database)):
            if set(tier.subnets) != set(self.public.subnets):
                raise ValueError(
                    f"{name} has subnets in the zones {', '.join(sorted(tier.subnets))} and public in "
                    f"{', '.join(sorted(self.public.subnets))}: every zone needs one of each"
                )
        return self

    @model_validator(mode="after")
    def _subnets_are_distinct(self) -> Self:
        tiers = {"public": self.public, "private": self.private, "database": self.database}
        ids = Counter(id_ for tier in tiers.values() for id_ in tier.subnets.values())
        twice = sorted(id_ for id_, count in ids.items() if count > 1)
        if twice:
            raise ValueError(
                f"{', '.join(twice)} is named twice: what the internet reaches, what runs agents and what "
                "holds data live in subnets of their own"
            )
        ranges = [IPv4Network(cidr) for tier in tiers.values() for cidr in tier.cidrs.values()]
        for one, other in combinations(ranges, 2):
            if one.overlaps(other):
                raise ValueError(f"the ranges {one} and {other} overlap, so one of them is not that subnet's")
        for name, tier in tiers.items():
            for cidr in tier.cidrs.values():
                if IPv4Network(cidr).prefixlen > LARGEST_PREFIX[name]:
                    raise ValueError(
                        f"{name} has the subnet {cidr}, which is too small: it needs a "
                        f"/{LARGEST_PREFIX[name]} or larger"
                    )
        return self

    @property
    def zones(self) -> tuple[str, ...]:
        """Zone letters, in alphabetical order."""
        return tuple(sorted(self.public.subnets))
