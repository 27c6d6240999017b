"""What the settings come to is within the stack's monthly limit."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings import aws_versions
from infra.settings.cost import lines_of
from infra.settings.rules_gpu import gpus_alone_exceed_the_limit
from infra.settings.settings import Settings
from infra.sizing.cost_lines import by_component, month
from infra.sizing.prices_instances import CAPTURED_AT, SETTINGS_AGE, NoPriceError

_NAMED = 3
"""Components that a refusal names: those that cost most."""


def cost_is_within_the_limit(settings: Settings) -> Iterator[str]:
    """Not dearer than the limit and what of an overrun somebody has acknowledged."""
    budget = settings.aws.budget if settings.aws else None
    if budget is None:
        return
    try:
        lines = lines_of(settings)
    except NoPriceError as problem:
        yield (
            f"`roost:aws.budget.monthlyLimit` cannot be compared with what the stack costs: {problem}. "
            "Choose what the tables in infra/sizing/prices_*.py have, add its price there, or remove the "
            "budget."
        )
        return
    dollars = month(lines)
    if dollars <= budget.refused_above or gpus_alone_exceed_the_limit(settings):
        return
    groups = sorted(by_component(lines).items(), key=lambda one: -month(one[1]))
    dearest = ", ".join(f"{component} {month(group):.0f}" for component, group in groups[:_NAMED])
    overrun = dollars - budget.monthly_limit
    yield (
        f"the stack comes to about {dollars:.0f} USD a month at list prices ({dearest}), and "
        f"`roost:aws.budget.monthlyLimit` is {budget.monthly_limit:.0f}: take smaller or fewer machines, "
        f"raise the limit, or acknowledge it with `acknowledgedOverrun: {_round_up(overrun)}` beside it."
    )


def prices_are_recent(settings: Settings) -> Iterator[str]:
    """A limit is not judged by prices that are a year old."""
    budget = settings.aws.budget if settings.aws else None
    if budget is None or aws_versions.today() - CAPTURED_AT <= SETTINGS_AGE:
        return
    yield (
        f"prices were last compared with AWS's on {CAPTURED_AT}, more than {SETTINGS_AGE.days} days ago, and "
        "`roost:aws.budget` is judged by them: take a newer release of this program, or bring "
        "infra/sizing/prices_*.py up to date."
    )


def _round_up(dollars: float) -> int:
    return -(-int(dollars + 1) // 10) * 10
