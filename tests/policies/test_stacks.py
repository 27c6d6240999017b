"""The packs on this program's own stacks: they are clean, and every harm to them is noticed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from policies.catalogue import packs
from policies.lib.pack import EXEMPTIONS
from policies.lib.types import canonical
from tests.policies.conftest import Stacks
from tests.policies.mutants.mutant import Mutant
from tests.policies.packed import Packed
from tests.support.policies import Diagnostic
from tests.support.recorded_stacks import Shown

_MUTANTS = [
    (path.stem, number, mutant)
    for path in sorted(Path(__file__).with_name("mutants").glob("*.py"))
    if path.stem != "mutant"
    for number, mutant in enumerate(importlib.import_module(f"tests.policies.mutants.{path.stem}").MUTANTS)
]
GUARDS = frozenset(
    one
    for path in sorted(Path(__file__).with_name("mutants").glob("*.py"))
    for one in getattr(importlib.import_module(f"tests.policies.mutants.{path.stem}"), "GUARDS", ())
)
"""Rules about what these stacks do not have, so that nothing in them is judged: by the files of mutants."""


@cache
def packed(stack: str) -> Packed:
    return Packed("prod" if stack == "prod-dr" else stack)


def _said(found: list[Diagnostic]) -> list[str]:
    return sorted(f"{one.level} {one.rule}: {one.message}" for one in found)


@pytest.mark.parametrize("stack", ["local", "dev", "prod", "prod-dr"])
def test_a_stack_whose_values_are_known_breaks_no_rule(stack: str, stacks: Stacks) -> None:
    found = packed(stack).whole(stacks(stack))
    assert not [one for one in _said(found) if not one.startswith("advisory")]
    assert not [one for one in found if one.undetermined]


@pytest.mark.parametrize("stack", ["local", "dev", "prod", "prod-dr"])
def test_a_first_preview_is_not_held_up(stack: str, stacks: Stacks) -> None:
    found = packed(stack).whole(stacks(stack, preview=True))
    assert not [one for one in _said(found) if not one.startswith("advisory")]


def test_in_production_nothing_is_even_advised_against_but_what_is_agreed(stacks: Stacks) -> None:
    found = [one for one in packed("prod").whole(stacks("prod")) if one.rule != EXEMPTIONS]
    assert {one.rule for one in found} <= AGREED, _said(found)


AGREED: frozenset[str] = frozenset()
"""Rules that only advise, and whose advice production does not follow; docs/policies.md says why."""


@pytest.mark.parametrize(
    "mutant", [pytest.param(one, id=f"{pack}: {one.what} [{number}]") for pack, number, one in _MUTANTS]
)
def test_a_change_for_the_worse_is_noticed_by_the_rules_that_it_breaks(
    mutant: Mutant, stacks: Stacks
) -> None:
    found = packed(mutant.stack).after(stacks(mutant.stack), mutant.change)
    assert {one.rule for one in found} == mutant.fires, _said(found)


@pytest.mark.parametrize("rule", [pytest.param(one.id, id=one.id) for p in packs() for one in p.rules])
def test_every_rule_notices_some_change_or_guards_what_is_not_there(
    rule: str, stacks: Stacks, looked_at: Callable[[str], int]
) -> None:
    kills = [one for _, _, one in _MUTANTS if rule in one.fires]
    assert kills, "no mutant is noticed by this rule"
    assert looked_at(rule) or rule in GUARDS, "the rule looks at nothing in prod: is its type right?"
    assert not (looked_at(rule) and rule in GUARDS), "prod has what this rule is about: it is no guard"


@pytest.fixture(scope="session")
def looked_at(stacks: Stacks) -> Callable[[str], int]:
    """How many resources of prod a rule is about."""
    prod: Shown = stacks("prod")
    of_rule = {rule.id: rule for pack in packs() for rule in pack.rules}
    return lambda id_: sum(canonical(one.type) in of_rule[id_].types for one in prod.inputs)


def test_how_much_is_tested(record_property: Callable[[str, object], None]) -> None:
    """Counts, for the end of the run's log."""
    rules = [rule for pack in packs() for rule in pack.rules]
    killing = {rule for _, _, mutant in _MUTANTS for rule in mutant.fires}
    assert killing >= {rule.id for rule in rules}
    record_property(
        "summary",
        f"policies: {len(rules)} rules in {len(packs())} packs, {len(GUARDS)} of them guards; "
        f"{len(_MUTANTS)} mutants of the stacks, each rule notices one",
    )
