"""Cost Explorer: what watches for unusual costs, who is told, and tags that the bill is divided by."""

from __future__ import annotations

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

_HOME = "us-east-1"
"""Cost Explorer answers there, wherever a stack is."""
_NO_MONITOR = "UnknownMonitorException"
_NO_SUBSCRIPTION = "UnknownSubscriptionException"


class AnomalyMonitor(Resource):
    """The id is the ARN."""

    token: ClassVar[str] = "aws:costexplorer/anomalyMonitor:AnomalyMonitor"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {"monitorDimension", "monitorSpecification", "monitorType"}
    )
    autoname: ClassVar[Autoname | None] = Autoname(limit=1024)
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("monitorSpecification"):
            raise ResourceError("the fallback aws plugin knows no monitorSpecification; use monitorDimension")
        made = _client(aws).create_anomaly_monitor(
            AnomalyMonitor={
                "MonitorName": inputs["name"],
                "MonitorType": inputs["monitorType"],
                "MonitorDimension": inputs["monitorDimension"],
            },
            ResourceTags=tag_list(inputs.get("tags")),
        )
        return made["MonitorArn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(_NO_MONITOR):
            (found,) = _client(aws).get_anomaly_monitors(MonitorArnList=[id])["AnomalyMonitors"]
            return {
                "arn": id,
                "name": found["MonitorName"],
                "monitorType": found["MonitorType"],
                "monitorDimension": found.get("MonitorDimension"),
                "tags": _tags(aws, id),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if "name" in changed:
            _client(aws).update_anomaly_monitor(MonitorArn=id, MonitorName=new["name"])
        if "tags" in changed:
            _retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_MONITOR):
            _client(aws).delete_anomaly_monitor(MonitorArn=id)


class AnomalySubscription(Resource):
    """The id is the ARN."""

    token: ClassVar[str] = "aws:costexplorer/anomalySubscription:AnomalySubscription"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"accountId", "name"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=1024)
    unordered: ClassVar[frozenset[str]] = frozenset(
        {"monitorArnLists", "subscribers", "thresholdExpression.ands"}
    )
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = _client(aws).create_anomaly_subscription(
            AnomalySubscription={"SubscriptionName": inputs["name"], **_subscription(inputs)},
            ResourceTags=tag_list(inputs.get("tags")),
        )
        return made["SubscriptionArn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(_NO_SUBSCRIPTION):
            (found,) = _client(aws).get_anomaly_subscriptions(SubscriptionArnList=[id])[
                "AnomalySubscriptions"
            ]
            return {
                "accountId": aws.account,
                "arn": id,
                "name": found["SubscriptionName"],
                "frequency": found["Frequency"],
                "monitorArnLists": found["MonitorArnList"],
                "subscribers": [
                    {"address": one["Address"], "type": one["Type"]} for one in found["Subscribers"]
                ],
                "thresholdExpression": {
                    "ands": [
                        {
                            "dimension": {
                                "key": one["Dimensions"]["Key"],
                                "matchOptions": one["Dimensions"]["MatchOptions"],
                                "values": one["Dimensions"]["Values"],
                            }
                        }
                        for one in found["ThresholdExpression"]["And"]
                    ]
                },
                "tags": _tags(aws, id),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed - {"tags"}:
            _client(aws).update_anomaly_subscription(SubscriptionArn=id, **_subscription(new))
        if "tags" in changed:
            _retag(aws, id, old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_SUBSCRIPTION):
            _client(aws).delete_anomaly_subscription(SubscriptionArn=id)


class CostAllocationTag(Resource):
    """The id is the tag's key. Nothing makes or removes one: it becomes active or inactive."""

    token: ClassVar[str] = "aws:costexplorer/costAllocationTag:CostAllocationTag"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"tagKey"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        _activate(aws, inputs["tagKey"], inputs["status"])
        return inputs["tagKey"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        (found,) = _client(aws).list_cost_allocation_tags(TagKeys=[id])["CostAllocationTags"]
        if not state and found["Status"] == "Inactive":
            return None
        return {"tagKey": id, "status": found["Status"], "type": found["Type"]}

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        _activate(aws, id, new["status"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        _activate(aws, id, "Inactive")


def _client(aws: Aws) -> Any:
    return aws.client("ce", _HOME)


def _tags(aws: Aws, arn: str) -> dict[str, str]:
    return tag_map(_client(aws).list_tags_for_resource(ResourceArn=arn)["ResourceTags"])


def _retag(aws: Aws, arn: str, old: Properties, new: Properties) -> None:
    wanted, gone = tag_changes(old, new)
    if gone:
        _client(aws).untag_resource(ResourceArn=arn, ResourceTagKeys=gone)
    if wanted:
        _client(aws).tag_resource(ResourceArn=arn, ResourceTags=tag_list(wanted))


def _activate(aws: Aws, key: str, status: str) -> None:
    answer = _client(aws).update_cost_allocation_tags_status(
        CostAllocationTagsStatus=[{"TagKey": key, "Status": status}]
    )
    for error in answer["Errors"]:
        raise ResourceError(f"{key}: {error['Message']}")


def _subscription(inputs: Properties) -> dict[str, Any]:
    expression = inputs.get("thresholdExpression") or {}
    if set(expression) != {"ands"}:
        raise ResourceError("the fallback aws plugin knows only `ands` of a thresholdExpression")
    return {
        "Frequency": inputs["frequency"],
        "MonitorArnList": inputs["monitorArnLists"],
        "Subscribers": [{"Address": one["address"], "Type": one["type"]} for one in inputs["subscribers"]],
        "ThresholdExpression": {
            "And": [
                {
                    "Dimensions": {
                        "Key": one["dimension"]["key"],
                        "MatchOptions": one["dimension"]["matchOptions"],
                        "Values": one["dimension"]["values"],
                    }
                }
                for one in expression["ands"]
            ]
        },
    }


RESOURCES: tuple[Resource, ...] = (AnomalyMonitor(), AnomalySubscription(), CostAllocationTag())
