"""All examples, by rule."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from tests.policies.examples.case import Example

_HERE = Path(__file__).parent


@cache
def examples() -> dict[str, tuple[Example, ...]]:
    """The examples of every rule: one or several."""
    found: dict[str, tuple[Example, ...]] = {}
    for path in sorted(_HERE.glob("*/*.py")):
        module = importlib.import_module(f"tests.policies.examples.{path.parent.name}.{path.stem}")
        for one in module.EXAMPLES:
            found[one.rule] = (*found.get(one.rule, ()), one)
    return found


def each() -> list[tuple[str, Example]]:
    """Every example with a name for pytest."""
    return [
        (rule if len(of_rule) == 1 else f"{rule}#{number}", one)
        for rule, of_rule in examples().items()
        for number, one in enumerate(of_rule)
    ]
