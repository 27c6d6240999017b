"""Subnets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, finishing, pick, put, tag_map
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, only, retag, tagged

_ABSENT = "InvalidSubnetID.NotFound"
_PLACE = {
    "vpcId": "VpcId",
    "cidrBlock": "CidrBlock",
    "availabilityZone": "AvailabilityZone",
    "availabilityZoneId": "AvailabilityZoneId",
}
_ATTRIBUTES = {
    "assignIpv6AddressOnCreation": "AssignIpv6AddressOnCreation",
    "mapPublicIpOnLaunch": "MapPublicIpOnLaunch",
}
_MAPPED = frozenset({*_PLACE, *_ATTRIBUTES, "ipv6CidrBlock"})


class Subnet(Resource):
    """A subnet with its own block; outposts, address pools (IPAM) and resource-based names are refused."""

    token: ClassVar[str] = "aws:ec2/subnet:Subnet"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(_PLACE)
    renewed: ClassVar[frozenset[str]] = frozenset({"ipv6CidrBlockAssociationId"})
    defaults: ClassVar[Mapping[str, Any]] = dict.fromkeys(_ATTRIBUTES, False)

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, _MAPPED)
        request = put(inputs, {**_PLACE, "ipv6CidrBlock": "Ipv6CidrBlock"})
        made = client(aws).create_subnet(**request, **tagged("subnet", inputs))["Subnet"]
        id: str = made["SubnetId"]  # noqa: A001
        with finishing(id):
            aws.wait(
                f"subnet {id} to be available", lambda: (_subnet(aws, id) or {}).get("State") == "available"
            )
            if inputs.get("ipv6CidrBlock"):
                self._await_ipv6(aws, id, inputs["ipv6CidrBlock"])
            for name in _ATTRIBUTES:
                if inputs.get(name):
                    self._set(aws, id, name, on=True)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _subnet(aws, id)
        if found is None:
            return None
        ipv6 = _ipv6(found)
        return {
            **pick(found, {theirs: ours for ours, theirs in {**_PLACE, **_ATTRIBUTES}.items()}),
            **pick(found, {"OwnerId": "ownerId", "Ipv6Native": "ipv6Native"}),
            "arn": arn(aws, "subnet", id),
            "ipv6CidrBlockAssociationId": ipv6["AssociationId"] if ipv6 else "",
            "ipv6CidrBlock": ipv6["Ipv6CidrBlock"] if ipv6 else None,
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, _MAPPED)
        switched = changed & _ATTRIBUTES.keys()
        # AWS hands out IPv6 addresses only where there is a block: off before it goes, on once it came.
        for name in switched:
            if not new.get(name):
                self._set(aws, id, name, on=False)
        if "ipv6CidrBlock" in changed:
            self._move_ipv6(aws, id, new.get("ipv6CidrBlock"))
        for name in switched:
            if new.get(name):
                self._set(aws, id, name, on=True)
        if "tags" in changed:
            retag(aws, id, old, new)

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """Another block is another association."""
        return self.renewed if "ipv6CidrBlock" in changed else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        delete_when_free(aws, f"subnet {id}", _ABSENT, lambda: client(aws).delete_subnet(SubnetId=id))

    def _set(self, aws: Aws, id: str, name: str, *, on: bool) -> None:  # noqa: A002
        client(aws).modify_subnet_attribute(SubnetId=id, **{_ATTRIBUTES[name]: {"Value": on}})

    def _move_ipv6(self, aws: Aws, id: str, block: str | None) -> None:  # noqa: A002
        had = _ipv6(_subnet(aws, id) or {})
        if had:  # a subnet has one IPv6 block at a time
            client(aws).disassociate_subnet_cidr_block(AssociationId=had["AssociationId"])
            self._await_ipv6(aws, id, None)
        if block:
            client(aws).associate_subnet_cidr_block(SubnetId=id, Ipv6CidrBlock=block)
            self._await_ipv6(aws, id, block)

    def _await_ipv6(self, aws: Aws, id: str, block: str | None) -> None:  # noqa: A002
        aws.wait(
            f"the IPv6 block of subnet {id} to be {block or 'gone'}",
            lambda: (_ipv6(_subnet(aws, id) or {}) or {}).get("Ipv6CidrBlock") == block,
        )


def _subnet(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    return one(client(aws).describe_subnets, "Subnets", _ABSENT, SubnetIds=[id])


def _ipv6(subnet: Mapping[str, Any]) -> dict[str, Any] | None:
    for block in subnet.get("Ipv6CidrBlockAssociationSet") or ():
        if block["Ipv6CidrBlockState"]["State"] == "associated":
            return block
    return None


RESOURCES: tuple[Resource, ...] = (Subnet(),)
