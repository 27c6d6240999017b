"""The rules of a web ACL, wherever a program writes them down.

They stand in the ACL itself, in its `ruleJson` as the API spells them, or in resources of their own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from policies.lib.logic import any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.values import Undetermined, Value

WEB_ACL = "aws:wafv2/webAcl:WebAcl"
WEB_ACL_RULE = "aws:wafv2/webAclRule:WebAclRule"
GROUP_ASSOCIATION = "aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation"
COUNT, ALLOW = "count", "allow"


@dataclass(frozen=True)
class FirewallRule:
    """One rule; its questions raise Undetermined if they need an unknown."""

    at: Value
    statement: Value
    group: Value
    """The managed group that it applies; absent for any other rule."""

    def blocks(self) -> bool:
        """Whether what matches is refused."""
        return is_there(self.at["action"]["block"])

    def only_counts(self) -> bool:
        """Whether all that the group would refuse is merely counted."""
        override = self.at["overrideAction"]
        if override.known and not override.is_mapping and override.present:
            return override.text().lower() == COUNT
        return is_there(override["count"])

    def applies(self, group: str) -> bool:
        """Whether it is about that managed group of AWS."""
        if not is_there(self.group):
            return False
        return self.group["name"].text() == group and self.group["vendorName"].text(default="AWS") == "AWS"

    def overrides(self) -> Iterator[tuple[Value, Callable[[], str]]]:
        """The names of rules in the group that it treats otherwise, and how: `count`, `allow`, or empty."""
        for one in self.group["ruleActionOverrides"].items():
            yield one["name"], lambda one=one: _loosened(one["actionToUse"])
        for one in self.group["excludedRules"].items():
            yield one["name"], lambda: COUNT


def _loosened(action: Value) -> str:
    return next((kind for kind in (COUNT, ALLOW) if is_there(action[kind])), "")


def is_there(value: Value) -> bool:
    """Whether a mapping is set, if only to `{}`.

    Raises:
        Undetermined: it is unknown, or no mapping.
    """
    value.entries()
    return value.present


@dataclass(frozen=True)
class Firewall:
    """All rules of one web ACL that can be read, and why not all can."""

    rules: tuple[FirewallRule, ...]
    open: Undetermined | None

    def some(self, question: Callable[[FirewallRule], bool]) -> bool:
        """Whether the answer is yes for one of its rules.

        Raises:
            Undetermined: it is for none that can be read.
        """
        return any_holds(*(lambda rule=rule: question(rule) for rule in self.rules), self._unread)

    def _unread(self) -> bool:
        if self.open:
            raise self.open
        return False


def firewall(stack: Stack, acl: Resource) -> Firewall:
    """The rules of a web ACL; the stack has to hold resources of all three types."""
    rules: list[FirewallRule] = []
    open_: Undetermined | None = None
    for read in (_inline, _as_json, _alone, _groups):
        try:
            rules += read(stack, acl)
        except Undetermined as reason:
            open_ = open_ or reason
    return Firewall(tuple(rules), open_)


def _inline(_: Stack, acl: Resource) -> list[FirewallRule]:
    return [_rule(one) for one in acl["rules"].items()]


def _as_json(_: Stack, acl: Resource) -> list[FirewallRule]:
    given = acl["ruleJson"]
    if not given.present:
        return []
    given.document()
    read = Value(_camel(json.loads(given.text())), given.path)
    return [_rule(one) for one in read.items()]


def _alone(stack: Stack, acl: Resource) -> list[FirewallRule]:
    return [_rule(one.props) for one in stack.companions(acl, WEB_ACL_RULE, "webAclArn")]


def _groups(stack: Stack, acl: Resource) -> list[FirewallRule]:
    found = stack.companions(acl, GROUP_ASSOCIATION, "webAclArn")
    return [FirewallRule(one.props, Value(None), one["managedRuleGroup"]) for one in found]


def _rule(at: Value) -> FirewallRule:
    return FirewallRule(at, at["statement"], at["statement"]["managedRuleGroupStatement"])


def _camel(document: Any) -> Any:
    """The API's `RateBasedStatement` as the provider's `rateBasedStatement`."""
    if isinstance(document, Mapping):
        entries = cast("Mapping[str, Any]", document)
        return {key[:1].lower() + key[1:]: _camel(value) for key, value in entries.items()}
    if isinstance(document, list):
        return [_camel(one) for one in cast("list[Any]", document)]
    return document
