"""Subnets of a tier: in enough zones, and closed to the internet unless they are the public ones."""

from __future__ import annotations

from collections.abc import Iterable

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.groups import references
from policies.lib.logic import all_hold
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.subnets import PUBLIC_TIER, SUBNET, SUBNET_TYPES, internet_route, tier
from policies.lib.types import types
from policies.lib.values import Undetermined

NAT_GATEWAY = "aws:ec2/natGateway:NatGateway"


def _no_address(draft: Draft, _: Settings) -> None:
    known = not is_unknown(draft.get("tags")) and not is_unknown(draft.get("tags.tier"))
    if known and str(draft.get("tags.tier")).lower() != PUBLIC_TIER and draft.get("mapPublicIpOnLaunch"):
        draft.put("mapPublicIpOnLaunch", value=False)


@resource_rule(
    "net-subnet-no-public-ip",
    types(SUBNET),
    title="Only subnets of the public tier hand out public addresses",
    why="A public address is given silently to whatever starts there, and the internet has a name for it.",
    fix="Set mapPublicIpOnLaunch to false, or tag the subnet tier=public if it is meant to be one.",
    severity=Severity.MEDIUM,
    refs="FSBP EC2.15, CKV AWS_130",
    dev="advisory",
    prod="mandatory",
    remedy=_no_address,
)
def no_public_ip(subnet: Resource, check: Check) -> None:
    public = subnet["mapPublicIpOnLaunch"]
    if all_hold(lambda: public.truth(default=False), lambda: tier(subnet) != PUBLIC_TIER):
        check.violation("what starts in the subnet gets a public address", public)


class ClosedTiers(Settings):
    """Which tiers have no public side."""

    tiers: tuple[str, ...] = Field(
        default=("private", "database", "data"),
        description="Values of the tag `tier` of subnets that no internet gateway may serve.",
    )


@stack_rule(
    "net-data-subnets-no-igw",
    SUBNET_TYPES,
    title="Private and data subnets have no route to an internet gateway",
    why="With that route a public address is all that is missing for the internet to come in.",
    fix="Take the route to the internet gateway out of the subnet's route table, or give it another table.",
    severity=Severity.HIGH,
    refs="FSBP RDS.46, CISEKS 5.4.3",
    dev="mandatory",
    prod="mandatory",
    settings=ClosedTiers,
)
def no_internet_gateway(stack: Stack, check: Check) -> None:
    tiers = check.settings(ClosedTiers).tiers
    for subnet in stack.of(SUBNET):
        with check.on(subnet):
            if all_hold(
                lambda subnet=subnet: tier(subnet) in tiers,
                lambda subnet=subnet: internet_route(stack, subnet) is not None,
            ):
                check.violation("its route table leads to an internet gateway")


class Zones(Settings):
    """How many failures of a zone a network stands."""

    zones: int = Field(default=3, ge=1, description="Zones that each tier of subnets must span.")
    nat_per_zone: bool = Field(
        default=True,
        description="Whether each zone of the private tier must have a NAT gateway, where there are any.",
    )


@stack_rule(
    "net-az-spread",
    types(SUBNET, NAT_GATEWAY),
    title="Every tier of subnets spans several zones",
    why="What lives in one zone is gone when the zone is; with one NAT gateway so is the way out of all.",
    fix="Add subnets in other zones, and a NAT gateway in each zone where the environment asks for it.",
    severity=Severity.MEDIUM,
    refs="FSBP RDS.5, FSBP ELB.13",
    dev="advisory",
    prod="mandatory",
    settings=Zones,
)
def zone_spread(stack: Stack, check: Check) -> None:
    settings = check.settings(Zones)
    tiers, unplaced = _tiers(stack, check)
    for subnets in tiers.values():
        with check.on(subnets[0]):
            _expect_zones(subnets, settings.zones, unplaced, check)
    if settings.nat_per_zone:
        for (network, name), subnets in tiers.items():
            if name == "private":
                with check.on(subnets[0]):
                    _expect_gateways(stack, network, subnets, check)


def _tiers(stack: Stack, check: Check) -> tuple[dict[tuple[str, str], list[Resource]], Undetermined | None]:
    """The subnets of each network and tier, and why some may be missing there."""
    found: dict[tuple[str, str], list[Resource]] = {}
    unplaced: Undetermined | None = None
    for subnet in stack.of(SUBNET):
        with check.on(subnet):
            try:
                if name := tier(subnet):
                    found.setdefault((_network(subnet), name), []).append(subnet)
            except Undetermined as reason:
                unplaced = reason
                raise
    return found, unplaced


def _network(subnet: Resource) -> str:
    """What tells its network from others: an id, or the URN of what that is made from."""
    network = references(subnet, "vpcId")
    if network.open:
        raise network.open
    return min(network.keys, default="")


def _zones(subnets: Iterable[Resource]) -> tuple[set[str], Undetermined | None]:
    found: set[str] = set()
    open_: Undetermined | None = None
    for subnet in subnets:
        zone = (
            subnet["availabilityZone"] if subnet["availabilityZone"].present else subnet["availabilityZoneId"]
        )
        try:
            found.add(zone.text())
        except Undetermined as reason:
            open_ = open_ or reason
    return found - {""}, open_


def _expect_zones(subnets: list[Resource], wanted: int, unplaced: Undetermined | None, check: Check) -> None:
    zones, open_ = _zones(subnets)
    if len(zones) >= wanted:
        return
    if reason := open_ or unplaced:
        raise reason
    check.violation(f"its tier has subnets in {len(zones)} of {wanted} zones")


def _expect_gateways(stack: Stack, network: str, subnets: list[Resource], check: Check) -> None:
    """One NAT gateway in each zone of these subnets; none at all is another way to have no way out."""
    if any(one["availabilityMode"].text() == "regional" for one in stack.of(NAT_GATEWAY)):
        return
    gateways = [
        one for one in stack.of(NAT_GATEWAY) if one["connectivityType"].text(default="public") == "public"
    ]
    placed = [stack.target(gateway, "subnetId", SUBNET) for gateway in gateways]
    beside = [subnet for subnet in placed if subnet and _network(subnet) == network]
    if not beside:
        return
    (wanted, open_), (there, there_open) = _zones(subnets), _zones(beside)
    if not wanted - there:
        return
    if reason := open_ or there_open:
        raise reason
    if not all(placed):
        raise Undetermined("subnetId", "of a NAT gateway is none of this stack's subnets")
    check.violation(f"{len(wanted - there)} of the zones of its tier have no NAT gateway of their own")
