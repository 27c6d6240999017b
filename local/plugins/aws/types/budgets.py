"""Budgets: a limit, and who is told when it is near."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "budgets"
_HOME = "us-east-1"
_ABSENT = "NotFoundException"
_NOTIFICATION = {
    "comparisonOperator": "ComparisonOperator",
    "notificationType": "NotificationType",
    "threshold": "Threshold",
    "thresholdType": "ThresholdType",
}
_SUBSCRIBERS = {"EMAIL": "subscriberEmailAddresses", "SNS": "subscriberSnsTopicArns"}
_NAMED = frozenset(
    [
        "accountId",
        "budgetType",
        "costFilters",
        "limitAmount",
        "limitUnit",
        "name",
        "namePrefix",
        "notifications",
        "tags",
        "timeUnit",
    ]
)


class Budget(Resource):
    """The id is `<account>:<name>`. It begins with the month in which it is made, as AWS has it."""

    token: ClassVar[str] = "aws:budgets/budget:Budget"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"accountId", "name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=100)
    unordered: ClassVar[frozenset[str]] = frozenset(
        {
            "costFilters",
            "notifications",
            "notifications.subscriberEmailAddresses",
            "notifications.subscriberSnsTopicArns",
        }
    )
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_the_rest(inputs)
        account: str = inputs.get("accountId") or aws.account
        _client(aws).create_budget(
            AccountId=account,
            Budget=_budget(inputs),
            NotificationsWithSubscribers=[
                {"Notification": _notification(one), "Subscribers": _subscribers(one)}
                for one in inputs.get("notifications") or []
            ],
            ResourceTags=tag_list(inputs.get("tags")),
        )
        return f"{account}:{inputs['name']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        account, _, name = id.partition(":")
        client = _client(aws)
        with absent_is_fine(_ABSENT):
            found = client.describe_budget(AccountId=account, BudgetName=name)["Budget"]
            arn = _arn(aws, account, name)
            return {
                "accountId": account,
                "arn": arn,
                "name": name,
                "budgetType": found["BudgetType"],
                "timeUnit": found["TimeUnit"],
                "limitAmount": found["BudgetLimit"]["Amount"],
                "limitUnit": found["BudgetLimit"]["Unit"],
                "timePeriodStart": _time(found["TimePeriod"]["Start"]),
                "timePeriodEnd": _time(found["TimePeriod"]["End"]),
                "costFilters": [
                    {"name": key, "values": values}
                    for key, values in sorted((found.get("CostFilters") or {}).items())
                ],
                "notifications": _told(client, account, name),
                "tags": tag_map(client.list_tags_for_resource(ResourceARN=arn)["ResourceTags"]),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        _refuse_the_rest(new)
        account, _, name = id.partition(":")
        client = _client(aws)
        if changed - {"notifications", "tags"}:
            client.update_budget(AccountId=account, NewBudget=_budget({**new, "name": name}))
        if "notifications" in changed:
            for one in old.get("notifications") or []:
                client.delete_notification(
                    AccountId=account, BudgetName=name, Notification=_notification(one)
                )
            for one in new.get("notifications") or []:
                client.create_notification(
                    AccountId=account,
                    BudgetName=name,
                    Notification=_notification(one),
                    Subscribers=_subscribers(one),
                )
        if "tags" in changed:
            wanted, gone = tag_changes(old, new)
            arn = _arn(aws, account, name)
            if gone:
                client.untag_resource(ResourceARN=arn, ResourceTagKeys=gone)
            if wanted:
                client.tag_resource(ResourceARN=arn, ResourceTags=tag_list(wanted))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        account, _, name = id.partition(":")
        with absent_is_fine(_ABSENT):
            _client(aws).delete_budget(AccountId=account, BudgetName=name)


def _client(aws: Aws) -> Any:
    return aws.client(_SERVICE, _HOME)


def _arn(aws: Aws, account: str, name: str) -> str:
    return f"arn:{aws.partition}:budgets::{account}:budget/{name}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d_%H:%M}"


def _budget(inputs: Properties) -> dict[str, Any]:
    budget: dict[str, Any] = {
        "BudgetName": inputs["name"],
        "BudgetType": inputs["budgetType"],
        "TimeUnit": inputs["timeUnit"],
        "BudgetLimit": {"Amount": inputs["limitAmount"], "Unit": inputs["limitUnit"]},
    }
    if inputs.get("costFilters"):
        budget["CostFilters"] = {one["name"]: one["values"] for one in inputs["costFilters"]}
    return budget


def _notification(one: Mapping[str, Any]) -> dict[str, Any]:
    return {theirs: one[ours] for ours, theirs in _NOTIFICATION.items()}


def _subscribers(one: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"SubscriptionType": kind, "Address": address}
        for kind, ours in _SUBSCRIBERS.items()
        for address in one.get(ours) or []
    ]


def _told(client: Any, account: str, name: str) -> list[dict[str, Any]]:
    place = {"AccountId": account, "BudgetName": name}
    found: list[dict[str, Any]] = []
    for one in client.describe_notifications_for_budget(**place)["Notifications"]:
        told = client.describe_subscribers_for_notification(**place, Notification=one)["Subscribers"]
        entry = {ours: one[theirs] for ours, theirs in _NOTIFICATION.items()}
        for kind, ours in _SUBSCRIBERS.items():
            addresses = sorted(each["Address"] for each in told if each["SubscriptionType"] == kind)
            if addresses:
                entry[ours] = addresses
        found.append(entry)
    return found


def _refuse_the_rest(inputs: Properties) -> None:
    """What the fallback would lose without a word."""
    lost = sorted(
        name for name in inputs if name not in _NAMED and not name.startswith("__") and inputs[name]
    )
    if lost:
        raise ResourceError(f"the fallback aws plugin knows no {', '.join(lost)} of a budget")


RESOURCES: tuple[Resource, ...] = (Budget(),)
