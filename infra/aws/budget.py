"""Who is told when the bill grows: AWS's own budget, unusual costs, and costs by tag."""

from __future__ import annotations

import pulumi
from pulumi_aws import budgets, costexplorer

from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_budget import BudgetSettings
from infra.tags import COST_TAGS, STACK_TAG

THRESHOLDS = (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
"""Per cent of the limit, of what was spent and of what the month is going to come to."""


class Budget(pulumi.ComponentResource):
    """It tells, and stops nothing: the bill is hours old, and a forecast needs weeks of history.

    All of it is the account's and not a region's; the provider asks where AWS answers.
    """

    def __init__(
        self,
        name: str,
        settings: BudgetSettings,
        *,
        stack: str,
        topic_arn: pulumi.Output[str] | None,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Budget", name, None, opts)
        self._name = name
        self._settings = settings
        self._stack = stack
        self._topic = topic_arn
        self._place = place
        self._options = options
        tags = self._tags() if settings.activate_tags else []
        self.budget_name = self._budget(after=tags).name
        self.monitor_arn = self._monitor()
        self._tell_of_anomalies()
        self.register_outputs({"budgetName": self.budget_name, "monitorArn": self.monitor_arn})

    def _tags(self) -> list[pulumi.Resource]:
        # Shared: other stacks of the account count by the same tags, and go on when this one goes.
        return [
            costexplorer.CostAllocationTag(
                f"{self._name}-{key.replace(':', '-')}",
                tag_key=key,
                status="Active",
                opts=self._options.shared(self),
            )
            for key in COST_TAGS
        ]

    def _budget(self, *, after: list[pulumi.Resource]) -> budgets.Budget:
        s = self._settings
        only_this_stack = budgets.BudgetCostFilterArgs(
            name="TagKeyValue", values=[f"user:{STACK_TAG}${self._stack}"]
        )
        return budgets.Budget(
            self._name,
            name=f"{self._place.prefix}-monthly",
            account_id=self._place.account,
            budget_type="COST",
            time_unit="MONTHLY",
            limit_amount=f"{s.monthly_limit:.2f}",
            limit_unit="USD",
            cost_filters=[only_this_stack] if s.activate_tags else None,
            notifications=[
                budgets.BudgetNotificationArgs(
                    notification_type=kind,
                    comparison_operator="GREATER_THAN",
                    threshold=percent,
                    threshold_type="PERCENTAGE",
                    subscriber_email_addresses=list(s.emails) or None,
                    subscriber_sns_topic_arns=[self._topic] if self._topic is not None else None,
                )
                for kind, percent in THRESHOLDS
            ],
            opts=self._options.child(self, depends_on=after),
        )

    def _monitor(self) -> pulumi.Output[str]:
        if self._settings.anomaly_monitor_arn is not None:
            return pulumi.Output.from_input(self._settings.anomaly_monitor_arn)
        return costexplorer.AnomalyMonitor(
            self._name,
            name=f"{self._place.prefix}-services",
            monitor_type="DIMENSIONAL",
            monitor_dimension="SERVICE",
            opts=self._options.child(self),
        ).arn

    def _tell_of_anomalies(self) -> None:
        # AWS tells a topic at once and people once a day; one subscription cannot do both.
        if self._topic is not None:
            self._subscription("topic", "IMMEDIATE", {"SNS": [self._topic]})
        if self._settings.emails:
            self._subscription("email", "DAILY", {"EMAIL": list(self._settings.emails)})

    def _subscription(
        self, purpose: str, frequency: str, subscribers: dict[str, list[pulumi.Output[str]] | list[str]]
    ) -> None:
        s = self._settings
        costexplorer.AnomalySubscription(
            f"{self._name}-{purpose}",
            name=f"{self._place.prefix}-{purpose}",
            frequency=frequency,
            monitor_arn_lists=[self.monitor_arn],
            subscribers=[
                costexplorer.AnomalySubscriptionSubscriberArgs(type=kind, address=address)
                for kind, addresses in subscribers.items()
                for address in addresses
            ],
            threshold_expression=costexplorer.AnomalySubscriptionThresholdExpressionArgs(
                ands=[
                    _at_least("ANOMALY_TOTAL_IMPACT_ABSOLUTE", s.anomaly_dollars),
                    _at_least("ANOMALY_TOTAL_IMPACT_PERCENTAGE", s.anomaly_percent),
                ]
            ),
            opts=self._options.child(self),
        )


def _at_least(key: str, value: float) -> costexplorer.AnomalySubscriptionThresholdExpressionAndArgs:
    return costexplorer.AnomalySubscriptionThresholdExpressionAndArgs(
        dimension=costexplorer.AnomalySubscriptionThresholdExpressionAndDimensionArgs(
            key=key, match_options=["GREATER_THAN_OR_EQUAL"], values=[f"{value:g}"]
        )
    )
