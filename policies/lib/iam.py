"""IAM documents, judged by what they grant and not by how they are written.

    for statement in statements(role["assumeRolePolicy"]):
        with check.part():
            if all_hold(lambda: statement.allows, lambda: statement.covers("iam:PassRole")):
                ...

Each question reads only the parts that it is about, so that an unknown one leaves the others to be answered.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from policies.lib.iam_conditions import CALLER, WILD, Condition, matches
from policies.lib.logic import every, some
from policies.lib.resources import Resource
from policies.lib.values import Undetermined, Value

_ACCOUNT = re.compile(r"^\d{12}$")


def statements(document: Value) -> list[Statement]:
    """The statements of a document, which is an object or a JSON text; none if it is absent.

    Raises:
        Undetermined: the document is not known, or is none.
    """
    read = document.document()
    if not read.present:
        return []
    if not read.is_mapping:
        raise Undetermined(document.path, "is not an IAM document")
    return [Statement(one) for one in read["Statement"].items()]


@dataclass(frozen=True)
class Statement:
    """One statement; `at` is where it stands. Every question raises Undetermined if it needs an unknown."""

    at: Value

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self._effect() == "allow"

    @property
    def denies(self) -> bool:
        """Whether its effect is Deny."""
        return self._effect() == "deny"

    @property
    def excepts_actions(self) -> bool:
        """Whether it is about all actions but those that it names."""
        return self.at["NotAction"].present

    def covers(self, action: str) -> bool:
        """Whether it is about an action, or about every one that a pattern such as `s3:*` matches."""
        wanted, excepted = action.lower(), self.at["NotAction"]
        if excepted.present:
            return every(excepted.items(), lambda one: not _meet(one.text(), wanted))
        return some(self.at["Action"].items(), lambda one: matches(one.text().lower(), wanted))

    def spans(self, service: str, resource: str = "*") -> bool:
        """Whether it is about every resource of a kind, be it in one region and account only.

        `spans("kms", "key/*")` is about all keys, `spans("s3")` about all that is S3's.
        """
        patterns, excepted = self.at["Resource"], self.at["NotResource"]

        def spanned(pattern: str) -> bool:
            parts = pattern.split(":", 5)
            partition, region, account = (
                (parts[1], parts[3], parts[4]) if len(parts) == 6 else ("aws", "eu-central-1", "111122223333")
            )
            return matches(pattern, f"arn:{partition}:{service}:{region}:{account}:{resource}")

        if excepted.present:
            return every(excepted.items(), lambda one: not spanned(one.text()))
        return some(patterns.items(), lambda one: spanned(one.text()))

    def touches(self, service: str) -> bool:
        """Whether some of what it is about can be a service's."""
        if self.at["NotResource"].present:
            return True
        return some(self.at["Resource"].items(), lambda one: _may_be_of(one.text(), service))

    def principals(self) -> list[Principal]:
        """Whom it names, under Principal."""
        named = self.at["Principal"]
        if not named.is_mapping:
            return [Principal("AWS", one) for one in named.items()]
        return [Principal(kind, one) for kind, value in named.entries().items() for one in value.items()]

    @property
    def for_anyone(self) -> bool:
        """Whether it names everybody: `*`, every account's root, or all but those that it names."""
        if self.at["NotPrincipal"].present:
            return True
        return some(self.principals(), lambda one: one.anyone)

    def conditions(self) -> list[Condition]:
        """Its conditions, one for each operator and key: all of them must hold."""
        return [
            Condition.parsed(operator, key, values)
            for operator, keys in self.at["Condition"].entries().items()
            for key, values in keys.entries().items()
        ]

    def narrowed_by(self, keys: frozenset[str] = CALLER) -> bool:
        """Whether a condition leaves only fixed values of one of these keys: patterns, in lower case.

        Not with `ForAllValues` or `…IfExists`, which hold where the key is missing, nor with wildcards that
        leave the account open.
        """
        return some(self.conditions(), lambda one: one.narrows(keys))

    def _effect(self) -> str:
        effect = self.at["Effect"]
        found = effect.text().lower()
        if found not in ("allow", "deny"):
            raise Undetermined(effect.path, "is neither Allow nor Deny")
        return found


def _may_be_of(arn: str, service: str) -> bool:
    parts = arn.split(":", 5)
    return matches(parts[2], service) if len(parts) == 6 else "*" in arn


def _meet(pattern: str, wanted: str) -> bool:
    """Whether two patterns of actions have something in common."""
    return matches(pattern.lower(), wanted) or matches(wanted, pattern.lower())


@dataclass(frozen=True)
class Principal:
    """One that a statement names; `kind` is AWS, Service, Federated or CanonicalUser."""

    kind: str
    at: Value

    @property
    def text(self) -> str:
        """Raises Undetermined if it is unknown."""
        return self.at.text()

    @property
    def anyone(self) -> bool:
        """Whether it stands for everybody, or for a part of every account."""
        text = self.text
        return text.strip("*") == "" != text or (self.kind == "AWS" and bool(WILD.search(_owner(text))))

    @property
    def account(self) -> str:
        """The twelve digits of its account; empty where it names none."""
        owner = _owner(self.text)
        return owner if _ACCOUNT.match(owner) else ""


def _owner(text: str) -> str:
    """The account of an ARN; an account as it is."""
    parts = text.split(":", 5)
    return parts[4] if len(parts) == 6 else text


def own_accounts(resource: Resource) -> frozenset[str]:
    """The accounts that its provider may work in; empty where it does not say.

    Raises:
        Undetermined: they are unknown.
    """
    # The engine hands a provider's lists over as JSON texts.
    return frozenset(resource.provider["allowedAccountIds"].document().texts())
