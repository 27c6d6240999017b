"""Rules of security groups that are resources of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, ResourceError, absent_is_fine, put, tag_map
from local.plugins.aws.types.ec2_rules import Direction, Rule, Source, authorize, revoke, source_of
from local.plugins.aws.types.ec2_shared import arn, client, one, retag, tagged

_NO_RULE = "InvalidSecurityGroupRuleId.NotFound"
_SOURCES: Mapping[str, Source] = {
    "cidrIpv4": "CidrIpv4",
    "cidrIpv6": "CidrIpv6",
    "prefixListId": "PrefixListId",
    "referencedSecurityGroupId": "ReferencedGroupId",
}


class _SecurityGroupRule(Resource):
    replaces: ClassVar[frozenset[str]] = frozenset({"securityGroupId"})
    # AWS refuses to make a rule for addresses one for a group.
    replaces_if_only_one_has_it: ClassVar[frozenset[str]] = frozenset(_SOURCES)
    direction: ClassVar[Direction]

    def create(self, aws: Aws, inputs: Properties) -> str:
        return authorize(
            aws,
            inputs["securityGroupId"],
            self.direction,
            _rule(inputs),
            **tagged("security-group-rule", inputs),
        )

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = one(
            client(aws).describe_security_group_rules,
            "SecurityGroupRules",
            _NO_RULE,
            SecurityGroupRuleIds=[id],
        )
        if found is None:
            return None
        kind, source = source_of(found)
        ports = found["IpProtocol"] != "-1"  # for all protocols AWS says -1, and the provider nothing
        # None, not left out: a refresh has to see what went away.
        return {
            "arn": arn(aws, "security-group-rule", id),
            "securityGroupRuleId": id,
            "securityGroupId": found["GroupId"],
            "ipProtocol": found["IpProtocol"],
            "fromPort": found.get("FromPort") if ports else None,
            "toPort": found.get("ToPort") if ports else None,
            "description": found.get("Description"),
            **{name: source if theirs == kind else None for name, theirs in _SOURCES.items()},
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed - {"tags"}:
            client(aws).modify_security_group_rules(
                GroupId=new["securityGroupId"],
                SecurityGroupRules=[
                    {"SecurityGroupRuleId": id, "SecurityGroupRule": _rule(new).request()},
                ],
            )
        if "tags" in changed:
            retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_RULE, "InvalidPermission.NotFound", "InvalidGroup.NotFound"):
            revoke(aws, state["securityGroupId"], self.direction, [id])


class SecurityGroupIngressRule(_SecurityGroupRule):
    """Whom a group admits."""

    token: ClassVar[str] = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"  # noqa: S105 - not a password
    direction: ClassVar[Direction] = "ingress"


class SecurityGroupEgressRule(_SecurityGroupRule):
    """Whom a group may call."""

    token: ClassVar[str] = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"  # noqa: S105 - not a password
    direction: ClassVar[Direction] = "egress"


def _rule(inputs: Mapping[str, Any]) -> Rule:
    sources = put(inputs, _SOURCES)
    if len(sources) != 1:
        raise ResourceError(f"exactly one of {', '.join(_SOURCES)} is needed, {len(sources)} are given")
    kind: Source = next(kind for kind in _SOURCES.values() if kind in sources)
    ports = (inputs.get("fromPort"), inputs.get("toPort"))
    return Rule.of(inputs["ipProtocol"], ports, kind, sources[kind], inputs.get("description"))


RESOURCES: tuple[Resource, ...] = (SecurityGroupIngressRule(), SecurityGroupEgressRule())
