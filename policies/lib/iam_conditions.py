"""Conditions of IAM documents: which of them leave only callers that are named."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from policies.lib.logic import every
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
WILD = re.compile(r"[*?]|\$\{")
"""What leaves a part of a value open: wildcards, and variables of the request."""


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
        if len(parts) < 6 or WILD.search(parts[4]):
            return False
        return bool(parts[4]) or not WILD.match(parts[5])
    owner = re.split(r"[/:]", text, maxsplit=1)[0]
    return bool(owner) and not WILD.search(owner)


def _is_narrow(value: Value) -> bool:
    """Whether an address range is no wider than S3 takes for not public: /8, or /32 of IPv6."""
    try:
        network = ipaddress.ip_network(value.text(), strict=False)
    except ValueError:
        raise Undetermined(value.path, "is not a CIDR") from None
    return network.prefixlen >= (8 if network.version == 4 else 32)
