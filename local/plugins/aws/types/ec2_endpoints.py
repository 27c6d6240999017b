"""VPC endpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, ResourceError, finishing, pick, put, tag_map
from local.plugins.aws.types.ec2_shared import arn, client, one, only, retag, sides, tagged

_ABSENT = "InvalidVpcEndpointId.NotFound"
_PLACE = {"vpcId": "VpcId", "serviceName": "ServiceName", "vpcEndpointType": "VpcEndpointType"}
_SETS = {"routeTableIds": "RouteTableIds", "subnetIds": "SubnetIds", "securityGroupIds": "SecurityGroupIds"}
_REST = {"policy": "PolicyDocument", "privateDnsEnabled": "PrivateDnsEnabled"}
_KINDS = ("Gateway", "Interface")
_FAILED = frozenset({"failed", "rejected", "expired"})


class VpcEndpoint(Resource):
    """Gateway and interface endpoints of AWS's own services."""

    token: ClassVar[str] = "aws:ec2/vpcEndpoint:VpcEndpoint"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(_PLACE)
    defaults: ClassVar[Mapping[str, Any]] = {"vpcEndpointType": "Gateway"}
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    unordered: ClassVar[frozenset[str]] = frozenset(_SETS)

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {*_PLACE, *_SETS, *_REST})
        kind = inputs.get("vpcEndpointType") or "Gateway"
        if kind not in _KINDS:
            raise ResourceError(f"vpcEndpointType is {kind}, and only {' and '.join(_KINDS)} are rehearsed")
        given = {name: value for name, value in inputs.items() if value != []}
        made = client(aws).create_vpc_endpoint(
            # Stated, since AWS's own default differs from the provider's.
            **put(
                {"privateDnsEnabled": False, **given, "vpcEndpointType": kind}, {**_PLACE, **_SETS, **_REST}
            ),
            **tagged("vpc-endpoint", inputs),
        )
        id: str = made["VpcEndpoint"]["VpcEndpointId"]  # noqa: A001
        with finishing(id):
            self._await(aws, id)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _endpoint(aws, id)
        if found is None:
            return None
        gateway = found["VpcEndpointType"] == "Gateway"
        return {
            **pick(found, {theirs: ours for ours, theirs in {**_PLACE, **_REST}.items()}),
            **pick(found, {"State": "state", "OwnerId": "ownerId"}),
            "arn": arn(aws, "vpc-endpoint", id),
            "routeTableIds": sorted(found.get("RouteTableIds") or ()),
            "subnetIds": sorted(found.get("SubnetIds") or ()),
            "securityGroupIds": sorted(group["GroupId"] for group in found.get("Groups") or ()),
            "networkInterfaceIds": sorted(found.get("NetworkInterfaceIds") or ()),
            "dnsEntries": [
                pick(entry, {"DnsName": "dnsName", "HostedZoneId": "hostedZoneId"})
                for entry in found.get("DnsEntries") or ()
            ],
            "requesterManaged": found.get("RequesterManaged", False),
            "serviceRegion": found.get("ServiceRegion", aws.region),
            **(_prefixes(aws, found["ServiceName"]) if gateway else {}),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, {*_SETS, *_REST})
        request: dict[str, Any] = {}
        for name, theirs in _SETS.items():
            if name in changed:
                added, removed = sides(old, new, name)
                request |= {f"Add{theirs}": added, f"Remove{theirs}": removed}
        if "policy" in changed:
            request |= {"PolicyDocument": new["policy"]} if new.get("policy") else {"ResetPolicy": True}
        if "privateDnsEnabled" in changed:
            request["PrivateDnsEnabled"] = bool(new.get("privateDnsEnabled"))
        request = {name: value for name, value in request.items() if value != []}
        if request:
            client(aws).modify_vpc_endpoint(VpcEndpointId=id, **request)
            self._await(aws, id)
        if "tags" in changed:
            retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        answer = client(aws).delete_vpc_endpoints(VpcEndpointIds=[id])
        for failed in answer.get("Unsuccessful") or ():
            if failed["Error"]["Code"] != _ABSENT:
                raise ResourceError(f"VPC endpoint {id}: {failed['Error']['Message']}")
        aws.wait(f"VPC endpoint {id} to be deleted", lambda: _endpoint(aws, id) is None)

    def _await(self, aws: Aws, id: str) -> None:  # noqa: A002
        def available() -> bool:
            state = str((_endpoint(aws, id) or {}).get("State", "")).lower()
            if state in _FAILED:
                raise ResourceError(f"VPC endpoint {id} is {state}")
            return state == "available"

        aws.wait(f"VPC endpoint {id} to be available", available)


def _endpoint(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    found = one(client(aws).describe_vpc_endpoints, "VpcEndpoints", _ABSENT, VpcEndpointIds=[id])
    return None if found is None or found["State"].lower() == "deleted" else found


def _prefixes(aws: Aws, service: str) -> Properties:
    """What a gateway endpoint adds to its route tables."""
    named = [{"Name": "prefix-list-name", "Values": [service]}]
    found = one(
        client(aws).describe_prefix_lists, "PrefixLists", "InvalidPrefixListId.NotFound", Filters=named
    )
    if found is None:
        return {}
    return {"prefixListId": found["PrefixListId"], "cidrBlocks": sorted(found.get("Cidrs") or ())}


RESOURCES: tuple[Resource, ...] = (VpcEndpoint(),)
