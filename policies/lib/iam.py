"""IAM documents, judged by what they grant and not by how they are written.

    for statement in statements(role["assumeRolePolicy"]):
        with check.part():
            if all_hold(lambda: statement.allows, lambda: statement.covers("iam:PassRole")):
                ...

Each question reads only the parts that it is about, so that an unknown one leaves the others to be answered.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from policies.lib.logic import every, some
from policies.lib.resources import Resource
from policies.lib.values import Undetermined, Value

CALLER = frozenset(
    {
        *(f"aws:principal{what}" for what in ("arn", "account", "orgid", "orgpaths")),
        *(f"aws:source{what}" for what in ("arn", "account", "orgid", "orgpaths", "owner")),
        *(f"aws:source{what}" for what in ("ip", "vpc", "vpcarn", "vpce")),
        *(f"aws:vpce{what}" for what in ("account", "orgid", "orgpaths")),
        *("aws:userid", "kms:calleraccount", "s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
    }
)
"""Condition keys whose value says who calls, or from where, so that nobody else can have the same one."""
_COMPARING = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}
)
_ACCOUNT = re.compile(r"^\d{12}$")
_WILD = re.compile(r"[*?]|\$\{")


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


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with `*` and `?` matches a text.

    The text may be a pattern, too: then the answer is yes if everything that it matches is matched.
    """
    at = star = mark = 0
    after = -1
    while at < len(text):
        char = pattern[star] if star < len(pattern) else ""
        if char == "*":
            after, mark = star + 1, at
            star += 1
        elif char and (char == text[at] or (char == "?" and text[at] != "*")):
            star, at = star + 1, at + 1
        elif after >= 0:
            mark += 1
            star, at = after, mark
        else:
            return False
    return not pattern[star:].strip("*")


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
        return text.strip("*") == "" != text or (self.kind == "AWS" and bool(_WILD.search(_owner(text))))

    @property
    def account(self) -> str:
        """The twelve digits of its account; empty where it names none."""
        owner = _owner(self.text)
        return owner if _ACCOUNT.match(owner) else ""


def _owner(text: str) -> str:
    """The account of an ARN; an account as it is."""
    parts = text.split(":", 5)
    return parts[4] if len(parts) == 6 else text


@dataclass(frozen=True)
class Condition:
    """One key under one operator: it holds if one of the values at `values` does."""

    operator: str
    """In lower case, without prefix and suffix."""
    key: str
    """In lower case."""
    values: Value
    passes_when_missing: bool
    """Whether it holds for a request that lacks the key."""

    @classmethod
    def parsed(cls, operator: str, key: str, values: Value) -> Condition:
        """From `ForAnyValue:StringLikeIfExists` and `aws:SourceArn`."""
        quantifier, _, name = operator.lower().rpartition(":")
        bare = name.removesuffix("ifexists")
        return cls(bare, key.lower(), values, quantifier == "forallvalues" or bare != name)

    @property
    def compares(self) -> bool:
        """Whether it holds only for the values that it names."""
        return self.operator in _COMPARING

    def is_on(self, keys: frozenset[str]) -> bool:
        """Whether its key is one of these, which are patterns in lower case."""
        return any(matches(one, self.key) for one in keys)

    def narrows(self, keys: frozenset[str]) -> bool:
        """Whether it leaves only fixed values of one of these keys."""
        if self.passes_when_missing or not self.compares or not self.is_on(keys):
            return False
        values = self.values.items()
        fixes = _is_narrow if self.operator == "ipaddress" else _is_fixed
        return bool(values) and every(values, fixes)


def _is_fixed(value: Value) -> bool:
    """Whether wildcards leave its owner as it is: `arn:aws:sqs:*:111122223333:*`, `o-example/*`."""
    text = value.text()
    if text.startswith("arn:"):
        parts = text.split(":", 5)
        if len(parts) < 6 or _WILD.search(parts[4]):
            return False
        return bool(parts[4]) or not _WILD.match(parts[5])
    owner = re.split(r"[/:]", text, maxsplit=1)[0]
    return bool(owner) and not _WILD.search(owner)


def _is_narrow(value: Value) -> bool:
    """Whether an address range is no wider than S3 takes for not public: /8, or /32 of IPv6."""
    try:
        network = ipaddress.ip_network(value.text(), strict=False)
    except ValueError:
        raise Undetermined(value.path, "is not a CIDR") from None
    return network.prefixlen >= (8 if network.version == 4 else 32)


def own_accounts(resource: Resource) -> frozenset[str]:
    """The accounts that its provider may work in; empty where it does not say.

    Raises:
        Undetermined: they are unknown.
    """
    # The engine hands a provider's lists over as JSON texts.
    return frozenset(resource.provider["allowedAccountIds"].document().texts())
