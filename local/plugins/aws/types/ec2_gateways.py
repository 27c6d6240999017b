"""Ways out of a VPC: internet, egress-only and NAT gateways, and the addresses of the last."""

from __future__ import annotations

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
    tag_map,
)
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, only, retag, tagged

_ENDED = frozenset({"deleted", "failed"})


class InternetGateway(Resource):
    """Attached to its VPC with its creation."""

    token: ClassVar[str] = "aws:ec2/internetGateway:InternetGateway"  # noqa: S105 - not a password

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = client(aws).create_internet_gateway(**tagged("internet-gateway", inputs))
        id: str = made["InternetGateway"]["InternetGatewayId"]  # noqa: A001
        with finishing(id):
            if inputs.get("vpcId"):
                client(aws).attach_internet_gateway(InternetGatewayId=id, VpcId=inputs["vpcId"])
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = self._found(aws, id)
        if found is None:
            return None
        attached = [place["VpcId"] for place in found.get("Attachments") or ()]
        return {
            "arn": arn(aws, "internet-gateway", id),
            **pick(found, {"OwnerId": "ownerId"}),
            "vpcId": attached[0] if attached else None,
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if "vpcId" in changed:
            self._detach(aws, id)
            if new.get("vpcId"):
                client(aws).attach_internet_gateway(InternetGatewayId=id, VpcId=new["vpcId"])
        if "tags" in changed:
            retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        self._detach(aws, id)
        delete_when_free(
            aws,
            f"internet gateway {id}",
            "InvalidInternetGatewayID.NotFound",
            lambda: client(aws).delete_internet_gateway(InternetGatewayId=id),
        )

    def _detach(self, aws: Aws, id: str) -> None:  # noqa: A002
        for place in (self._found(aws, id) or {}).get("Attachments") or ():
            vpc: str = place["VpcId"]
            delete_when_free(
                aws,
                f"internet gateway {id} in {vpc}",
                "Gateway.NotAttached",
                lambda vpc=vpc: client(aws).detach_internet_gateway(InternetGatewayId=id, VpcId=vpc),
            )

    def _found(self, aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
        return one(
            client(aws).describe_internet_gateways,
            "InternetGateways",
            "InvalidInternetGatewayID.NotFound",
            InternetGatewayIds=[id],
        )


class EgressOnlyInternetGateway(Resource):
    """The way out for IPv6."""

    token: ClassVar[str] = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"vpcId"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = client(aws).create_egress_only_internet_gateway(
            VpcId=inputs["vpcId"], **tagged("egress-only-internet-gateway", inputs)
        )
        return made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = one(
            client(aws).describe_egress_only_internet_gateways,
            "EgressOnlyInternetGateways",
            "InvalidGatewayID.NotFound",
            EgressOnlyInternetGatewayIds=[id],
        )
        if found is None:
            return None
        return {"vpcId": found["Attachments"][0]["VpcId"], "tags": tag_map(found.get("Tags"))}

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("InvalidGatewayID.NotFound"):
            client(aws).delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=id)


class NatGateway(Resource):
    """A public NAT gateway in one zone; private and regional ones are refused."""

    token: ClassVar[str] = "aws:ec2/natGateway:NatGateway"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"allocationId", "connectivityType", "subnetId"})
    defaults: ClassVar[Mapping[str, Any]] = {"connectivityType": "public"}

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {"allocationId", "connectivityType", "subnetId"})
        if inputs.get("connectivityType", "public") != "public":
            raise ResourceError("connectivityType is private, and only public NAT gateways are rehearsed")
        made = client(aws).create_nat_gateway(
            AllocationId=inputs["allocationId"],
            SubnetId=inputs["subnetId"],
            **tagged("natgateway", inputs),
        )["NatGateway"]
        id: str = made["NatGatewayId"]  # noqa: A001
        with finishing(id):
            aws.wait(f"NAT gateway {id} to be available", lambda: self._is_up(aws, id))
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = self._found(aws, id)
        if found is None or found["State"] in {"deleting", *_ENDED}:
            return None
        return {
            **pick(found, {"SubnetId": "subnetId", "VpcId": "vpcId"}),
            "connectivityType": found.get("ConnectivityType", "public"),
            "availabilityMode": found.get("AvailabilityMode", "zonal"),
            **pick(
                found["NatGatewayAddresses"][0],
                {
                    "AllocationId": "allocationId",
                    "AssociationId": "associationId",
                    "NetworkInterfaceId": "networkInterfaceId",
                    "PrivateIp": "privateIp",
                    "PublicIp": "publicIp",
                },
            ),
            "secondaryAllocationIds": [],
            "secondaryPrivateIpAddresses": [],
            "secondaryPrivateIpAddressCount": 0,
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, ())
        retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        if self._found(aws, id) is None:
            return
        with absent_is_fine("NatGatewayNotFound"):
            client(aws).delete_nat_gateway(NatGatewayId=id)
        aws.wait(f"NAT gateway {id} to be deleted", lambda: self._state(aws, id) in _ENDED)

    def _is_up(self, aws: Aws, id: str) -> bool:  # noqa: A002
        found = self._found(aws, id) or {}
        if found.get("State") == "failed":
            raise ResourceError(
                f"NAT gateway {id} failed: {found.get('FailureMessage', 'AWS gives no reason')}"
            )
        return found.get("State") == "available"

    def _state(self, aws: Aws, id: str) -> str:  # noqa: A002
        """AWS shows a deleted one for an hour more."""
        return (self._found(aws, id) or {"State": "deleted"})["State"]

    def _found(self, aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
        return one(client(aws).describe_nat_gateways, "NatGateways", "NatGatewayNotFound", NatGatewayIds=[id])


class Eip(Resource):
    """An address of Amazon's; what it is associated with is not shown, since the NAT gateway changes that."""

    token: ClassVar[str] = "aws:ec2/eip:Eip"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"domain"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {"domain"})
        made = client(aws).allocate_address(
            Domain=inputs.get("domain", "vpc"), **tagged("elastic-ip", inputs)
        )
        return made["AllocationId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = one(
            client(aws).describe_addresses, "Addresses", "InvalidAllocationID.NotFound", AllocationIds=[id]
        )
        if found is None:
            return None
        place = "compute-1" if aws.region == "us-east-1" else f"{aws.region}.compute"
        address: str = found["PublicIp"]
        return {
            "arn": arn(aws, "elastic-ip", id),
            "allocationId": id,
            "domain": found["Domain"],
            "networkBorderGroup": found.get("NetworkBorderGroup", aws.region),
            "publicIp": address,
            "publicDns": f"ec2-{address.replace('.', '-')}.{place}.amazonaws.com",
            "publicIpv4Pool": found.get("PublicIpv4Pool", "amazon"),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, ())
        retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        delete_when_free(
            aws,
            f"address {id}",
            "InvalidAllocationID.NotFound",
            lambda: client(aws).release_address(AllocationId=id),
        )


RESOURCES: tuple[Resource, ...] = (InternetGateway(), EgressOnlyInternetGateway(), NatGateway(), Eip())
