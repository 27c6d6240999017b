"""VPCs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, finishing, pick, put, tag_map
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, only, retag, tagged

_ABSENT = "InvalidVpcID.NotFound"
_ATTRIBUTES = {
    "enableDnsSupport": "EnableDnsSupport",
    "enableDnsHostnames": "EnableDnsHostnames",
    "enableNetworkAddressUsageMetrics": "EnableNetworkAddressUsageMetrics",
}


class Vpc(Resource):
    """Its addresses come from its own block and, for IPv6, from Amazon; address pools (IPAM) are refused."""

    token: ClassVar[str] = "aws:ec2/vpc:Vpc"  # noqa: S105 - not a password
    # Of the tenancy, AWS changes dedicated to default in place, which no stack here does.
    replaces: ClassVar[frozenset[str]] = frozenset({"cidrBlock", "instanceTenancy"})
    renewed: ClassVar[frozenset[str]] = frozenset(
        {"ipv6AssociationId", "ipv6CidrBlock", "ipv6CidrBlockNetworkBorderGroup"}
    )
    defaults: ClassVar[Mapping[str, Any]] = {"enableDnsSupport": True, "instanceTenancy": "default"}

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(
            self.token, inputs, {"cidrBlock", "instanceTenancy", "assignGeneratedIpv6CidrBlock", *_ATTRIBUTES}
        )
        ipv6 = bool(inputs.get("assignGeneratedIpv6CidrBlock"))
        made = client(aws).create_vpc(
            **put(inputs, {"cidrBlock": "CidrBlock", "instanceTenancy": "InstanceTenancy"}),
            AmazonProvidedIpv6CidrBlock=ipv6,
            **tagged("vpc", inputs),
        )
        id: str = made["Vpc"]["VpcId"]  # noqa: A001
        with finishing(id):
            aws.wait(f"VPC {id} to be available", lambda: (_vpc(aws, id) or {}).get("State") == "available")
            if ipv6:
                self._await_ipv6(aws, id, wanted=True)
            self._set_attributes(aws, id, {**self.defaults, **inputs}, frozenset(_ATTRIBUTES))
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _vpc(aws, id)
        if found is None:
            return None
        ec2 = client(aws)
        here = {"Name": "vpc-id", "Values": [id]}
        main = ec2.describe_route_tables(Filters=[here, {"Name": "association.main", "Values": ["true"]}])
        acl = ec2.describe_network_acls(Filters=[here, {"Name": "default", "Values": ["true"]}])
        group = ec2.describe_security_groups(Filters=[here, {"Name": "group-name", "Values": ["default"]}])
        table = main["RouteTables"][0]["RouteTableId"]
        ipv6 = _ipv6(found)
        return {
            **pick(
                found,
                {
                    "CidrBlock": "cidrBlock",
                    "InstanceTenancy": "instanceTenancy",
                    "DhcpOptionsId": "dhcpOptionsId",
                    "OwnerId": "ownerId",
                },
            ),
            "arn": arn(aws, "vpc", id),
            **{name: _attribute(aws, id, theirs) for name, theirs in _ATTRIBUTES.items()},
            "assignGeneratedIpv6CidrBlock": ipv6 is not None,
            "ipv6AssociationId": ipv6["AssociationId"] if ipv6 else "",
            "ipv6CidrBlock": ipv6["Ipv6CidrBlock"] if ipv6 else None,
            "ipv6CidrBlockNetworkBorderGroup": aws.region if ipv6 else None,
            "mainRouteTableId": table,
            "defaultRouteTableId": table,
            "defaultNetworkAclId": acl["NetworkAcls"][0]["NetworkAclId"],
            "defaultSecurityGroupId": group["SecurityGroups"][0]["GroupId"],
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(
            self.token,
            {name: new.get(name) for name in changed},
            {"assignGeneratedIpv6CidrBlock", *_ATTRIBUTES},
        )
        if "assignGeneratedIpv6CidrBlock" in changed:
            self._switch_ipv6(aws, id, on=bool(new.get("assignGeneratedIpv6CidrBlock")))
        self._set_attributes(aws, id, {**self.defaults, **new}, changed)
        if "tags" in changed:
            retag(aws, id, old, new)

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """The IPv6 block comes and goes with the switch."""
        return self.renewed if "assignGeneratedIpv6CidrBlock" in changed else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        delete_when_free(aws, f"VPC {id}", _ABSENT, lambda: client(aws).delete_vpc(VpcId=id))

    def _set_attributes(self, aws: Aws, id: str, inputs: Properties, which: frozenset[str]) -> None:  # noqa: A002
        for name, theirs in _ATTRIBUTES.items():  # AWS takes one attribute a call
            if name in which:
                client(aws).modify_vpc_attribute(VpcId=id, **{theirs: {"Value": bool(inputs.get(name))}})

    def _switch_ipv6(self, aws: Aws, id: str, *, on: bool) -> None:  # noqa: A002
        block = _ipv6(_vpc(aws, id) or {})
        if on and block is None:
            client(aws).associate_vpc_cidr_block(VpcId=id, AmazonProvidedIpv6CidrBlock=True)
        if not on and block is not None:
            client(aws).disassociate_vpc_cidr_block(AssociationId=block["AssociationId"])
        self._await_ipv6(aws, id, wanted=on)

    def _await_ipv6(self, aws: Aws, id: str, *, wanted: bool) -> None:  # noqa: A002
        aws.wait(
            f"the IPv6 block of VPC {id} to be {'there' if wanted else 'gone'}",
            lambda: (_ipv6(_vpc(aws, id) or {}) is not None) == wanted,
        )


def _vpc(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    return one(client(aws).describe_vpcs, "Vpcs", _ABSENT, VpcIds=[id])


def _ipv6(vpc: Mapping[str, Any]) -> dict[str, Any] | None:
    """The association of Amazon's IPv6 block."""
    for block in vpc.get("Ipv6CidrBlockAssociationSet") or ():
        if block["Ipv6CidrBlockState"]["State"] == "associated" and block.get("Ipv6Pool") == "Amazon":
            return block
    return None


def _attribute(aws: Aws, id: str, name: str) -> bool:  # noqa: A002
    asked = f"{name[0].lower()}{name[1:]}"
    return client(aws).describe_vpc_attribute(VpcId=id, Attribute=asked)[name]["Value"]


RESOURCES: tuple[Resource, ...] = (Vpc(),)
