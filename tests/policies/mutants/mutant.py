"""A compliant stack with one thing made worse."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.support.policies import Change, R


@dataclass(frozen=True)
class Mutant:
    """One change to a stack of this program, and the rules that notice: these and no others."""

    what: str
    change: Change
    """Resources are named as `type::logical name`, or by the name alone where it is the only one."""
    fires: frozenset[str]
    stack: str = "prod"


def mutant(what: str, change: Change, *fires: str, stack: str = "prod") -> Mutant:
    """Shorter to write down."""
    return Mutant(what, change, frozenset(fires), stack)


def each(what: str, changes: Iterable[tuple[str, Change]], *fires: str, stack: str = "prod") -> list[Mutant]:
    """One mutant for each of several changes that the same rules notice."""
    return [mutant(f"{what}: {detail}", change, *fires, stack=stack) for detail, change in changes]


def like(which: str, name: str, **props: Any) -> Change:
    """One more resource, which is as that one but for these properties; None takes one away."""

    def apply(stack: Sequence[R]) -> list[R]:
        model = next(one for one in stack if f"{one.type}::{one.name}" == which)
        kept = {key: value for key, value in {**model.props, **props}.items() if value is not None}
        depends = {key: urns for key, urns in model.depends.items() if key not in props}
        return [*stack, replace(model, name=name, props=kept, depends=depends, recorded_urn="")]

    return apply
