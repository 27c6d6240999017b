"""Draws the physical names of resources that the program does not name."""

from __future__ import annotations

import random
from collections.abc import Mapping

from local.plugins.aws.resource import Autoname
from local.plugins.base.values import UNKNOWN, Properties, Value, plain

DEFAULTS = "__defaults"
"""The official provider's own entry in the inputs: the names of those that it filled in."""
_DIGITS = 7


def named(
    rule: Autoname, inputs: Properties, *, logical: str, olds: Mapping[str, Value], seed: bytes
) -> Properties:
    """The inputs with a physical name, and the note whether it was drawn here.

    A drawn name stays over updates as long as the prefix does. ValueError if the name would be too long.
    """
    if inputs.get(rule.property) is not None:
        return {**inputs, DEFAULTS: []}
    prefix = plain(inputs.get(f"{rule.property}Prefix"))
    drawn: Value = UNKNOWN if prefix is UNKNOWN else _draw(rule, prefix, logical, seed)
    old = plain(olds.get(rule.property))
    kept = drawn_here(olds, rule) and plain(olds.get(f"{rule.property}Prefix")) == prefix
    return {
        **inputs,
        rule.property: old if kept and isinstance(old, str) else drawn,
        DEFAULTS: [rule.property],
    }


def drawn_here(inputs: Mapping[str, Value], rule: Autoname) -> bool:
    """Whether `named` invented the name."""
    noted = inputs.get(DEFAULTS)
    return isinstance(noted, list) and rule.property in noted


def _draw(rule: Autoname, prefix: Value, logical: str, seed: bytes) -> str:
    """The engine's seed makes preview and update agree on the name."""
    start = prefix if isinstance(prefix, str) else f"{logical}-"
    if len(start) + _DIGITS > rule.limit:
        raise ValueError(
            f"the {rule.property} would be {start!r} and {_DIGITS} random digits, but has at most "
            f"{rule.limit} characters; give it a shorter name, or set {rule.property}"
        )
    source = random.Random(seed) if seed else random.SystemRandom()  # noqa: S311 - a name, not a secret
    name = f"{start}{source.getrandbits(4 * _DIGITS):0{_DIGITS}x}"
    return name.lower() if rule.lower else name
