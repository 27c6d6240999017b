"""Order and number of resources change nothing but the length of what is said."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from policies.catalogue import packs
from tests.policies.conftest import Stacks
from tests.policies.examples.case import Example
from tests.policies.examples.found import each
from tests.policies.packed import Packed
from tests.support.policies import Judge, R, rule


@pytest.mark.parametrize("example", [pytest.param(one, id=name) for name, one in each()])
def test_shuffled_resources_are_judged_the_same(example: Example) -> None:
    judge = Judge([rule(example.rule)], config={example.rule: example.config})
    chance = random.Random(1)
    for what, bad in example.broken():
        broken = bad.change(example.good)
        said = Counter(d.message for d in judge.stack(broken).diagnostics)
        for _ in range(3):
            chance.shuffle(broken)
            assert Counter(d.message for d in judge.stack(broken).diagnostics) == said, what


def test_many_stacks_in_one_are_as_clean_as_one(stacks: Stacks) -> None:
    """A thousand resources: prod five times over, each with names, ids and dependencies of its own."""
    packed, prod = Packed("prod"), stacks("prod")
    for entry in packed.config.values():
        entry.pop("exemptions", None)  # they are by name
    relaxed = packed.config["k8s-ns-labels"]["relaxed"]
    relaxed |= {f"{name}-{number}": level for name, level in relaxed.items() for number in range(5)}

    def again(number: int, resource: R) -> R:
        suffix = f"-{number}"
        return replace(
            resource,
            name=resource.name + suffix,
            recorded_urn=resource.urn + suffix,
            depends={key: tuple(urn + suffix for urn in urns) for key, urns in resource.depends.items()},
            after=tuple(urn + suffix for urn in resource.after),
            props=_respelled(resource, suffix),
        )

    states = [again(number, one) for number in range(5) for one in prod.states]
    assert len(states) > 1000

    def refused(shown: Sequence[R]) -> set[str]:
        said = [one for pack in packs() for one in packed.judge(pack.rules).together(shown)]
        return {one.rule for one in said if one.level == "mandatory"}

    assert refused(states) == refused(prod.states)


def _respelled(resource: R, suffix: str) -> dict[str, Any]:
    """Ids, names and namespaces of one copy; types, flags and documents stay."""
    own = ("id", "arn", "bucket", "identifier")
    home = "name" if resource.type == "kubernetes:core/v1:Namespace" else "namespace"
    props = {
        key: f"{value}{suffix}" if key in own and isinstance(value, str) else value
        for key, value in resource.props.items()
    }
    if resource.type.startswith("kubernetes:") and home in props.get("metadata", {}):
        props["metadata"] = {**props["metadata"], home: f"{props['metadata'][home]}{suffix}"}
    return props
