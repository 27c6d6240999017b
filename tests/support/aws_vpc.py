"""A VPC that was there before the stack, as AWS describes it to the program's invokes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

EXISTING: dict[str, Any] = {
    "vpcId": "vpc-0e1",
    "public": {
        "subnets": {"a": "subnet-0aa1", "b": "subnet-0ab1"},
        "cidrs": {"a": "10.7.0.0/24", "b": "10.7.1.0/24"},
    },
    "private": {
        "subnets": {"a": "subnet-0aa2", "b": "subnet-0ab2"},
        "cidrs": {"a": "10.7.32.0/19", "b": "10.7.64.0/19"},
    },
    "database": {
        "subnets": {"a": "subnet-0aa3", "b": "subnet-0ab3"},
        "cidrs": {"a": "10.7.2.0/24", "b": "10.7.3.0/24"},
    },
}
"""`network.existing` of a stack that builds in it."""

MAIN = "rtb-0main"
_ROUTE_TARGETS = {
    "igw-": "gatewayId",
    "nat-": "natGatewayId",
    "tgw-": "transitGatewayId",
    "eigw-": "egressOnlyGatewayId",
    "vpce-": "vpcEndpointId",
}


@dataclass
class ExistingVpc:
    """A good one; tests spoil one thing at a time."""

    vpc: dict[str, Any] = field(default_factory=dict[str, Any])
    subnets: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    tables: dict[str, str] = field(default_factory=dict[str, str])
    """Subnet to its own route table; a subnet that is not here follows the main one."""
    routes: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """Route table to destinations, and what they lead to."""
    nat_gateways: list[str] = field(default_factory=list[str])
    clusters: list[str] = field(default_factory=list[str])

    @classmethod
    def good(cls) -> ExistingVpc:
        vpc = {
            "id": EXISTING["vpcId"],
            "cidrBlockAssociations": [
                {"associationId": "vpc-cidr-assoc-0", "cidrBlock": "10.7.0.0/16", "state": "associated"}
            ],
            "enableDnsSupport": True,
            "enableDnsHostnames": True,
        }
        subnets = {
            id_: {
                "id": id_,
                "vpcId": EXISTING["vpcId"],
                "availabilityZone": f"eu-central-1{zone}",
                "cidrBlock": EXISTING[tier]["cidrs"][zone],
                "availableIpAddressCount": 240 if tier != "private" else 8000,
                "ipv6CidrBlock": "",
                "tags": {},
            }
            for tier in ("public", "private", "database")
            for zone, id_ in EXISTING[tier]["subnets"].items()
        }
        return cls(
            vpc=vpc,
            subnets=subnets,
            tables={
                "subnet-0aa1": "rtb-0public",
                "subnet-0ab1": "rtb-0public",
                "subnet-0aa2": "rtb-0a",
                "subnet-0ab2": "rtb-0b",
            },
            routes={
                MAIN: {},
                "rtb-0public": {"0.0.0.0/0": "igw-01"},
                "rtb-0a": {"0.0.0.0/0": "nat-0a", "10.0.0.0/8": "tgw-01"},
                "rtb-0b": {"0.0.0.0/0": "tgw-01"},
            },
            nat_gateways=["nat-0a"],
        )

    def invokes(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """Answers by token."""
        return {
            "aws:ec2/getVpc:getVpc": lambda args: self._only(args, self.vpc),
            "aws:ec2/getSubnet:getSubnet": lambda args: self.subnets[args["id"]],
            "aws:ec2/getRouteTables:getRouteTables": self._route_tables,
            "aws:ec2/getRouteTable:getRouteTable": self._route_table,
            "aws:ec2/getNatGateways:getNatGateways": self._nat_gateways,
            "aws:ec2/getPrefixList:getPrefixList": lambda args: {
                "id": "pl-s3",
                "name": args["name"],
                "cidrBlocks": ["203.0.113.0/24"],
            },
            "aws:eks/getClusters:getClusters": lambda _: {"id": "clusters", "names": self.clusters},
        }

    def _only(self, args: dict[str, Any], vpc: dict[str, Any]) -> dict[str, Any]:
        assert args == {"id": vpc["id"]}
        return vpc

    def _route_tables(self, args: dict[str, Any]) -> dict[str, Any]:
        assert args["vpcId"] == EXISTING["vpcId"]
        (asked,) = args["filters"]
        if asked == {"name": "association.main", "values": ["true"]}:
            return {"id": "tables", "ids": [MAIN]}
        assert asked["name"] == "association.subnet-id"
        (subnet,) = asked["values"]
        return {"id": "tables", "ids": [self.tables[subnet]] if subnet in self.tables else []}

    def _route_table(self, args: dict[str, Any]) -> dict[str, Any]:
        id_ = args["routeTableId"]
        return {"id": id_, "routes": [_route(to, via) for to, via in self.routes[id_].items()]}

    def _nat_gateways(self, args: dict[str, Any]) -> dict[str, Any]:
        assert args["filters"] == [{"name": "state", "values": ["available"]}]
        return {"id": "gateways", "ids": self.nat_gateways}


def _route(destination: str, target: str) -> dict[str, str]:
    """As the provider shows a route: every possible target is there, and all but one are empty."""
    kind = next(key for prefix, key in _ROUTE_TARGETS.items() if target.startswith(prefix))
    return {
        "cidrBlock": destination if ":" not in destination else "",
        "ipv6CidrBlock": destination if ":" in destination else "",
        "destinationPrefixListId": "",
        **dict.fromkeys(
            (
                "carrierGatewayId",
                "coreNetworkArn",
                "instanceId",
                "localGatewayId",
                "networkInterfaceId",
                "odbNetworkArn",
                "vpcPeeringConnectionId",
                *_ROUTE_TARGETS.values(),
            ),
            "",
        ),
        kind: target,
    }
