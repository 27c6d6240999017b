"""Whatever JSON a resource holds, a rule decides or says that it cannot: an exception stops every preview."""

from __future__ import annotations

import copy
import random
from dataclasses import replace
from typing import Any

import pytest

from policies.lib.pack import EXEMPTIONS
from tests.policies.examples.case import Example
from tests.policies.examples.found import each
from tests.support.policies import UNKNOWN, Judge, R, _set, _steps, leaves, rule

ROUNDS = 60
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    "",
    " ",
    "*",
    "-1",
    "NaN",
    "not-a-cidr",
    "10.0.0.0/99",
    "{",
    "[]",
    '{"Statement": 3}',
    '{"Statement": [null, {"Effect": 1, "Action": {"a": 1}, "Principal": [[]]}]}',
    "\u0000\ud7ff",
    "[secret]",
    "v1.",
    "1.x",
    "arn:aws",
    "a" * 5000,
    [],
    [None],
    [[]],
    [{}],
    ["", 1, None, {}],
    {},
    {"": ""},
    {"a": {"b": [{"c": None}]}},
    {"key": UNKNOWN},
    [UNKNOWN],
    UNKNOWN,
)


def _paths(value: Any, path: str = "") -> list[str]:
    """Every place in a resource's properties, leaves and what holds them."""
    found = {leaf for leaf, _ in leaves(value)}
    for leaf in tuple(found):
        whole = leaf
        while whole:
            found.add(whole)
            cut = max(whole.rfind("."), whole.rfind("["))
            whole = whole[:cut] if cut > 0 else ""
    return sorted(found)


def _mangled(resource: R, chance: random.Random) -> R:
    props = copy.deepcopy(dict(resource.props))
    for path in chance.sample(_paths(props), k=min(len(_paths(props)), chance.randint(1, 3))):
        try:
            _set(props, _steps(path), copy.deepcopy(chance.choice(ODD)))
        except (KeyError, IndexError, TypeError, AttributeError):
            continue  # an earlier change took the place away
    return replace(resource, props=props)


@pytest.mark.parametrize("example", [pytest.param(one, id=name) for name, one in each()])
def test_no_json_makes_a_rule_fail(example: Example) -> None:
    one = rule(example.rule)
    config = {one.id: dict(example.config)}
    judge = Judge([one], config=config)
    mending = Judge([one], config=config, levels={one.id: "remediate", one.remedy_id: "remediate"})
    chance = random.Random(one.id)
    starts = [example.good, *(bad.change(example.good) for _, bad in example.broken())]
    for _ in range(ROUNDS):
        mangled = [_mangled(r, chance) if r.props else r for r in chance.choice(starts)]
        said = judge.stack(mangled)
        assert {d.rule for d in said.diagnostics} <= {one.id, EXEMPTIONS}
        assert not any(UNKNOWN in d.message for d in said.diagnostics)
        assert len(said.undetermined) <= len(mangled)
        if one.remedy:
            for resource in mangled:
                mending.remedied(resource)
