"""Budgets and Cost Explorer: what moto lacks of them.

moto's budgets can be neither changed nor tagged and keep their subscribers to themselves; its Cost Explorer
knows no anomalies and no tags for cost allocation. As in AWS, an account has one monitor of each dimension.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, cast

from moto.budgets.exceptions import NotFoundException
from moto.budgets.models import Notification
from moto.budgets.responses import BudgetsResponse
from moto.ce.responses import CostExplorerResponse
from moto.moto_api._internal import mock_random

from local.emulator.errors import Refusal

Json = dict[str, Any]


@dataclass
class Costs:
    """One account's monitors, subscriptions, tags for cost allocation and the tags of its budgets."""

    monitors: dict[str, Json] = field(default_factory=dict[str, Json])
    subscriptions: dict[str, Json] = field(default_factory=dict[str, Json])
    active_tags: set[str] = field(default_factory=set[str])
    budget_tags: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])


COSTS: dict[str, Costs] = {}
"""By account."""


def install() -> None:
    """Once for the process."""
    create = BudgetsResponse.create_budget

    def create_budget(self: BudgetsResponse) -> str:
        answer = create(self)
        asked = json.loads(self.body)
        tags = {one["Key"]: one["Value"] for one in asked.get("ResourceTags") or []}
        _costs(self).budget_tags[_budget_arn(self, asked["Budget"]["BudgetName"])] = tags
        return answer

    for owner, calls in (
        (
            BudgetsResponse,
            (
                create_budget,
                _update_budget,
                _describe_subscribers_for_notification,
                _list_tags_for_resource,
                _tag_resource,
                _untag_resource,
            ),
        ),
        (
            CostExplorerResponse,
            (
                _create_anomaly_monitor,
                _get_anomaly_monitors,
                _update_anomaly_monitor,
                _delete_anomaly_monitor,
                _create_anomaly_subscription,
                _get_anomaly_subscriptions,
                _update_anomaly_subscription,
                _delete_anomaly_subscription,
                _list_cost_allocation_tags,
                _update_cost_allocation_tags_status,
            ),
        ),
    ):
        for call in calls:
            setattr(owner, call.__name__.removeprefix("_"), call)


def _costs(response: BudgetsResponse | CostExplorerResponse) -> Costs:
    return COSTS.setdefault(response.current_account, Costs())


def _asked(response: BudgetsResponse | CostExplorerResponse) -> Json:
    return json.loads(response.body)


def _budget_arn(self: BudgetsResponse, name: str) -> str:
    return f"arn:{self.partition}:budgets::{self.current_account}:budget/{name}"


def _update_budget(self: BudgetsResponse) -> str:
    asked = _asked(self)
    new = asked["NewBudget"]
    found = self.backend.budgets[asked["AccountId"]].get(new["BudgetName"])
    if found is None:
        raise NotFoundException(f"Unable to update budget: {new['BudgetName']} - the budget doesn't exist.")
    # The time that it began stays what it was unless another is given.
    found.budget = {"TimePeriod": found.budget["TimePeriod"], **new}
    return "{}"


def _describe_subscribers_for_notification(self: BudgetsResponse) -> str:
    asked = _asked(self)
    budget = self.backend.budgets[asked["AccountId"]].get(asked["BudgetName"])
    notifications = cast("list[Notification]", budget.notifications if budget else [])
    for one in notifications:
        if one.details == asked["Notification"]:
            return json.dumps({"Subscribers": one.subscribers})
    raise NotFoundException("Unable to describe subscribers - the notification doesn't exist.")


def _list_tags_for_resource(self: BudgetsResponse) -> str:
    tags = _costs(self).budget_tags.get(_asked(self)["ResourceARN"], {})
    return json.dumps({"ResourceTags": [{"Key": key, "Value": value} for key, value in tags.items()]})


def _tag_resource(self: BudgetsResponse) -> str:
    asked = _asked(self)
    tags = _costs(self).budget_tags.setdefault(asked["ResourceARN"], {})
    tags.update({one["Key"]: one["Value"] for one in asked["ResourceTags"]})
    return "{}"


def _untag_resource(self: BudgetsResponse) -> str:
    asked = _asked(self)
    for key in asked["ResourceTagKeys"]:
        _costs(self).budget_tags.get(asked["ResourceARN"], {}).pop(key, None)
    return "{}"


def _create_anomaly_monitor(self: CostExplorerResponse) -> str:
    asked = _asked(self)
    wanted, monitors = asked["AnomalyMonitor"], _costs(self).monitors
    dimension = wanted.get("MonitorDimension")
    if dimension and any(one.get("MonitorDimension") == dimension for one in monitors.values()):
        raise Refusal("ValidationException", "Limit exceeded on dimensional spend monitor creation")
    return json.dumps({"MonitorArn": _keep(self, monitors, "anomalymonitor", "MonitorArn", wanted)})


def _keep(self: CostExplorerResponse, kept: dict[str, Json], kind: str, key: str, wanted: Json) -> str:
    arn = f"arn:{self.partition}:ce::{self.current_account}:{kind}/{mock_random.uuid4()}"
    kept[arn] = {**wanted, key: arn}
    self.ce_backend.tag_resource(arn, _asked(self).get("ResourceTags") or [])
    return arn


def _get_anomaly_monitors(self: CostExplorerResponse) -> str:
    found = _named(self, "MonitorArnList", _costs(self).monitors, "UnknownMonitorException")
    return json.dumps({"AnomalyMonitors": found})


def _named(self: CostExplorerResponse, key: str, kept: dict[str, Json], missing: str) -> list[Json]:
    """Those that are asked for by ARN; all where none is. An ARN that is not there is an error."""
    arns = _asked(self).get(key)
    if not arns:
        return list(kept.values())
    for arn in arns:
        if arn not in kept:
            raise Refusal(missing, f"No entity found for {arn}")
    return [kept[arn] for arn in arns]


def _update_anomaly_monitor(self: CostExplorerResponse) -> str:
    return _change(self, _costs(self).monitors, "MonitorArn", "UnknownMonitorException")


def _change(self: CostExplorerResponse, kept: dict[str, Json], key: str, missing: str) -> str:
    asked = _asked(self)
    if asked[key] not in kept:
        raise Refusal(missing, f"No entity found for {asked[key]}")
    kept[asked[key]].update(asked)
    return json.dumps({key: asked[key]})


def _delete_anomaly_monitor(self: CostExplorerResponse) -> str:
    return _remove(self, _costs(self).monitors, "MonitorArn", "UnknownMonitorException")


def _remove(self: CostExplorerResponse, kept: dict[str, Json], key: str, missing: str) -> str:
    arn = _asked(self)[key]
    if kept.pop(arn, None) is None:
        raise Refusal(missing, f"No entity found for {arn}")
    return "{}"


def _create_anomaly_subscription(self: CostExplorerResponse) -> str:
    wanted = _asked(self)["AnomalySubscription"]
    _refuse_slow_topics(wanted)
    for monitor in wanted["MonitorArnList"]:
        if monitor not in _costs(self).monitors:
            raise Refusal("UnknownMonitorException", f"No entity found for {monitor}")
    kept = _costs(self).subscriptions
    arn = _keep(self, kept, "anomalysubscription", "SubscriptionArn", wanted)
    return json.dumps({"SubscriptionArn": arn})


def _refuse_slow_topics(wanted: Json) -> None:
    """AWS tells topics at once and people once a day or week."""
    at_once = wanted.get("Frequency") == "IMMEDIATE"
    kinds = {cast("str", one["Type"]) for one in wanted.get("Subscribers") or []}
    if ("SNS" in kinds and not at_once) or ("EMAIL" in kinds and at_once):
        raise Refusal("ValidationException", f"Frequency {wanted['Frequency']} does not fit the subscribers")


def _get_anomaly_subscriptions(self: CostExplorerResponse) -> str:
    found = _named(self, "SubscriptionArnList", _costs(self).subscriptions, "UnknownSubscriptionException")
    return json.dumps({"AnomalySubscriptions": found})


def _update_anomaly_subscription(self: CostExplorerResponse) -> str:
    kept = _costs(self).subscriptions
    _refuse_slow_topics({**kept.get(_asked(self)["SubscriptionArn"], {}), **_asked(self)})
    return _change(self, kept, "SubscriptionArn", "UnknownSubscriptionException")


def _delete_anomaly_subscription(self: CostExplorerResponse) -> str:
    return _remove(self, _costs(self).subscriptions, "SubscriptionArn", "UnknownSubscriptionException")


def _list_cost_allocation_tags(self: CostExplorerResponse) -> str:
    asked = _asked(self)
    keys = asked.get("TagKeys") or sorted(_costs(self).active_tags)
    found = [
        {
            "TagKey": key,
            "Type": "UserDefined",
            "Status": "Active" if key in _costs(self).active_tags else "Inactive",
        }
        for key in keys
    ]
    wanted = asked.get("Status")
    return json.dumps({"CostAllocationTags": [one for one in found if wanted in (None, one["Status"])]})


def _update_cost_allocation_tags_status(self: CostExplorerResponse) -> str:
    for one in _asked(self)["CostAllocationTagsStatus"]:
        change = (
            _costs(self).active_tags.add if one["Status"] == "Active" else _costs(self).active_tags.discard
        )
        change(one["TagKey"])
    return json.dumps({"Errors": []})
