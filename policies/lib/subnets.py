"""Which subnets are private: the internet has no way in, whatever the subnet is called."""

from __future__ import annotations

from collections.abc import Callable

from policies.lib.logic import first
from policies.lib.resources import Resource, Stack
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"
INTERNET_GATEWAY = "aws:ec2/internetGateway:InternetGateway"
ROUTE = "aws:ec2/route:Route"
ROUTE_TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_ROUTE_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
MAIN_ASSOCIATION = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"

SUBNET_TYPES = types(
    SUBNET,
    VPC,
    INTERNET_GATEWAY,
    ROUTE,
    ROUTE_TABLE,
    DEFAULT_ROUTE_TABLE,
    ASSOCIATION,
    MAIN_ASSOCIATION,
)
"""What a rule must see to tell private subnets from public ones."""
PUBLIC_TIER = "public"
_TIER_TAG = "tier"
_INTERNET_GATEWAY_ID = "igw-"


def tier(subnet: Resource) -> str:
    """What the subnet is for by its tag `tier`, in lower case; empty without one.

    Raises:
        Undetermined: the tag is unknown.
    """
    return subnet["tags"][_TIER_TAG].text().lower()


def internet_route(stack: Stack, subnet: Resource) -> Value | None:
    """The gateway of a route that leads from the subnet to an internet gateway; None without one.

    Raises:
        Undetermined: none is known, but one of its routes, or which table it has, is unknown.
    """
    gateways = (one for table in _route_tables(stack, subnet) for one in _gateways(stack, table))
    found = first(gateways, lambda one: _is_internet_gateway(stack, *one))
    return found[0] if found else None


def why_public(stack: Stack, subnet: Resource) -> str:
    """Why the subnet is a public one, as a clause; empty if it is private.

    Raises:
        Undetermined: nothing says that it is public, and something that could is unknown.
    """
    found = first(_REASONS, lambda reason: reason[1](stack, subnet))
    return found[0] if found else ""


def _tagged(_: Stack, subnet: Resource) -> bool:
    return tier(subnet) == PUBLIC_TIER


def _hands_out_addresses(_: Stack, subnet: Resource) -> bool:
    return subnet["mapPublicIpOnLaunch"].truth(default=False)


def _routed(stack: Stack, subnet: Resource) -> bool:
    return internet_route(stack, subnet) is not None


_REASONS: tuple[tuple[str, Callable[[Stack, Resource], bool]], ...] = (
    ("is of the public tier", _tagged),
    ("gives public addresses to what starts in it", _hands_out_addresses),
    ("has a route to an internet gateway", _routed),
)


def _route_tables(stack: Stack, subnet: Resource) -> list[Resource]:
    """Its own, or else the main one of its VPC; none where this stack has neither."""
    own = stack.companions(subnet, ASSOCIATION, "subnetId")
    if own:
        return _tables_of(stack, own)
    vpc = stack.target(subnet, "vpcId", VPC)
    if vpc is None:
        return []
    main = stack.companions(vpc, MAIN_ASSOCIATION, "vpcId")
    if main:
        return _tables_of(stack, main)
    given = vpc["defaultRouteTableId"]
    return [
        table
        for table in stack.of(DEFAULT_ROUTE_TABLE)
        if table.depends_on(vpc, "defaultRouteTableId")
        or (given.known and given.present and table["defaultRouteTableId"].text() == given.text())
    ]


def _tables_of(stack: Stack, associations: list[Resource]) -> list[Resource]:
    tables = [stack.target(one, "routeTableId", ROUTE_TABLE, DEFAULT_ROUTE_TABLE) for one in associations]
    return [table for table in tables if table]


def _gateways(stack: Stack, table: Resource) -> list[tuple[Value, frozenset[str]]]:
    """The gateway of each of its routes, with the URNs of what it was made from."""
    inline = table.dependencies.get("routes", frozenset())
    routes = table["routes"]
    found = [route["gatewayId"] for route in routes.items()] if routes.known else [routes]
    return [(gateway, inline) for gateway in found] + [
        (route["gatewayId"], route.dependencies.get("gatewayId", frozenset()))
        for route in stack.companions(table, ROUTE, "routeTableId")
    ]


def _is_internet_gateway(stack: Stack, gateway: Value, origins: frozenset[str]) -> bool:
    if not gateway.present:
        return False
    if gateway.known:
        return gateway.text().startswith(_INTERNET_GATEWAY_ID)
    made_from = filter(None, map(stack.get, origins))
    if any(one.type == INTERNET_GATEWAY for one in made_from):
        return True
    raise Undetermined(gateway.path, "is not known before the update")
