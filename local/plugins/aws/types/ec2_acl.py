"""Network ACLs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, finishing, pick, put, tag_map
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, retag, sides, tagged

_ABSENT = "InvalidNetworkAclID.NotFound"
_NUMBERS = {"all": "-1", "icmp": "1", "tcp": "6", "udp": "17", "icmpv6": "58"}
_WITH_TYPES = frozenset({"1", "58"})
# From here on AWS's own closing rules, which nobody can change.
_FIRST_OF_AWS = 32767
_EGRESS = {"ingress": False, "egress": True}


class NetworkAcl(Resource):
    """Its rules and its subnets are its own."""

    token: ClassVar[str] = "aws:ec2/networkAcl:NetworkAcl"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"vpcId"})
    unordered: ClassVar[frozenset[str]] = frozenset({"ingress", "egress", "subnetIds"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = client(aws).create_network_acl(VpcId=inputs["vpcId"], **tagged("network-acl", inputs))
        id: str = made["NetworkAcl"]["NetworkAclId"]  # noqa: A001
        with finishing(id):
            for side in _EGRESS:
                self._set(aws, id, side, (), inputs.get(side) or ())
            self._move(aws, inputs.get("subnetIds") or (), id)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _acl(aws, id)
        if found is None:
            return None
        return {
            **pick(found, {"VpcId": "vpcId", "OwnerId": "ownerId"}),
            "arn": arn(aws, "network-acl", id),
            **{side: _shown(found["Entries"], side, state.get(side) or ()) for side in _EGRESS},
            "subnetIds": sorted(place["SubnetId"] for place in found["Associations"]),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        found = _acl(aws, id) or {"Entries": ()}
        for side in _EGRESS:
            if side in changed:
                self._set(aws, id, side, _shown(found["Entries"], side, ()), new.get(side) or ())
        if "subnetIds" in changed:
            added, removed = sides(old, new, "subnetIds")
            self._move(aws, added, id)
            self._move(aws, removed, self._default(aws, new["vpcId"]))
        if "tags" in changed:
            retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        found = _acl(aws, id)
        if found is None:
            return
        if found["Associations"]:
            subnets = [place["SubnetId"] for place in found["Associations"]]
            self._move(aws, subnets, self._default(aws, found["VpcId"]))
        delete_when_free(
            aws, f"network ACL {id}", _ABSENT, lambda: client(aws).delete_network_acl(NetworkAclId=id)
        )

    def _set(
        self,
        aws: Aws,
        id: str,  # noqa: A002
        side: str,
        has: Iterable[Mapping[str, Any]],
        wanted: Iterable[Mapping[str, Any]],
    ) -> None:
        """Bring one side from what AWS has to what the program wants; a number is free before it is used."""
        before = {rule["ruleNo"]: _entry(rule) for rule in has}
        after = {rule["ruleNo"]: _entry(rule) for rule in wanted}
        common: dict[str, Any] = {"NetworkAclId": id, "Egress": _EGRESS[side]}
        for number in sorted(before):
            if after.get(number) != before[number]:
                client(aws).delete_network_acl_entry(**common, RuleNumber=number)
        for number, entry in sorted(after.items()):
            if before.get(number) != entry:
                client(aws).create_network_acl_entry(**common, RuleNumber=number, **entry)

    def _move(self, aws: Aws, subnets: Iterable[str], acl: str) -> None:
        """A subnet always has one ACL: it is not given and taken but moved."""
        wanted = set(subnets)
        if not wanted:
            return
        here = [{"Name": "association.subnet-id", "Values": sorted(wanted)}]
        for found in client(aws).describe_network_acls(Filters=here)["NetworkAcls"]:
            for place in found["Associations"]:
                if place["SubnetId"] in wanted and found["NetworkAclId"] != acl:
                    client(aws).replace_network_acl_association(
                        AssociationId=place["NetworkAclAssociationId"], NetworkAclId=acl
                    )

    def _default(self, aws: Aws, vpc: str) -> str:
        here = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}]
        return client(aws).describe_network_acls(Filters=here)["NetworkAcls"][0]["NetworkAclId"]


def _acl(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    return one(client(aws).describe_network_acls, "NetworkAcls", _ABSENT, NetworkAclIds=[id])


def _entry(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A program's rule as AWS takes it: protocols by number."""
    protocol = _number(rule["protocol"])
    icmp = {"Type": rule.get("icmpType") or 0, "Code": rule.get("icmpCode") or 0}
    return {
        "Protocol": protocol,
        "RuleAction": rule["action"].lower(),
        **put(rule, {"cidrBlock": "CidrBlock", "ipv6CidrBlock": "Ipv6CidrBlock"}),
        **({"IcmpTypeCode": icmp} if protocol in _WITH_TYPES else {}),
        "PortRange": {"From": rule["fromPort"], "To": rule["toPort"]},
    }


def _shown(
    entries: Iterable[Mapping[str, Any]], side: str, stated: Iterable[Mapping[str, Any]]
) -> list[Properties]:
    """AWS's rules of one side, with the program's word for a protocol where it has one."""
    words = {rule["ruleNo"]: str(rule["protocol"]) for rule in stated}
    found: list[Properties] = []
    for entry in sorted(entries, key=lambda entry: entry["RuleNumber"]):
        number: int = entry["RuleNumber"]
        if entry["Egress"] != _EGRESS[side] or number >= _FIRST_OF_AWS:
            continue
        word = words.get(number, "")
        ports = entry.get("PortRange") or {"From": 0, "To": 0}
        found.append(
            {
                "ruleNo": number,
                "action": entry["RuleAction"],
                "protocol": word if word and _number(word) == entry["Protocol"] else entry["Protocol"],
                "fromPort": ports["From"],
                "toPort": ports["To"],
                **pick(entry, {"CidrBlock": "cidrBlock", "Ipv6CidrBlock": "ipv6CidrBlock"}),
                **pick(entry.get("IcmpTypeCode") or {}, {"Type": "icmpType", "Code": "icmpCode"}),
            }
        )
    return found


def _number(protocol: object) -> str:
    return _NUMBERS.get(str(protocol).lower(), str(protocol))


RESOURCES: tuple[Resource, ...] = (NetworkAcl(),)
