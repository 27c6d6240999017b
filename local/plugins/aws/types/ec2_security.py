"""Security groups, and the default one of a VPC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, get_args

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    pick,
    tag_map,
)
from local.plugins.aws.types.ec2_rules import Direction, Rule, Source, authorize, revoke, rules_of
from local.plugins.aws.types.ec2_shared import arn, client, delete_when_free, one, only, retag, tagged

_ABSENT = "InvalidGroup.NotFound"
_DIRECTIONS: tuple[Direction, ...] = get_args(Direction)
_LISTS: Mapping[str, Source] = {
    "cidrBlocks": "CidrIpv4",
    "ipv6CidrBlocks": "CidrIpv6",
    "prefixListIds": "PrefixListId",
    "securityGroups": "ReferencedGroupId",
}
_SETS = frozenset({*_DIRECTIONS, *(f"{side}.{name}" for side in _DIRECTIONS for name in _LISTS)})


class SecurityGroup(Resource):
    """A group that starts without any rule: the one that AWS adds, everything out, is taken away.

    A direction that the program states (also as an empty list) is the group's own; one that it leaves out
    belongs to rules that are resources, and is not looked at.
    """

    token: ClassVar[str] = "aws:ec2/securityGroup:SecurityGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"description", "name", "namePrefix", "vpcId"})
    autoname: ClassVar[Autoname | None] = Autoname()
    defaults: ClassVar[Mapping[str, Any]] = {"description": "Managed by Pulumi", "revokeRulesOnDelete": False}
    unordered: ClassVar[frozenset[str]] = _SETS
    # An instruction to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"revokeRulesOnDelete"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = client(aws).create_security_group(
            GroupName=inputs["name"],
            Description=inputs.get("description") or self.defaults["description"],
            **({"VpcId": inputs["vpcId"]} if inputs.get("vpcId") else {}),
            **tagged("security-group", inputs),
        )
        id: str = made["GroupId"]  # noqa: A001
        with finishing(id):
            self._empty(aws, id)
            for direction in _DIRECTIONS:
                self._set(aws, id, direction, inputs)
        return id

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = one(client(aws).describe_security_groups, "SecurityGroups", _ABSENT, GroupIds=[id])
        if found is None:
            return None
        return {
            **pick(
                found,
                {"GroupName": "name", "Description": "description", "VpcId": "vpcId", "OwnerId": "ownerId"},
            ),
            "arn": arn(aws, "security-group", id),
            **{
                direction: _shown(id, rules_of(aws, id, direction), state[direction])
                for direction in _DIRECTIONS
                if state.get(direction) is not None
            },
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        for direction in _DIRECTIONS:
            if direction in changed:
                self._set(aws, id, direction, new)
        if "tags" in changed:
            retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        if state.get("revokeRulesOnDelete"):
            with absent_is_fine(_ABSENT):
                self._empty(aws, id)
        delete_when_free(
            aws,
            f"security group {id}",
            _ABSENT,
            lambda: client(aws).delete_security_group(GroupId=id),
        )

    def _empty(self, aws: Aws, id: str) -> None:  # noqa: A002
        for direction in _DIRECTIONS:
            revoke(aws, id, direction, rules_of(aws, id, direction).values())

    def _set(self, aws: Aws, id: str, direction: Direction, inputs: Properties) -> None:  # noqa: A002
        if inputs.get(direction) is None:
            return
        has, wanted = rules_of(aws, id, direction), set(_stated(id, inputs[direction]))
        revoke(aws, id, direction, [has[rule] for rule in has.keys() - wanted])
        for rule in sorted(wanted - has.keys(), key=repr):
            authorize(aws, id, direction, rule)


class DefaultSecurityGroup(SecurityGroup):
    """The group that came with its VPC, adopted and emptied; a destroy only forgets it."""

    token: ClassVar[str] = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"vpcId"})
    autoname: ClassVar[Autoname | None] = None
    defaults: ClassVar[Mapping[str, Any]] = {"revokeRulesOnDelete": False}

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, {"vpcId", "revokeRulesOnDelete", *_DIRECTIONS})
        if not inputs.get("vpcId"):
            raise ResourceError("vpcId is needed: the account's default VPC is not rehearsed")
        here = [
            {"Name": "vpc-id", "Values": [inputs["vpcId"]]},
            {"Name": "group-name", "Values": ["default"]},
        ]
        found = client(aws).describe_security_groups(Filters=here)["SecurityGroups"]
        if not found:
            raise ResourceError(f"VPC {inputs['vpcId']} has no default security group")
        id: str = found[0]["GroupId"]  # noqa: A001
        self._empty(aws, id)
        for direction in _DIRECTIONS:
            self._set(aws, id, direction, inputs)
        retag(aws, id, {"tags": tag_map(found[0].get("Tags"))}, inputs)
        return id

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """AWS does not delete it before its VPC, so it keeps its rules, which are none or the program's."""


def _stated(group: str, rules: Iterable[Mapping[str, Any]]) -> Iterable[Rule]:
    """The rules of a program, one source each."""
    for rule in rules:
        common = (rule["protocol"], (rule.get("fromPort"), rule.get("toPort")))
        for name, kind in _LISTS.items():
            for source in rule.get(name) or ():
                yield Rule.of(*common, kind, source, rule.get("description"))
        if rule.get("self"):
            yield Rule.of(*common, "ReferencedGroupId", group, rule.get("description"))


def _shown(group: str, has: Iterable[Rule], stated: list[Properties]) -> list[Properties]:
    """The rules as stated if they are the ones, else those of one protocol and port together."""
    if set(_stated(group, stated)) == set(has):
        return stated
    found: dict[tuple[object, ...], Properties] = {}
    for rule in sorted(has, key=repr):
        lower, upper = rule.ports or (0, 0)
        same = (rule.protocol, lower, upper, rule.description)
        shown = found.setdefault(same, {"protocol": rule.protocol, "fromPort": lower, "toPort": upper})
        if rule.description:
            shown["description"] = rule.description
        if rule.source == group:
            shown["self"] = True
        else:
            name = next(name for name, kind in _LISTS.items() if kind == rule.kind)
            shown.setdefault(name, []).append(rule.source)
    return list(found.values())


RESOURCES: tuple[Resource, ...] = (SecurityGroup(), DefaultSecurityGroup())
