"""The monthly limit: who hears, what is refused, and what may be acknowledged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from infra.settings import aws_versions
from infra.settings.cost import gpu_hours, lines_of
from infra.sizing.cost_lines import month
from infra.sizing.prices_instances import CAPTURED_AT, SETTINGS_AGE
from tests.unit.stacks import nested, problems_of, settings_of


def estimated(stack: str, changes: dict[str, Any] | None = None) -> float:
    return month(lines_of(settings_of(stack, changes)))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"emails": ["finance"]}, "lists addresses, as finance@example.com, not 'finance'"),
        ({"emails": ["a@example.com", "a@example.com"]}, "names an address twice"),
        ({"monthlyLimit": 800, "acknowledgedOverrun": 900}, "then limits nothing: raise the limit"),
        ({"monthlyLimit": 0}, "greater than 0"),
        ({"anomalyMonitorArn": "services"}, "anomalyMonitorArn"),
    ],
)
def test_a_budget_that_means_nothing_is_refused(changes: dict[str, Any], says: str) -> None:
    (problem,) = problems_of("dev", nested("aws.budget", changes))
    assert says in problem


def test_somebody_has_to_hear_of_costs() -> None:
    (problem,) = problems_of("dev", {"aws": {"budget": {"emails": []}, "alarms": None}})
    assert "budget has nobody to tell" in problem
    heard = {"aws": {"budget": {"emails": []}, "alarms": {"critical": {"emails": ["oncall@example.com"]}}}}
    assert settings_of("dev", heard).aws is not None


def test_an_overrun_is_refused_until_its_amount_is_acknowledged() -> None:
    limit = int(estimated("dev")) - 50
    (problem,) = problems_of("dev", nested("aws.budget.monthlyLimit", limit))
    assert "`acknowledgedOverrun: 60`" in problem
    known = {"monthlyLimit": limit, "acknowledgedOverrun": 60}
    assert settings_of("dev", nested("aws.budget", known)).aws is not None
    grown = {"aws": {"budget": known, "cluster": {"systemNodes": {"minNodes": 3}}}}
    (problem,) = problems_of("dev", grown)
    assert "acknowledgedOverrun" in problem, "what grows further is refused again"


def test_without_a_budget_nothing_is_compared() -> None:
    dear = {"aws": {"budget": None, "cluster": {"appNodes": {"minNodes": 10, "maxNodes": 10}}}}
    assert settings_of("prod", dear).aws is not None


def test_a_schedule_saves_what_it_sends_away() -> None:
    assert gpu_hours(settings_of("dev")) < 730 / 2
    always = {
        "inference": {"schedule": None},
        "aws": {"budget": {"monthlyLimit": 2000}, "cluster": {"gpuNodes": {"minNodes": 1}}},
    }
    assert estimated("dev", always) > 1.4 * estimated("dev")


def test_the_local_stack_costs_nothing() -> None:
    assert lines_of(settings_of("local")) == []


def test_old_prices_judge_no_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    late = CAPTURED_AT + SETTINGS_AGE + timedelta(days=1)
    monkeypatch.setattr(aws_versions, "today", lambda: late)
    problems = problems_of("dev", {})
    assert any("prices were last compared" in problem for problem in problems)
    assert settings_of("dev", {"aws": {"budget": None}}).aws is not None
