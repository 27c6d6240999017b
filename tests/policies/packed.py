"""All packs at once over a recorded stack: what a change cannot touch is not judged again.

A stack rule sees resources of its own types only, so a change of another type cannot change its verdict.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from policies import configuration
from policies.catalogue import packs
from policies.lib.pack import EXEMPTIONS
from policies.lib.rule import Rule
from policies.lib.taggable import TAGGABLE
from policies.lib.types import canonical
from tests.support.policies import Change, Diagnostic, Judge, R
from tests.support.recorded_stacks import Shown


@dataclass
class Packed:
    """Every rule of every pack, with the levels and settings of one environment."""

    environment: str
    _judges: dict[tuple[str, bool], Judge] = field(default_factory=dict[tuple[str, bool], Judge])

    def __post_init__(self) -> None:
        self.config: dict[str, dict[str, Any]] = configuration.read(self.environment)
        self.rules = [rule for pack in packs() for rule in pack.rules]

    def judge(self, rules: Sequence[Rule]) -> Judge:
        """A servicer with these rules, at the environment's levels."""
        levels = {id_: entry["enforcementLevel"] for id_, entry in self.config.items()}
        settings = {
            id_: {key: value for key, value in entry.items() if key != "enforcementLevel"}
            for id_, entry in self.config.items()
        }
        return Judge(rules, levels=levels, config=settings)

    def whole(self, shown: Shown) -> list[Diagnostic]:
        """What all rules say about the whole stack."""
        found: list[Diagnostic] = []
        for pack in packs():
            judge = self.judge(pack.rules)
            found += judge.resources(shown.inputs)
            found += judge.together(shown.states)
        return found

    def after(self, shown: Shown, change: Change) -> list[Diagnostic]:
        """What the rules say after the change, that they could not have said before."""
        inputs = _registered(shown, change(shown.inputs))
        states = _registered(shown, change(shown.states))
        touched = _touched(shown.inputs, inputs)
        found: list[Diagnostic] = []
        for one in touched:
            if one in inputs:
                found += self._about(canonical(one.type)).resources([one])
        for type_ in {canonical(one.type) for one in touched}:
            rules = self._stack_rules(type_)
            judge = self._judges.setdefault((type_, True), self.judge(rules))
            found += judge.together([one for one in states if _seen(one, rules)])
        return [one for one in found if one.rule != EXEMPTIONS]

    def _about(self, type_: str) -> Judge:
        if (type_, False) not in self._judges:
            mine = [rule for rule in self.rules if not rule.about_stack and type_ in rule.types]
            self._judges[type_, False] = self.judge(mine)
        return self._judges[type_, False]

    def _stack_rules(self, type_: str) -> list[Rule]:
        return [rule for rule in self.rules if rule.about_stack and type_ in rule.types]


def _registered(shown: Shown, resources: Sequence[R]) -> list[R]:
    """New resources as those of this stack, with the default tags that its aws provider merges in."""
    there = {one.urn for one in shown.inputs}
    stack = shown.inputs[0].urn.split(":")[2]
    provider = next((one for one in shown.inputs if one.type == "pulumi:providers:aws"), None)
    tags = json.loads(provider.props["defaultTags"])["tags"] if provider else {}
    made: list[R] = []
    for one in resources:
        if one.urn not in there:
            one = replace(one, stack=stack)
            own = one.props.get("tags") or {}
            if canonical(one.type) in TAGGABLE and isinstance(own, dict):
                one = replace(one, props={**one.props, "tags": {**tags, **own}})
        made.append(one)
    return made


def _seen(resource: R, rules: Sequence[Rule]) -> bool:
    return any(canonical(resource.type) in rule.types for rule in rules)


def _touched(before: Sequence[R], after: Sequence[R]) -> list[R]:
    """Resources that are new or different; of what is gone, the old ones."""
    old, new = {one.urn: one for one in before}, {one.urn: one for one in after}
    changed = [one for urn, one in new.items() if old.get(urn) != one]
    return changed + [one for urn, one in old.items() if urn not in new]
