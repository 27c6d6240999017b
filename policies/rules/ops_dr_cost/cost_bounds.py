"""What a stack may cost a month at its largest, and who is told when it costs more."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.accelerators import accelerator
from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined
from policies.rules.ops_dr_cost.cost_choices import NODE_GROUP, instance_types

BUDGET = "aws:budgets/budget:Budget"
ANOMALY_ALERT = "aws:costexplorer/anomalySubscription:AnomalySubscription"
_HOURS_PER_MONTH = 730

# On demand, Linux, us-east-1, July 2026; other regions cost up to a fifth more, GPUs up to a quarter. A test
# compares them with infra/sizing, which this package does not import.
_DOLLARS_PER_HOUR = {
    "t3.medium": 0.0416,
    "t4g.medium": 0.0336,
    "t4g.large": 0.0672,
    "t4g.xlarge": 0.1344,
    "m7g.large": 0.0816,
    "m7g.xlarge": 0.1632,
    "m7g.2xlarge": 0.3264,
    "g4dn.xlarge": 0.526,
    "g5.xlarge": 1.006,
    "g5.2xlarge": 1.212,
    "g6.xlarge": 0.8048,
    "g6.2xlarge": 0.9776,
    "g6.12xlarge": 4.6016,
    "g6e.xlarge": 1.861,
    "g6e.2xlarge": 2.24208,
    "g6e.4xlarge": 3.00424,
    "g6e.12xlarge": 10.49264,
}


class Bounds(Settings):
    """Money, in US dollars."""

    dollars_per_month: float = Field(default=5000, gt=0, description="What all nodes together may cost.")
    dollars_per_hour: dict[str, float] = Field(
        default=_DOLLARS_PER_HOUR,
        description="Prices of instance types; a node group of another is undetermined.",
    )
    accelerators_to_zero: bool = Field(
        default=False, description="Whether accelerated nodes must be able to go away when nobody needs them."
    )
    alerts: bool = Field(
        default=True,
        description="Whether a stack with nodes must have a budget and an alert on unusual costs.",
    )


@stack_rule(
    "cost-bounds",
    types(NODE_GROUP, BUDGET, ANOMALY_ALERT),
    title="The stack cannot grow past what is agreed, and somebody is told when it costs more",
    why="An autoscaler that follows a mistake buys nodes until it reaches the maximum that it was given.",
    fix=(
        "Lower scalingConfig.maxSize, or raise dollarsPerMonth in a reviewed change; add a monthly budget "
        "with notifications and an anomaly subscription; let accelerated groups have minSize 0."
    ),
    severity=Severity.LOW,
    refs="",
    dev="advisory",
    prod="advisory",
    url="https://docs.aws.amazon.com/cost-management/latest/userguide/budgets-managing-costs.html",
    settings=Bounds,
    departs="The limit is a setting: a budget covers more than nodes, and often more than the stack.",
)
def bounds(stack: Stack, check: Check) -> None:
    settings = check.settings(Bounds)
    groups = stack.of(NODE_GROUP)
    costs: list[tuple[float, Resource]] = []
    for group in groups:
        with check.on(group):
            costs.append((_dollars(group, settings), group))
        with check.on(group):
            if settings.accelerators_to_zero:
                _expect_zero(group, check)
    total = sum(cost for cost, _ in costs)
    if total > settings.dollars_per_month:
        with check.on(max(costs, key=lambda one: one[0])[1]):
            check.violation(
                f"the nodes of the stack may cost {total:.0f} USD a month, and "
                f"{settings.dollars_per_month:.0f} are agreed; this group most of it",
                "scalingConfig.maxSize",
            )
    if settings.alerts and groups:
        _expect_alerts(stack, check)


def _dollars(group: Resource, settings: Bounds) -> float:
    """A month of the group at its largest, of the dearest type that it may start."""
    named = instance_types(group)
    if not named:
        raise Undetermined("instanceTypes", "is left to the launch template")
    prices: list[float] = []
    for one in named:
        price = settings.dollars_per_hour.get(one.text())
        if price is None:
            raise Undetermined(one.path, "has no price in the settings")
        prices.append(price)
    return max(prices) * group["scalingConfig.maxSize"].number(default=1) * _HOURS_PER_MONTH


def _expect_zero(group: Resource, check: Check) -> None:
    smallest = group["scalingConfig.minSize"]
    if all_hold(
        lambda: smallest.number(default=1) > 0,
        lambda: any_holds(
            *(lambda one=one: accelerator(one.text()) is not None for one in instance_types(group))
        ),
    ):
        check.violation("accelerated nodes stay when nobody needs them", smallest)


def _expect_alerts(stack: Stack, check: Check) -> None:
    with check.on(stack.root):
        with check.part():
            if not any_holds(*(lambda one=one: _warns(one) for one in stack.of(BUDGET))):
                check.violation("no monthly budget tells anybody")
        if not stack.of(ANOMALY_ALERT):
            check.violation("nobody is told of unusual costs")


def _warns(budget: Resource) -> bool:
    return all_hold(
        lambda: budget["timeUnit"].text().upper() == "MONTHLY",
        lambda: any(
            notification[key].present
            for notification in budget["notifications"].items()
            for key in ("subscriberEmailAddresses", "subscriberSnsTopicArns")
        ),
    )
