"""What AWS does not let go of, since something still uses it.

moto mostly deletes it, and so would hide a stack that is taken down in the wrong order.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from moto.ec2.exceptions import DependencyViolationError
from moto.ec2.models import EC2Backend
from moto.elbv2.models import FakeLoadBalancer, elbv2_backends

from local.emulator.errors import Refusal


class InUse(EC2Backend):
    """moto's EC2 with AWS's refusals."""

    _leaving: str | None = None
    """The VPC whose default security group may go."""

    def delete_vpc(self, vpc_id: str) -> Any:
        """`DependencyViolation` while it has more than AWS put there with it."""
        if any(self._inside(vpc_id)):
            raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
        self._leaving = vpc_id
        try:
            return super().delete_vpc(vpc_id)
        finally:
            self._leaving = None

    def delete_subnet(self, subnet_id: str) -> Any:
        """`DependencyViolation` while there is a network interface in it."""
        interfaces = (eni for eni in self.enis.values() if eni.subnet.id == subnet_id)
        balancers = (one for one in self._balancers() if subnet_id in {place.id for place in one.subnets})
        if any(interfaces) or any(balancers):
            raise DependencyViolationError(
                f"The subnet '{subnet_id}' has dependencies and cannot be deleted."
            )
        return super().delete_subnet(subnet_id)

    def delete_security_group(self, name: str | None = None, group_id: str | None = None) -> None:
        """`CannotDelete` for a default group, `DependencyViolation` while another thing names it."""
        group = self.get_security_group_by_name_or_id(group_id or name or "")
        if group is not None:
            if group.is_default and group.vpc_id != self._leaving:
                raise Refusal(
                    "CannotDelete",
                    f'the specified group: "{group.id}" name: "default" cannot be deleted by a user',
                )
            if any(self._users(group.id)):
                raise DependencyViolationError(f"resource {group.id} has a dependent object")
        super().delete_security_group(name, group_id)

    def release_address(self, address: str | None = None, allocation_id: str | None = None) -> None:
        """`InvalidIPAddress.InUse` while it is associated."""
        for one in self.addresses:
            if one.association_id and (one.public_ip == address or one.allocation_id == allocation_id):
                raise Refusal("InvalidIPAddress.InUse", f"Address {one.public_ip} is in use.")
        super().release_address(address, allocation_id)

    def detach_internet_gateway(self, internet_gateway_id: str, vpc_id: str) -> None:
        """`DependencyViolation` while the VPC has public addresses."""
        mapped = (one for one in self.addresses if one.eni and one.eni.subnet.vpc_id == vpc_id)
        public = (
            one for one in self._balancers() if one.scheme == "internet-facing" and one.vpc_id == vpc_id
        )
        if any(mapped) or any(public):
            raise DependencyViolationError(
                f"Network {vpc_id} has some mapped public address(es). "
                "Please unmap those public address(es) before detaching the gateway."
            )
        super().detach_internet_gateway(internet_gateway_id, vpc_id)

    def delete_nat_gateway(self, nat_gateway_id: str) -> Any:
        """Lets go of its address and its interface, which moto keeps."""
        gateway = self.nat_gateways.get(nat_gateway_id)
        if gateway is None:
            raise Refusal("NatGatewayNotFound", f"NAT gateway {nat_gateway_id} was not found")
        interfaces = {place["networkInterfaceId"] for place in gateway.address_set}
        for address in self.addresses:
            if address.eni is not None and address.eni.id in interfaces:
                self.disassociate_address(association_id=address.association_id)
        for interface in interfaces:
            self.enis.pop(interface, None)
        return super().delete_nat_gateway(nat_gateway_id)

    def _inside(self, vpc: str) -> Iterator[object]:
        yield from (one for one in self.internet_gateways.values() if one.vpc and one.vpc.id == vpc)
        yield from (one for one in self.egress_only_internet_gateways.values() if one.vpc_id == vpc)
        yield from (one for one in self.network_acls.values() if one.vpc_id == vpc and not one.default)
        yield from (one for one in self.groups.get(vpc, {}).values() if not one.is_default)
        yield from (one for one in self.vpc_end_points.values() if one.vpc_id == vpc and _lives(one))

    def _users(self, group: str) -> Iterator[object]:
        for others in self.groups.values():
            for other in others.values():
                rules = (*other.ingress_rules, *other.egress_rules)
                if other.id != group and any(rule.source_group.get("GroupId") == group for rule in rules):
                    yield other
        yield from (one for one in self.enis.values() if group in {member.id for member in one.group_set})
        yield from (
            one for one in self.vpc_end_points.values() if group in one.security_group_ids and _lives(one)
        )
        yield from (one for one in self._balancers() if group in one.security_groups)

    def _balancers(self) -> Iterator[FakeLoadBalancer]:
        """moto gives them no network interfaces."""
        yield from elbv2_backends[self.account_id][self.region_name].load_balancers.values()


def _lives(endpoint: Any) -> bool:
    return cast("str", endpoint.state) != "deleted"
