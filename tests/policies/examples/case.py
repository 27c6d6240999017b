"""How a rule is exemplified: a stack that keeps it, and the changes by which it is broken.

`tests/policies/test_matrix.py` makes the whole matrix of cases out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.support.policies import Change, R


@dataclass(frozen=True)
class Bad:
    """A change that breaks the rule, and how many violations that makes."""

    change: Change
    count: int = 1


@dataclass(frozen=True)
class Example:
    """One rule. Everything in `good` keeps it, alone and together."""

    rule: str
    good: tuple[R, ...]
    bad: Mapping[str, Change | Bad]
    """What is wrong, in words, to the change that makes it so."""
    fine: Mapping[str, Change] = field(default_factory=dict[str, Change])
    """Changes after which the rule is still kept."""
    open: Mapping[str, Change] = field(default_factory=dict[str, Change])
    """Changes after which nobody can say: exactly one "undetermined". Not needed for single properties."""
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """Settings of the rule."""
    repeatable: bool = True
    """Whether a list with its elements many times over is still fine."""
    patches: bool = True
    """Whether a Kubernetes `…Patch` with the same content is judged the same."""
    decided: bool = False
    """The rule can always decide: it asks only for what the program itself says, such as resource options."""
    companions_hide: bool = False
    """A companion of which nothing is known may be the one that is missed, so the violation waits."""
    vocabulary: str = ""
    """Words that messages may contain although resources do, since the rule knows them by itself."""
    removed: tuple[str, ...] = ()
    """Paths that the remedy takes away on purpose."""
    by_hand: bool = False
    """Some of the violations are for a person to mend although there is a remedy."""

    def broken(self) -> list[tuple[str, Bad]]:
        """The bad changes with their counts."""
        return [(what, one if isinstance(one, Bad) else Bad(one)) for what, one in self.bad.items()]
