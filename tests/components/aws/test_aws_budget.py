"""Who hears when the bill grows."""

from __future__ import annotations

from typing import Any

import pytest

from infra.tags import COST_TAGS, default_tags
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording

BUDGET = "aws:budgets/budget:Budget"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"
FINANCE = ["finance@example.com"]
ELSEWHERE = "arn:aws:ce::111122223333:anomalymonitor/0123-4567"
ALARMS = {"critical": {"emails": ["oncall@example.com"]}}


def budget(changes: dict[str, Any]) -> dict[str, Any]:
    return {"aws": {"budget": changes, "alarms": ALARMS}}


@pytest.fixture(scope="module", params=["dev", "prod", "prod_preview"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def test_somebody_is_told_at_80_and_100_percent_and_of_a_forecast(stack: Recording) -> None:
    inputs = stack.one(BUDGET).inputs
    told = {(one["notificationType"], one["threshold"]) for one in inputs["notifications"]}
    assert told == {("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)}
    assert {one["thresholdType"] for one in inputs["notifications"]} == {"PERCENTAGE"}
    assert all(one["subscriberEmailAddresses"] == FINANCE for one in inputs["notifications"])
    assert (inputs["timeUnit"], inputs["budgetType"], inputs["limitUnit"]) == ("MONTHLY", "COST", "USD")
    assert inputs["accountId"] == "111122223333"


def test_unusual_costs_are_told_when_they_are_large_in_both_ways(stack: Recording) -> None:
    assert stack.one(MONITOR).inputs["monitorDimension"] == "SERVICE"
    inputs = stack.one(SUBSCRIPTION, "budget-email").inputs
    assert inputs["frequency"] == "DAILY"
    dimensions = [one["dimension"] for one in inputs["thresholdExpression"]["ands"]]
    assert {one["key"]: one["values"] for one in dimensions} == {
        "ANOMALY_TOTAL_IMPACT_ABSOLUTE": ["50"],
        "ANOMALY_TOTAL_IMPACT_PERCENTAGE": ["30"],
    }


def test_the_topic_for_warnings_is_told_at_once_and_people_once_a_day(variant: Variant) -> None:
    recording = variant("prod", budget({}))
    topic = recording.states[recording.one("aws:sns/topic:Topic", "alarm-topics-warning").urn]["arn"]
    for one in recording.one(BUDGET).inputs["notifications"]:
        assert one["subscriberSnsTopicArns"] == [topic]
        assert one["subscriberEmailAddresses"] == FINANCE
    found = {
        r.name: (r.inputs["frequency"], r.inputs["subscribers"]) for r in recording.of_type(SUBSCRIPTION)
    }
    assert found == {
        "budget-topic": ("IMMEDIATE", [{"type": "SNS", "address": topic}]),
        "budget-email": ("DAILY", [{"type": "EMAIL", "address": FINANCE[0]}]),
    }


def test_a_monitor_that_the_account_has_is_used_and_none_is_made(variant: Variant) -> None:
    recording = variant("dev", budget({"anomalyMonitorArn": ELSEWHERE}))
    assert recording.of_type(MONITOR) == []
    assert {tuple(r.inputs["monitorArnLists"]) for r in recording.of_type(SUBSCRIPTION)} == {(ELSEWHERE,)}


def test_with_active_tags_the_budget_counts_this_stack_alone(variant: Variant) -> None:
    recording = variant("prod", budget({"activateTags": True}))
    tags = recording.of_type(TAG)
    assert {one.inputs["tagKey"] for one in tags} == set(COST_TAGS)
    assert all(one.retain_on_delete for one in tags), "other stacks count by them"
    inputs = recording.one(BUDGET).inputs
    assert inputs["costFilters"] == [{"name": "TagKeyValue", "values": ["user:roost:stack$prod"]}]
    assert all(recording.waits_for(recording.one(BUDGET), one) for one in tags)


def test_without_active_tags_nothing_is_filtered_by_what_aws_does_not_know(stack: Recording) -> None:
    assert stack.of_type(TAG) == []
    assert "costFilters" not in stack.one(BUDGET).inputs


def test_every_resource_has_the_tags_that_costs_are_divided_by() -> None:
    tags = default_tags(stack="prod", profile="prod", owner="platform", cost_center="production")
    assert set(COST_TAGS) <= set(tags)
