"""The vocabulary in which a rule is declared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, Literal, NotRequired, TypedDict, Unpack

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.references import Reference, references
from policies.lib.remedy import Remedy
from policies.lib.resources import Resource, Stack
from policies.lib.settings import CreateOnly, Settings
from policies.lib.types import Types

Level = Literal["disabled", "advisory", "mandatory", "remediate"]
_ID = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")


@dataclass(frozen=True)
class Levels:
    """What a violation does in each environment. Without a word on `local` it is as in `dev`."""

    dev: Level
    prod: Level
    local: Level | None = None

    def of(self, environment: str) -> Level:
        """The level in `local`, `dev` or `prod`."""
        levels: dict[str, Level] = {"local": self.local or self.dev, "dev": self.dev, "prod": self.prod}
        return levels[environment]


class Unknown(Enum):
    """What a rule does with a value that is not known before the update."""

    UNDETERMINED = "says that it cannot decide yet"
    SET = "takes it as set: it only asks whether there is one"


@dataclass(frozen=True)
class Rule:
    """A rule as data: how it is called, what it is about, and the function that judges.

    `judge` is for rules about one resource, `judge_stack` for those about how resources belong together.
    """

    id: str
    title: str
    """What holds when the rule does: "A database has no public address"."""
    why: str
    """What goes wrong without it, in a sentence or two."""
    fix: str
    """What to do about a violation, in a sentence."""
    severity: Severity
    levels: Levels
    types: Types
    refs: tuple[Reference, ...]
    url: str
    unknown: Unknown
    departs: str
    """Where it differs from the rule that it was taken from, and why; empty where it does not."""
    settings: type[Settings]
    remedy: Remedy | None
    judge: Callable[[Resource, Check], None] | None = None
    judge_stack: Callable[[Stack, Check], None] | None = None

    @property
    def about_stack(self) -> bool:
        """Whether it judges the whole stack at once."""
        return self.judge_stack is not None

    @property
    def create_only(self) -> bool:
        """Whether what the remedy sets replaces a resource that exists."""
        return issubclass(self.settings, CreateOnly)

    @property
    def remedy_id(self) -> str:
        """The policy that applies the remedy: a stack policy cannot, so it has one beside it."""
        return f"{self.id}-remedy" if self.about_stack else self.id


class Said(TypedDict):
    """What a declaration says. `refs` lists where the rule comes from, see `references.references`."""

    title: str
    why: str
    fix: str
    severity: Severity
    refs: str
    dev: Level
    prod: Level
    local: NotRequired[Level | None]
    url: NotRequired[str]
    unknown: NotRequired[Unknown]
    departs: NotRequired[str]
    settings: NotRequired[type[Settings]]
    remedy: NotRequired[Remedy | None]


def resource_rule(
    id_: str, types: Types, **said: Unpack[Said]
) -> Callable[[Callable[[Resource, Check], None]], Rule]:
    """Declare a rule about resources of `types`; the decorated function is called once for each.

    Raises:
        ValueError: the declaration contradicts itself.
    """
    return lambda judge: _declared(id_, types, said, judge=judge)


def stack_rule(
    id_: str, types: Types, **said: Unpack[Said]
) -> Callable[[Callable[[Stack, Check], None]], Rule]:
    """Declare a rule about how resources belong together. It sees those of `types`, and no others.

    Its `remedy`, if any, runs as a resource policy of its own, `<id>-remedy`.

    Raises:
        ValueError: the declaration contradicts itself.
    """
    return lambda judge_stack: _declared(id_, types, said, judge_stack=judge_stack)


def _declared(id_: str, types: Types, said: Said, **judge: Any) -> Rule:
    levels = Levels(said["dev"], said["prod"], said.get("local"))
    remedy, refs = said.get("remedy"), references(said["refs"])
    url = said.get("url") or next((ref.url for ref in refs if ref.url), "")
    if not _ID.match(id_):
        raise ValueError(f"{id_!r} is no rule id: lower-case words with dashes")
    if not url:
        raise ValueError(f"{id_} has no reference with an address: give it a url")
    if "remediate" in (levels.dev, levels.prod, levels.local) and remedy is None:
        raise ValueError(f"{id_} is to remediate and has no remedy")
    return Rule(
        id=id_,
        title=said["title"],
        why=said["why"],
        fix=said["fix"],
        severity=said["severity"],
        levels=levels,
        types=types,
        refs=refs,
        url=url,
        unknown=said.get("unknown", Unknown.UNDETERMINED),
        departs=said.get("departs", ""),
        settings=said.get("settings", Settings),
        remedy=remedy,
        **judge,
    )
