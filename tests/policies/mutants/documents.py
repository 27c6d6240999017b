"""Changes inside of an IAM document that a stack has as a JSON text. Mutants of its own it has none."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.policies.mutants.mutant import Mutant
from tests.support.policies import Change, R, drop, put

MUTANTS: tuple[Mutant, ...] = ()
_IT = "document"


def _inside(which: str, prop: str, change: Change) -> Change:
    def edited(one: R) -> R:
        (changed,) = change([R(_IT, json.loads(one.props[prop]), name=_IT)])
        return replace(one, props={**one.props, prop: json.dumps(changed.props)})

    def apply(stack: Sequence[R]) -> list[R]:
        assert any(f"{one.type}::{one.name}" == which for one in stack), f"there is no {which}"
        return [edited(one) if f"{one.type}::{one.name}" == which else one for one in stack]

    return apply


def put_in(which: str, path: str, value: Any, *, prop: str = "policy") -> Change:
    """`put_in("aws:iam/rolePolicy:RolePolicy::read", "Statement[0].Action", "*")`."""
    return _inside(which, prop, put(_IT, path, value))


def drop_in(which: str, path: str, *, prop: str = "policy") -> Change:
    """Leave a part of the document out."""
    return _inside(which, prop, drop(_IT, path))
