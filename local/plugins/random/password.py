"""RandomString and RandomPassword: characters from chosen classes, with minimum counts of each."""

from __future__ import annotations

import secrets
import string
from typing import ClassVar, cast

from local.plugins.base.computed import Made, Resource
from local.plugins.base.fields import Field, Fields, Problem
from local.plugins.base.values import UNKNOWN, Properties
from local.plugins.random.bcrypt import bcrypt_hash

_SPECIAL = "!@#$%&*()-_=+[]{}<>:?"
# Class, the switch that includes it, and its minimum.
_CLASSES = (
    (string.ascii_lowercase, "lower", "minLower"),
    (string.ascii_uppercase, "upper", "minUpper"),
    (string.digits, "numeric", "minNumeric"),
    (_SPECIAL, "special", "minSpecial"),
)


class RandomString(Resource):
    """A string of `length` characters; no secret, and so its own id."""

    type_name: ClassVar[str] = "random:index/randomString:RandomString"
    fields: ClassVar[Fields] = {
        "length": Field("integer", required=True, minimum=1),
        "keepers": Field("string map"),
        # `number` is the old name of `numeric`; the default of both follows from the other.
        "number": Field("boolean"),
        "numeric": Field("boolean"),
        "overrideSpecial": Field("string"),
        **{switch: Field("boolean", default=True) for switch in ("lower", "upper", "special")},
        **{minimum: Field("integer", default=0, minimum=0) for _, _, minimum in _CLASSES},
    }
    computed: ClassVar[tuple[str, ...]] = ("result",)

    def check(self, inputs: Properties) -> list[Problem]:
        minimums = [inputs.get(minimum) for _, _, minimum in _CLASSES]
        length = inputs.get("length")
        if length is not UNKNOWN and UNKNOWN not in minimums:
            total = sum(cast("list[int]", minimums))
            if total > cast("int", length):
                return [("length", f"length is {length}, but the minimum counts add up to {total}; raise it")]
        if not any(_included(inputs, switch) for _, switch, _ in _CLASSES):
            return [("lower", "at least one of lower, upper, numeric and special must be true")]
        return []

    def make(self, inputs: Properties) -> Made:
        drawn = _drawn(inputs)
        return Made(drawn, {"result": drawn, **_numeric(inputs)})


class RandomPassword(RandomString):
    """As RandomString, but secret, with the hash that servers store."""

    type_name: ClassVar[str] = "random:index/randomPassword:RandomPassword"
    computed: ClassVar[tuple[str, ...]] = ("bcryptHash", "result")
    secret: ClassVar[frozenset[str]] = frozenset(computed)

    def make(self, inputs: Properties) -> Made:
        drawn = _drawn(inputs)
        return Made("none", {"result": drawn, "bcryptHash": bcrypt_hash(drawn), **_numeric(inputs)})


def _numeric(inputs: Properties) -> Properties:
    numeric = _included(inputs, "numeric")
    return {"numeric": numeric, "number": numeric}


def _included(inputs: Properties, switch: str) -> bool:
    """Whether a class of characters is used; one that is not known yet may be."""
    value = inputs.get(switch)
    if value is None and switch == "numeric":
        value = inputs.get("number", True)
    return value is UNKNOWN or value is True


def _drawn(inputs: Properties) -> str:
    alphabet = ""
    chosen: list[str] = []
    for usual, switch, minimum in _CLASSES:
        override = inputs.get("overrideSpecial") if switch == "special" else None
        characters = cast("str", override) or usual
        if _included(inputs, switch):
            alphabet += characters
        chosen += [secrets.choice(characters) for _ in range(cast("int", inputs[minimum]))]
    chosen += [secrets.choice(alphabet) for _ in range(cast("int", inputs["length"]) - len(chosen))]
    # So that nobody knows which places hold the minimums.
    secrets.SystemRandom().shuffle(chosen)
    return "".join(chosen)
