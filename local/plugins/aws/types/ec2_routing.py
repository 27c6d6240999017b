"""Route tables, their routes, and which subnet uses which table."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    pick,
    put,
    tag_map,
)
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, only, retag, tagged

_NO_TABLE, _NO_ROUTE = "InvalidRouteTableID.NotFound", "InvalidRoute.NotFound"
_NO_ASSOCIATION = "InvalidAssociationID.NotFound"
_DESTINATIONS = {
    "destinationCidrBlock": "DestinationCidrBlock",
    "destinationIpv6CidrBlock": "DestinationIpv6CidrBlock",
}
_TARGETS = {
    "gatewayId": "GatewayId",
    "natGatewayId": "NatGatewayId",
    "egressOnlyGatewayId": "EgressOnlyInternetGatewayId",
}
_ENDS = {"subnetId": "SubnetId", "gatewayId": "GatewayId"}


class RouteTable(Resource):
    """Its routes are resources of their own and not shown here; routes inside it are refused."""

    token: ClassVar[str] = "aws:ec2/routeTable:RouteTable"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"vpcId"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {"vpcId"})
        made = client(aws).create_route_table(VpcId=inputs["vpcId"], **tagged("route-table", inputs))
        return made["RouteTable"]["RouteTableId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _table(aws, id)
        if found is None:
            return None
        return {
            **pick(found, {"VpcId": "vpcId", "OwnerId": "ownerId"}),
            "arn": arn(aws, "route-table", id),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, ())
        retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        for association in (_table(aws, id) or {}).get("Associations") or ():
            with absent_is_fine(_NO_ASSOCIATION):
                client(aws).disassociate_route_table(AssociationId=association["RouteTableAssociationId"])
        delete_when_free(
            aws, f"route table {id}", _NO_TABLE, lambda: client(aws).delete_route_table(RouteTableId=id)
        )


class Route(Resource):
    """One route to an internet, NAT or egress-only gateway."""

    token: ClassVar[str] = "aws:ec2/route:Route"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"routeTableId", *_DESTINATIONS})

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {"routeTableId", *_DESTINATIONS, *_TARGETS})
        destination = _single(inputs, _DESTINATIONS)
        table: str = inputs["routeTableId"]
        client(aws).create_route(RouteTableId=table, **destination, **_single(inputs, _TARGETS))
        (text,) = destination.values()
        id = f"r-{table}{zlib.crc32(text.encode())}"  # noqa: A001 - as the Terraform provider makes it
        with finishing(id):
            aws.wait(f"the route to {text} in {table}", lambda: _route(aws, inputs) is not None)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        where = state if "routeTableId" in state else _imported(id)
        found = _route(aws, where)
        if found is None:
            return None
        return {
            "routeTableId": where["routeTableId"],
            **pick(found, {theirs: ours for ours, theirs in _DESTINATIONS.items()}),
            # None, not left out: a refresh has to see what went away.
            **{ours: found.get(theirs) for ours, theirs in _TARGETS.items()},
            **pick(found, {"Origin": "origin", "State": "state"}),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, _TARGETS)
        client(aws).replace_route(
            RouteTableId=new["routeTableId"], **_single(new, _DESTINATIONS), **_single(new, _TARGETS)
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_ROUTE, _NO_TABLE):
            client(aws).delete_route(RouteTableId=state["routeTableId"], **_single(state, _DESTINATIONS))


class RouteTableAssociation(Resource):
    """Which table a subnet (or a gateway) uses.

    Another table gives the association another id, which the engine does not take; so it is found by what is
    associated, of which there is one at most.
    """

    token: ClassVar[str] = "aws:ec2/routeTableAssociation:RouteTableAssociation"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(_ENDS)

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = client(aws).associate_route_table(
            RouteTableId=inputs["routeTableId"], **_single(inputs, _ENDS)
        )
        id: str = made["AssociationId"]  # noqa: A001
        with finishing(id):
            aws.wait(f"route table association {id}", lambda: _association(aws, id, inputs) is not None)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _association(aws, id, state)
        return (
            pick(found, {"RouteTableId": "routeTableId", "SubnetId": "subnetId", "GatewayId": "gatewayId"})
            if found
            else None
        )

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        found = _association(aws, id, old)
        if found is None:
            raise ResourceError(f"route table association {id} is gone; `pulumi refresh` tells the state")
        client(aws).replace_route_table_association(
            AssociationId=found["RouteTableAssociationId"], RouteTableId=new["routeTableId"]
        )

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        found = _association(aws, id, state)
        if found is not None:
            with absent_is_fine(_NO_ASSOCIATION):
                client(aws).disassociate_route_table(AssociationId=found["RouteTableAssociationId"])


def _single(inputs: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The one of several inputs of which AWS takes exactly one, under AWS's name."""
    given = put(inputs, names)
    if len(given) != 1:
        raise ResourceError(f"exactly one of {', '.join(names)} is needed, {len(given)} are given")
    return given


def _imported(id: str) -> dict[str, str]:  # noqa: A002
    """An import names a route as `<route table>_<destination>`."""
    table, _, destination = id.partition("_")
    if not destination:
        raise ResourceError(f"a route is imported as <route table id>_<destination>, not as {id}")
    name = "destinationIpv6CidrBlock" if ":" in destination else "destinationCidrBlock"
    return {"routeTableId": table, name: destination}


def _table(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    return one(client(aws).describe_route_tables, "RouteTables", _NO_TABLE, RouteTableIds=[id])


def _route(aws: Aws, inputs: Mapping[str, Any]) -> dict[str, Any] | None:
    wanted = _single(inputs, _DESTINATIONS).items()
    routes = (_table(aws, inputs["routeTableId"]) or {}).get("Routes") or ()
    return next((route for route in routes if wanted <= route.items()), None)


def _association(aws: Aws, id: str, inputs: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: A002
    ends = put(inputs, _ENDS) or {"RouteTableAssociationId": id}
    names = {
        "SubnetId": "association.subnet-id",
        "GatewayId": "association.gateway-id",
        "RouteTableAssociationId": "association.route-table-association-id",
    }
    filters = [{"Name": names[name], "Values": [value]} for name, value in ends.items()]
    for table in client(aws).describe_route_tables(Filters=filters)["RouteTables"]:
        for association in table["Associations"]:
            if ends.items() <= association.items():
                return association
    return None


RESOURCES: tuple[Resource, ...] = (RouteTable(), Route(), RouteTableAssociation())
