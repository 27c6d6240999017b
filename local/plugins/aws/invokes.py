"""The provider's functions: what the program asks about things that it does not own."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local.plugins.aws import invokes_data
from local.plugins.aws.clients import Clients, Scope
from local.plugins.aws.errors import told
from local.plugins.aws.resource import Aws, Properties, ResourceError, pick, tag_map

_SECONDS = 60.0
_ROUTE = {
    "CarrierGatewayId": "carrierGatewayId",
    "DestinationCidrBlock": "cidrBlock",
    "CoreNetworkArn": "coreNetworkArn",
    "DestinationPrefixListId": "destinationPrefixListId",
    "EgressOnlyInternetGatewayId": "egressOnlyGatewayId",
    "GatewayId": "gatewayId",
    "InstanceId": "instanceId",
    "DestinationIpv6CidrBlock": "ipv6CidrBlock",
    "LocalGatewayId": "localGatewayId",
    "NatGatewayId": "natGatewayId",
    "NetworkInterfaceId": "networkInterfaceId",
    "OdbNetworkArn": "odbNetworkArn",
    "TransitGatewayId": "transitGatewayId",
    "VpcEndpointId": "vpcEndpointId",
    "VpcPeeringConnectionId": "vpcPeeringConnectionId",
}


@dataclass(frozen=True)
class Function:
    """One function, and the names of the arguments that it takes besides `region`."""

    answer: Callable[[Aws, Properties], Properties]
    arguments: frozenset[str] = frozenset()


def call(token: str, arguments: Properties, clients: Clients, cancelled: threading.Event) -> Properties:
    """The function's answer. ResourceError if it is not mapped, an argument is unknown, or AWS refuses."""
    function = FUNCTIONS.get(token)
    if function is None:
        raise ResourceError(
            f"{token} is not mapped by Roost's fallback aws plugin. The official plugin has it; to rehearse "
            "it here, add it to FUNCTIONS in local/plugins/aws/invokes.py."
        )
    unknown = sorted(arguments.keys() - function.arguments - {"region"})
    if unknown:
        allowed = ", ".join(sorted(function.arguments)) or "none"
        raise ResourceError(f"{token} is mapped without {', '.join(unknown)}; it takes {allowed}")
    region = str(arguments.get("region") or clients.settings.region)
    with told(token):
        answer = function.answer(Scope(clients, region, _SECONDS, cancelled), arguments)
    return {**arguments, "region": region, **answer}


def _caller_identity(aws: Aws, _: Properties) -> Properties:
    found = aws.client("sts").get_caller_identity()
    names = {"Account": "accountId", "Arn": "arn", "UserId": "userId"}
    return {**pick(found, names), "id": found["Account"]}


def _registry_login(aws: Aws, given: Properties) -> Properties:
    registry = {"registryIds": [given["registryId"]]} if given.get("registryId") else {}
    (login,) = aws.client("ecr").get_authorization_token(**registry)["authorizationData"]
    user, _, password = base64.b64decode(login["authorizationToken"]).decode().partition(":")
    return {
        **pick(login, {"authorizationToken": "authorizationToken", "proxyEndpoint": "proxyEndpoint"}),
        "expiresAt": login["expiresAt"].isoformat(),
        "id": aws.region,
        "password": password,
        "userName": user,
    }


def _clusters(aws: Aws, _: Properties) -> Properties:
    pages = aws.client("eks").get_paginator("list_clusters").paginate()
    return {"id": aws.region, "names": [name for page in pages for name in page["clusters"]]}


def _vpc(aws: Aws, given: Properties) -> Properties:
    found = _only(aws, "describe_vpcs", "Vpcs", given, _VPC)
    identity = found["VpcId"]
    names = {"DhcpOptionsId": "dhcpOptionsId", "InstanceTenancy": "instanceTenancy", "OwnerId": "ownerId"}
    main = {"Name": "association.main", "Values": ["true"]}
    of_vpc = {"Name": "vpc-id", "Values": [identity]}
    tables = aws.client("ec2").describe_route_tables(Filters=[main, of_vpc])["RouteTables"]
    blocks = found.get("CidrBlockAssociationSet") or []
    return {
        **pick(found, {**names, "CidrBlock": "cidrBlock", "IsDefault": "default", "State": "state"}),
        "id": identity,
        "arn": _arn(aws, "vpc", identity),
        "cidrBlockAssociations": [
            {
                "associationId": block["AssociationId"],
                "cidrBlock": block["CidrBlock"],
                "state": block["CidrBlockState"]["State"],
            }
            for block in blocks
        ],
        "enableDnsSupport": _vpc_attribute(aws, identity, "enableDnsSupport"),
        "enableDnsHostnames": _vpc_attribute(aws, identity, "enableDnsHostnames"),
        "mainRouteTableId": tables[0]["RouteTableId"] if tables else "",
        "tags": tag_map(found.get("Tags")),
    }


def _subnet(aws: Aws, given: Properties) -> Properties:
    found = _only(aws, "describe_subnets", "Subnets", given, _SUBNET)
    names = {
        "AssignIpv6AddressOnCreation": "assignIpv6AddressOnCreation",
        "AvailabilityZone": "availabilityZone",
        "AvailabilityZoneId": "availabilityZoneId",
        "AvailableIpAddressCount": "availableIpAddressCount",
        "CidrBlock": "cidrBlock",
        "DefaultForAz": "defaultForAz",
        "Ipv6Native": "ipv6Native",
        "MapPublicIpOnLaunch": "mapPublicIpOnLaunch",
        "OwnerId": "ownerId",
        "State": "state",
        "VpcId": "vpcId",
    }
    ipv6 = [
        block
        for block in found.get("Ipv6CidrBlockAssociationSet") or ()
        if block["Ipv6CidrBlockState"]["State"] == "associated"
    ]
    return {
        **pick(found, names),
        "id": found["SubnetId"],
        "arn": _arn(aws, "subnet", found["SubnetId"]),
        "ipv6CidrBlock": ipv6[0]["Ipv6CidrBlock"] if ipv6 else "",
        "ipv6CidrBlockAssociationId": ipv6[0]["AssociationId"] if ipv6 else "",
        "tags": tag_map(found.get("Tags")),
    }


def _subnets(aws: Aws, given: Properties) -> Properties:
    return _ids(aws, "describe_subnets", "Subnets", "SubnetId", given, {})


def _prefix_list(aws: Aws, given: Properties) -> Properties:
    found = _only(aws, "describe_prefix_lists", "PrefixLists", given, _PREFIX_LIST)
    return {
        "id": found["PrefixListId"],
        "name": found["PrefixListName"],
        "cidrBlocks": sorted(found.get("Cidrs") or ()),
    }


def _nat_gateways(aws: Aws, given: Properties) -> Properties:
    return _ids(aws, "describe_nat_gateways", "NatGateways", "NatGatewayId", given, _OF_VPC)


def _route_tables(aws: Aws, given: Properties) -> Properties:
    return _ids(aws, "describe_route_tables", "RouteTables", "RouteTableId", given, _OF_VPC)


def _route_table(aws: Aws, given: Properties) -> Properties:
    found = _only(aws, "describe_route_tables", "RouteTables", given, _ROUTE_TABLE)
    # As the official provider: the route to the VPC itself is no route of anybody's.
    routes = [route for route in found.get("Routes") or () if route.get("GatewayId") != "local"]
    nothing = dict.fromkeys(_ROUTE.values(), "")
    return {
        **pick(found, {"OwnerId": "ownerId", "RouteTableId": "routeTableId", "VpcId": "vpcId"}),
        "id": found["RouteTableId"],
        "arn": _arn(aws, "route-table", found["RouteTableId"]),
        "routes": [{**nothing, **pick(route, _ROUTE)} for route in routes],
        "tags": tag_map(found.get("Tags")),
    }


def _only(
    aws: Aws, operation: str, key: str, given: Properties, arguments: Mapping[str, str]
) -> dict[str, Any]:
    """The one that the arguments describe; as with the official provider, anything else is an error."""
    found = _described(aws, operation, key, given, arguments)
    if len(found) != 1:
        asked = _filters(given, arguments)
        raise ResourceError(f"{len(found) or 'no'} {key} match {asked}; exactly one must")
    return found[0]


def _ids(
    aws: Aws, operation: str, key: str, name: str, given: Properties, arguments: Mapping[str, str]
) -> Properties:
    found = _described(aws, operation, key, given, arguments)
    return {"id": aws.region, "ids": sorted(item[name] for item in found)}


def _described(
    aws: Aws, operation: str, key: str, given: Properties, arguments: Mapping[str, str]
) -> list[dict[str, Any]]:
    name = "Filter" if operation == "describe_nat_gateways" else "Filters"  # so EC2's model has it
    request = {name: _filters(given, arguments)}
    pages = aws.client("ec2").get_paginator(operation).paginate(**request)
    return [item for page in pages for item in page[key]]


def _filters(given: Properties, arguments: Mapping[str, str]) -> list[dict[str, Any]]:
    direct = {name: given[ours] for ours, name in arguments.items() if given.get(ours) is not None}
    tags = {f"tag:{key}": value for key, value in (given.get("tags") or {}).items()}
    asked = [{"Name": item["name"], "Values": item["values"]} for item in given.get("filters") or ()]
    return [*({"Name": name, "Values": [value]} for name, value in {**direct, **tags}.items()), *asked]


def _vpc_attribute(aws: Aws, identity: str, name: str) -> bool:
    answer = aws.client("ec2").describe_vpc_attribute(VpcId=identity, Attribute=name)
    return answer[f"{name[0].upper()}{name[1:]}"]["Value"]


def _arn(aws: Aws, kind: str, identity: str) -> str:
    return f"arn:{aws.partition}:ec2:{aws.region}:{aws.account}:{kind}/{identity}"


_ASKING = frozenset({"filters", "tags"})
# Arguments that are filters of EC2 by another name.
_OF_VPC = {"vpcId": "vpc-id"}
_PREFIX_LIST = {"name": "prefix-list-name", "prefixListId": "prefix-list-id"}
_VPC = {"id": "vpc-id", "cidrBlock": "cidr", "state": "state"}
_SUBNET = {
    **_OF_VPC,
    "id": "subnet-id",
    "cidrBlock": "cidr-block",
    "availabilityZone": "availability-zone",
    "availabilityZoneId": "availability-zone-id",
    "state": "state",
}
_ROUTE_TABLE = {
    **_OF_VPC,
    "routeTableId": "route-table-id",
    "subnetId": "association.subnet-id",
    "gatewayId": "association.gateway-id",
}

FUNCTIONS: Mapping[str, Function] = {
    "aws:index/getCallerIdentity:getCallerIdentity": Function(_caller_identity),
    "aws:ec2/getVpc:getVpc": Function(_vpc, _ASKING | _VPC.keys()),
    "aws:ec2/getPrefixList:getPrefixList": Function(_prefix_list, _ASKING | _PREFIX_LIST.keys()),
    "aws:ec2/getSubnet:getSubnet": Function(_subnet, _ASKING | _SUBNET.keys()),
    "aws:ec2/getSubnets:getSubnets": Function(_subnets, _ASKING),
    "aws:ec2/getRouteTable:getRouteTable": Function(_route_table, _ASKING | _ROUTE_TABLE.keys()),
    "aws:ec2/getRouteTables:getRouteTables": Function(_route_tables, _ASKING | _OF_VPC.keys()),
    "aws:ec2/getNatGateways:getNatGateways": Function(_nat_gateways, _ASKING | _OF_VPC.keys()),
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": Function(
        _registry_login, frozenset({"registryId"})
    ),
    "aws:eks/getClusters:getClusters": Function(_clusters),
    "aws:kms/getKey:getKey": Function(invokes_data.key, frozenset({"keyId"})),
    "aws:s3/getBucket:getBucket": Function(invokes_data.bucket, frozenset({"bucket"})),
    "aws:secretsmanager/getSecretVersion:getSecretVersion": Function(
        invokes_data.secret_version, frozenset({"secretId", "versionId", "versionStage"})
    ),
}
