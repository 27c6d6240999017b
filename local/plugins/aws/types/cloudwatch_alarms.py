"""CloudWatch: alarms on metrics, and alarms on other alarms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "cloudwatch"
_ACTIONS = {
    "alarmActions": "AlarmActions",
    "okActions": "OKActions",
    "insufficientDataActions": "InsufficientDataActions",
}
_PLAIN = {
    "actionsEnabled": "ActionsEnabled",
    "alarmDescription": "AlarmDescription",
    "comparisonOperator": "ComparisonOperator",
    "datapointsToAlarm": "DatapointsToAlarm",
    "evaluateLowSampleCountPercentiles": "EvaluateLowSampleCountPercentile",
    "evaluationPeriods": "EvaluationPeriods",
    "extendedStatistic": "ExtendedStatistic",
    "metricName": "MetricName",
    "namespace": "Namespace",
    "period": "Period",
    "statistic": "Statistic",
    "threshold": "Threshold",
    "thresholdMetricId": "ThresholdMetricId",
    "treatMissingData": "TreatMissingData",
    "unit": "Unit",
}
_QUERY = {
    "id": "Id",
    "label": "Label",
    "expression": "Expression",
    "period": "Period",
    "returnData": "ReturnData",
}
_METRIC = {"metricName": "MetricName", "namespace": "Namespace"}
_STATISTIC = {"period": "Period", "stat": "Stat", "unit": "Unit"}
_KNOWN = frozenset({*_PLAIN, *_ACTIONS, "name", "dimensions", "metricQueries", "region", "tags"})


class MetricAlarm(Resource):
    """The id is the name. Every change is the whole alarm, put again."""

    token: ClassVar[str] = "aws:cloudwatch/metricAlarm:MetricAlarm"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name"})
    autoname: ClassVar[Autoname | None] = Autoname()
    defaults: ClassVar[Mapping[str, Any]] = {"actionsEnabled": True, "treatMissingData": "missing"}
    unordered: ClassVar[frozenset[str]] = frozenset({*_ACTIONS, "metricQueries"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        unknown = sorted(n for n in inputs if n not in _KNOWN and not n.startswith("__") and inputs[n])
        if unknown:
            raise ResourceError(
                f"the fallback aws plugin knows no {', '.join(unknown)} of an alarm, which moto forgets"
            )
        aws.client(_SERVICE).put_metric_alarm(**_wish(inputs), Tags=tag_list(inputs.get("tags")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = aws.client(_SERVICE).describe_alarms(AlarmNames=[id], AlarmTypes=["MetricAlarm"])
        for alarm in found["MetricAlarms"]:
            return {
                **_common(aws, alarm),
                **pick(alarm, {theirs: ours for ours, theirs in _PLAIN.items()}),
                "name": id,
                "dimensions": _named(alarm.get("Dimensions")) or None,
                "metricQueries": [_seen(query) for query in alarm.get("Metrics") or ()] or None,
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed - {"tags"}:
            aws.client(_SERVICE).put_metric_alarm(**_wish(new))
        _retag(aws, id, old, new, changed)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        aws.client(_SERVICE).delete_alarms(AlarmNames=[id])


class CompositeAlarm(Resource):
    """The id is the name; its rule names other alarms."""

    token: ClassVar[str] = "aws:cloudwatch/compositeAlarm:CompositeAlarm"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"alarmName", "actionsEnabled"})
    defaults: ClassVar[Mapping[str, Any]] = {"actionsEnabled": True}
    unordered: ClassVar[frozenset[str]] = frozenset(_ACTIONS)
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("actionsSuppressor"):
            raise ResourceError("the fallback aws plugin knows no actionsSuppressor of an alarm")
        aws.client(_SERVICE).put_composite_alarm(**_rule(inputs), Tags=tag_list(inputs.get("tags")))
        return inputs["alarmName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = aws.client(_SERVICE).describe_alarms(AlarmNames=[id], AlarmTypes=["CompositeAlarm"])
        for alarm in found["CompositeAlarms"]:
            return {
                **_common(aws, alarm),
                "alarmName": id,
                "alarmDescription": alarm.get("AlarmDescription"),
                "alarmRule": alarm["AlarmRule"],
                "actionsEnabled": alarm["ActionsEnabled"],
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed - {"tags"}:
            aws.client(_SERVICE).put_composite_alarm(**_rule(new))
        _retag(aws, id, old, new, changed)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        aws.client(_SERVICE).delete_alarms(AlarmNames=[id])


def _wish(inputs: Properties) -> dict[str, Any]:
    queries = [_asked(query) for query in inputs.get("metricQueries") or ()]
    return {
        "AlarmName": inputs["name"],
        **put(inputs, _PLAIN),
        **put(inputs, _ACTIONS),
        **({"Dimensions": _pairs(inputs["dimensions"])} if inputs.get("dimensions") else {}),
        **({"Metrics": queries} if queries else {}),
    }


def _rule(inputs: Properties) -> dict[str, Any]:
    names = {"alarmName": "AlarmName", "alarmRule": "AlarmRule", "alarmDescription": "AlarmDescription"}
    return {**put(inputs, {**names, "actionsEnabled": "ActionsEnabled"}), **put(inputs, _ACTIONS)}


def _asked(query: Properties) -> dict[str, Any]:
    asked = put(query, _QUERY)
    metric = query.get("metric")
    if metric:
        named = {**put(metric, _METRIC), "Dimensions": _pairs(metric.get("dimensions") or {})}
        asked["MetricStat"] = {"Metric": named, **put(metric, _STATISTIC)}
    return asked


def _seen(query: Mapping[str, Any]) -> Properties:
    seen = pick(query, {theirs: ours for ours, theirs in _QUERY.items()})
    stat = query.get("MetricStat")
    if stat:
        seen["metric"] = {
            **pick(stat["Metric"], {theirs: ours for ours, theirs in _METRIC.items()}),
            **pick(stat, {theirs: ours for ours, theirs in _STATISTIC.items()}),
            "dimensions": _named(stat["Metric"].get("Dimensions")),
        }
    return seen


def _pairs(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return tag_list(dimensions, key="Name")


def _named(pairs: list[dict[str, str]] | None) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in pairs or ()}


def _common(aws: Aws, alarm: Mapping[str, Any]) -> Properties:
    arn = alarm["AlarmArn"]
    return {
        "arn": arn,
        "tags": tag_map(aws.client(_SERVICE).list_tags_for_resource(ResourceARN=arn)["Tags"]),
        **{ours: alarm.get(theirs) or None for ours, theirs in _ACTIONS.items()},
    }


def _retag(aws: Aws, name: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
    """Putting an alarm again leaves its tags alone."""
    if "tags" not in changed:
        return
    arn = f"arn:{aws.partition}:cloudwatch:{aws.region}:{aws.account}:alarm:{name}"
    added, removed = tag_changes(old, new)
    if removed:
        aws.client(_SERVICE).untag_resource(ResourceARN=arn, TagKeys=removed)
    if added:
        aws.client(_SERVICE).tag_resource(ResourceARN=arn, Tags=tag_list(added))


RESOURCES: tuple[Resource, ...] = (MetricAlarm(), CompositeAlarm())
