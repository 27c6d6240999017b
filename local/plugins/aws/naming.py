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

    A drawn name stays over updates as long as the prefix does. ValueError if a prefix leaves no room.
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
    source = random.Random(seed) if seed else random.SystemRandom()  # noqa: S311 - a name, not a secret
    digits = f"{source.getrandbits(4 * _DIGITS):0{_DIGITS}x}"
    if isinstance(prefix, str):
        name = f"{prefix}{digits}"
        if len(name) > rule.limit:
            room = rule.limit - _DIGITS
            raise ValueError(
                f"{rule.property}Prefix is {len(prefix)} long; at most {room} leave room for the rest"
            )
    else:
        name = f"{logical[: rule.limit - _DIGITS - 1]}-{digits}"
    return name.lower() if rule.lower else name
