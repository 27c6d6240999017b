"""Security groups of a stack, and who refers to them: by what a property was made from, else by id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policies.lib.resources import Resource, Stack, identities
from policies.lib.traffic import (
    DEFAULT_SECURITY_GROUP,
    EGRESS_RULE,
    INGRESS_RULE,
    SECURITY_GROUP,
    SECURITY_GROUP_RULE,
)
from policies.lib.values import Undetermined

_GROUP_TYPES = (SECURITY_GROUP, DEFAULT_SECURITY_GROUP)
_RULE_TYPES = (SECURITY_GROUP_RULE, INGRESS_RULE, EGRESS_RULE)


@dataclass(frozen=True)
class References:
    """What one property refers to: URNs of what it was made from, and known ids."""

    keys: frozenset[str]
    open: Undetermined | None
    """Why it may refer to more."""

    def meet(self, keys: frozenset[str]) -> bool:
        """Whether it refers to something that goes by one of these.

        Raises:
            Undetermined: not as far as is known, and there may be more.
        """
        if self.keys & keys:
            return True
        if self.open:
            raise self.open
        return False

    def is_more(self) -> bool:
        """No, if what is known is all that it refers to.

        Raises:
            Undetermined: it may refer to anything.
        """
        return self.meet(frozenset())


def joined(several: Iterable[References]) -> References:
    """What several properties refer to together."""
    given = list(several)
    return References(
        frozenset(key for one in given for key in one.keys),
        next((one.open for one in given if one.open), None),
    )


def references(resource: Resource, prop: str) -> References:
    """What a property with one reference, or a list of them, refers to."""
    urns = resource.dependencies.get(prop, frozenset())
    texts: set[str] = set()
    open_: Undetermined | None = None
    try:
        for item in resource[prop].items():
            try:
                texts.add(item.text())
            except Undetermined as reason:
                open_ = open_ or reason
    except Undetermined as reason:
        open_ = reason
    return References(urns | texts, None if urns else open_)


class Groups:
    """All security groups of a stack, found by URN or id."""

    def __init__(self, stack: Stack) -> None:
        self.all = stack.of(*_GROUP_TYPES, *_RULE_TYPES)
        """The groups, and the rules that are resources of their own."""
        self._by_key = {key: one for one in self.all if one.type in _GROUP_TYPES for key in _keys(one)}

    def of(self, resource: Resource) -> References:
        """What the group that the resource is, or is a rule of, goes by."""
        if resource.type in _GROUP_TYPES:
            return References(_keys(resource), None)
        named = references(resource, "securityGroupId")
        group = self.get(named)
        return References(named.keys | (_keys(group) if group else frozenset()), named.open)

    def get(self, named: References) -> Resource | None:
        """The group that is referred to, if it is in this stack."""
        return next((self._by_key[key] for key in sorted(named.keys) if key in self._by_key), None)


def _keys(group: Resource) -> frozenset[str]:
    return frozenset({group.urn, *identities(group)})
