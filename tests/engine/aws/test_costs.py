from __future__ import annotations

from typing import Any

import pytest

from local.emulator.child import ACCOUNT
from tests.engine.aws.harness import REGION, World

BUDGET = "aws:budgets/budget:Budget"
MONITOR = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"
SUBSCRIPTION = "aws:costexplorer/anomalySubscription:AnomalySubscription"
TAG = "aws:costexplorer/costAllocationTag:CostAllocationTag"
TOPIC_ARN = f"arn:aws:sns:{REGION}:{ACCOUNT}:warning"


def told_at(percent: int, **others: Any) -> dict[str, Any]:
    return {
        "comparisonOperator": "GREATER_THAN",
        "notificationType": "ACTUAL",
        "threshold": percent,
        "thresholdType": "PERCENTAGE",
        **others,
    }


def limit(dollars: str, *notifications: dict[str, Any], **others: Any) -> dict[str, Any]:
    return {
        "name": "monthly",
        "budgetType": "COST",
        "timeUnit": "MONTHLY",
        "limitAmount": dollars,
        "limitUnit": "USD",
        "notifications": list(notifications),
        **others,
    }


def unusual(dollars: str = "50") -> dict[str, Any]:
    return {
        "ands": [
            {"dimension": {"key": key, "matchOptions": ["GREATER_THAN_OR_EQUAL"], "values": [value]}}
            for key, value in (
                ("ANOMALY_TOTAL_IMPACT_ABSOLUTE", dollars),
                ("ANOMALY_TOTAL_IMPACT_PERCENTAGE", "30"),
            )
        ]
    }


def test_a_budget_changes_in_place_in_all_but_its_name(world: World) -> None:
    both = told_at(80, subscriberEmailAddresses=["a@example.com"], subscriberSnsTopicArns=[TOPIC_ARN])
    inputs = limit("500.00", both, tags={"owner": "platform"})
    made = world.roundtrip(BUDGET, inputs)
    assert made.id == f"{ACCOUNT}:monthly"
    assert made.outputs["timePeriodStart"].endswith("-01_00:00")

    new = limit(
        "600.00",
        told_at(80, subscriberEmailAddresses=["b@example.com"]),
        told_at(100, subscriberSnsTopicArns=[TOPIC_ARN]),
        costFilters=[{"name": "TagKeyValue", "values": ["user:roost:stack$prod"]}],
        tags={"owner": "finance"},
    )
    after = world.update(made, new)
    world.settled(after, new)
    assert world.diff(after, {**new, "name": "yearly"}).replaces == {"name"}

    client = world.client("budgets", "us-east-1")
    client.update_budget(
        AccountId=ACCOUNT,
        NewBudget={
            "BudgetName": "monthly",
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": "9000.00", "Unit": "USD"},
        },
    )
    seen = world.refresh(after)
    assert seen is not None
    assert set(world.diff(seen, new).changed) == {"limitAmount", "costFilters"}
    world.gone(after)


def test_an_account_has_one_monitor_of_its_services(world: World) -> None:
    inputs = {"name": "services", "monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"}
    made = world.roundtrip(MONITOR, {**inputs, "tags": {"owner": "platform"}})
    with pytest.raises(Exception, match="Limit exceeded on dimensional spend monitor creation"):
        world.create(MONITOR, "second", {**inputs, "name": "second"})
    renamed = {**inputs, "name": "all-services", "tags": {"owner": "finance"}}
    after = world.update(made, renamed)
    world.settled(after, renamed)
    assert world.diff(after, {**renamed, "monitorType": "CUSTOM"}).replaces == {"monitorType"}
    world.gone(after)


def test_a_subscription_follows_its_monitor_and_its_threshold(world: World) -> None:
    monitor = world.create(MONITOR, "watch", {"monitorType": "DIMENSIONAL", "monitorDimension": "SERVICE"})
    inputs: dict[str, Any] = {
        "name": "topic",
        "frequency": "IMMEDIATE",
        "monitorArnLists": [monitor.id],
        "subscribers": [{"type": "SNS", "address": TOPIC_ARN}],
        "thresholdExpression": unusual(),
    }
    made = world.roundtrip(SUBSCRIPTION, inputs)
    higher = {**inputs, "thresholdExpression": unusual("200"), "tags": {"owner": "platform"}}
    after = world.update(made, higher)
    world.settled(after, higher)
    with pytest.raises(Exception, match="does not fit the subscribers"):
        world.update(after, {**higher, "frequency": "DAILY"})
    with pytest.raises(Exception, match="No entity found"):
        world.create(
            SUBSCRIPTION, "blind", {**inputs, "name": "blind", "monitorArnLists": [monitor.id + "x"]}
        )
    world.gone(after)
    world.gone(monitor)


def test_a_tag_for_cost_allocation_becomes_active_and_inactive(world: World) -> None:
    inputs = {"tagKey": "roost:stack", "status": "Active"}
    made = world.roundtrip(TAG, inputs)
    assert made.outputs["type"] == "UserDefined"
    world.delete(made)
    seen = world.refresh(made)
    assert seen is not None
    assert seen.outputs["status"] == "Inactive"
