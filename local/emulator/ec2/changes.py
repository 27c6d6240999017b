"""Changes that moto accepts and then carries out in part, and answers that it words wrongly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import InvalidParameterValue
from moto.ec2.models import ec2_backends
from moto.ec2.models.managed_prefixes import ManagedPrefixList
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses.flow_logs import FlowLogs
from moto.ec2.responses.vpcs import VPCs
from moto.ec2.utils import random_private_ip

from local.emulator.ec2.uses import InUse
from local.emulator.errors import Refusal

# As AWS names the kinds of source in its refusals.
_KINDS = {
    "CidrIpv4": "an IPv4 CIDR",
    "CidrIpv6": "an IPv6 CIDR",
    "PrefixListId": "a prefix list",
    "ReferencedGroupId": "a referenced group id",
}


class Ec2(InUse):
    """moto's EC2, corrected."""

    def modify_security_group_rules(self, group_id: str, rules: dict[str, dict[str, Any]]) -> None:
        """Whatever the source; moto knows IPv4 only. The kind of source is not changed, as in AWS."""
        group = self.get_security_group_by_name_or_id(group_id)
        found = {id: group.get_rule(id) if group else None for id in rules}  # noqa: A001
        for id, rule in found.items():  # noqa: A001
            if rule is not None:
                _same_kind(id, rule, rules[id])
        super().modify_security_group_rules(group_id, rules)
        for id, rule in found.items():  # noqa: A001
            if rule is not None:
                _modify(rule, rules[id])

    def delete_network_acl_entry(self, network_acl_id: str, rule_number: int, egress: bool) -> Any:
        """`InvalidNetworkAclEntry.NotFound`, where moto fails."""
        entries = self.get_network_acl(network_acl_id).network_acl_entries
        if not any(one.egress == egress and one.rule_number == rule_number for one in entries):
            raise Refusal(
                "InvalidNetworkAclEntry.NotFound", f"The network ACL entry '{rule_number}' does not exist"
            )
        return super().delete_network_acl_entry(network_acl_id, rule_number, egress)

    def describe_network_acls(self, network_acl_ids: Any = None, filters: Any = None) -> Any:
        """`InvalidNetworkAclID.NotFound`, where moto speaks of route tables."""
        for missing in set(network_acl_ids or ()) - self.network_acls.keys():
            raise Refusal("InvalidNetworkAclID.NotFound", f"The networkAcl ID '{missing}' does not exist")
        return super().describe_network_acls(network_acl_ids, filters)

    def create_vpc_endpoint(
        self, vpc_id: str, service_name: str, endpoint_type: str | None, *args: Any, **rest: Any
    ) -> Any:
        """A gateway has no private names."""
        made = super().create_vpc_endpoint(vpc_id, service_name, endpoint_type, *args, **rest)
        if (endpoint_type or "Gateway") == "Gateway":
            made.private_dns_enabled = False
        return made

    def modify_vpc_endpoint(self, vpc_id: str, *args: Any, **changes: Any) -> None:
        """With a gateway's routes and the others' interfaces. moto calls the endpoint's id `vpc_id`."""
        endpoint = self.vpc_end_points.get(vpc_id)
        tables = set(endpoint.route_table_ids or ()) if endpoint else set[str]()
        super().modify_vpc_endpoint(vpc_id, *args, **changes)
        if endpoint is None:
            return
        prefixes = endpoint.destination_prefix_list_id
        if prefixes:
            for gone in tables - set(endpoint.route_table_ids):
                self.delete_route(gone, prefixes)
            for new in set(endpoint.route_table_ids) - tables:
                self.create_route(new, None, gateway_id=endpoint.id, destination_prefix_list_id=prefixes)
        if endpoint.vpc_endpoint_type == "Interface":
            self._place_interfaces(endpoint)

    def delete_vpc_endpoints(self, vpce_ids: list[str] | None = None) -> None:
        """For good: moto keeps them, and fails when it deletes a gateway again."""
        super().delete_vpc_endpoints(vpce_ids)
        for id in vpce_ids or ():  # noqa: A001
            self.vpc_end_points.pop(id, None)

    def create_flow_logs(self, *args: Any, **asked: Any) -> Any:
        """A bucket may be given with a folder."""
        destination: str = asked["log_destination"] or ""
        if asked["log_destination_type"] == "s3":
            asked["log_destination"] = destination.partition("/")[0]
        made, failed = super().create_flow_logs(*args, **asked)
        for one in made:
            one.log_destination = destination
        return made, failed

    def create_launch_template(
        self, name: str, description: str, template_data: dict[str, Any], tag_spec: Any
    ) -> Any:
        """The template's own tags are no part of its content."""
        content = {**template_data}
        tags = [
            one for one in content.pop("TagSpecifications", ()) if one["ResourceType"] != "launch-template"
        ]
        if tags:
            content["TagSpecifications"] = tags
        return super().create_launch_template(name, description, content, tag_spec)

    def describe_launch_templates(self, *args: Any, **asked: Any) -> Any:
        """With the tags of now; moto shows those of the beginning."""
        found = super().describe_launch_templates(*args, **asked)
        for one in found:
            one.tags = one.get_tags()
        return found

    def _place_interfaces(self, endpoint: Any) -> None:
        """One in each of the endpoint's subnets."""
        kept: dict[str, str] = {}
        for id in endpoint.network_interface_ids:  # noqa: A001
            subnet: str = self.enis[id].subnet.id
            if subnet in endpoint.subnet_ids:
                kept[subnet] = id
            else:
                self.enis.pop(id)
        for subnet in endpoint.subnet_ids:
            if subnet not in kept:
                kept[subnet] = self.create_network_interface(subnet, random_private_ip()).id
        endpoint.network_interface_ids = list(kept.values())


# moto looks for a service's URLs beside the module of its backend.
Ec2.__module__ = InUse.__module__ = "moto.ec2.models"


def install() -> None:
    """Put our backend in the place of moto's, before it is asked for the first time."""
    ec2_backends.backend = Ec2
    SecurityGroupRule.description = property(_description)  # pyright: ignore[reportAttributeAccessIssue]
    Subnet.ipv6_cidr_block_association_set = property(_ipv6_blocks)  # pyright: ignore[reportAttributeAccessIssue]
    ManagedPrefixList.cidrs = property(_cidrs)  # pyright: ignore[reportAttributeAccessIssue]
    VPCs.modify_vpc_endpoint = _modify_vpc_endpoint
    FlowLogs.create_flow_logs = _create_flow_logs


def _cidrs(prefixes: ManagedPrefixList) -> list[str]:
    """The ranges of a list that AWS manages; moto leaves them out."""
    entries: Any = prefixes.entries[max(prefixes.entries)]
    return [entry["Cidr"] for entry in entries]


def _kind(rule: SecurityGroupRule) -> str:
    if rule.source_group:
        return "ReferencedGroupId"
    if rule.prefix_list_id:
        return "PrefixListId"
    return "CidrIpv6" if rule.cidr_ipv6 else "CidrIpv4"


def _same_kind(id: str, rule: SecurityGroupRule, wanted: Mapping[str, Any]) -> None:  # noqa: A002
    had = _kind(rule)
    for kind, name in _KINDS.items():
        if kind != had and wanted.get(kind) is not None:
            raise InvalidParameterValue(
                f"Invalid rule type for security group rule '{id}'. "
                f"You may not specify {name} for an existing {_KINDS[had].split(' ', 1)[1]} rule."
            )


def _modify(rule: SecurityGroupRule, wanted: Mapping[str, Any]) -> None:
    """What moto leaves out."""
    described = {"Description": wanted["Description"]} if wanted.get("Description") else {}
    if rule.ip_protocol == "-1":
        rule.from_port = rule.to_port = None
    if rule.source_group:
        rule.ip_range = {}
        rule.source_group = {
            **{name: value for name, value in rule.source_group.items() if name != "Description"},
            "GroupId": wanted["ReferencedGroupId"],
            **described,
        }
    elif rule.prefix_list_id:
        rule.prefix_list_id = wanted["PrefixListId"]
        rule.ip_range = {}
    else:
        name = "CidrIp" if "CidrIpv4" in wanted else "CidrIpv6"
        rule.ip_range = {name: wanted[_kind(rule)], **described}


def _description(self: SecurityGroupRule) -> str | None:
    return self.ip_range.get("Description") or self.source_group.get("Description")


def _ipv6_blocks(self: Subnet) -> list[dict[str, Any]]:
    """moto nests the state once too often, and so answers with Python's text of a dictionary."""
    return [
        {
            "ipv6CidrBlock": one["ipv6CidrBlock"],
            "associationId": one["associationId"],
            "ipv6CidrBlockState": {"state": one["ipv6CidrBlockState"]["State"]},
        }
        for one in self.ipv6_cidr_block_associations.values()
        if one["ipv6CidrBlockState"]["State"] == "associated"
    ]


_moto_modify_vpc_endpoint, _moto_create_flow_logs = VPCs.modify_vpc_endpoint, FlowLogs.create_flow_logs


def _modify_vpc_endpoint(self: VPCs) -> Any:
    answer = _moto_modify_vpc_endpoint(self)
    endpoint = self.ec2_backend.vpc_end_points[self._get_param("VpcEndpointId")]  # pyright: ignore[reportPrivateUsage]
    private = self._get_bool_param("PrivateDnsEnabled")  # pyright: ignore[reportPrivateUsage]
    if private is not None:
        endpoint.private_dns_enabled = private
    if self._get_bool_param("ResetPolicy", False):  # pyright: ignore[reportPrivateUsage]
        endpoint.policy_document = json.dumps(VPCEndPoint.DEFAULT_POLICY)
    return answer


def _create_flow_logs(self: FlowLogs) -> Any:
    answer = _moto_create_flow_logs(self)
    options = self._get_param("DestinationOptions")  # pyright: ignore[reportPrivateUsage]
    made: Any = answer.result
    for id in made["FlowLogIds"]:  # noqa: A001
        self.ec2_backend.flow_logs[id].destination_options = options
    return answer
