from __future__ import annotations

from typing import Any

import pytest

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
TOPIC = "aws:sns/topic:Topic"

CPU: dict[str, Any] = {
    "comparisonOperator": "GreaterThanThreshold",
    "evaluationPeriods": 3,
    "datapointsToAlarm": 2,
    "threshold": 80.5,
    "namespace": "AWS/RDS",
    "metricName": "CPUUtilization",
    "dimensions": {"DBInstanceIdentifier": "roost"},
    "statistic": "Average",
    "period": 300,
    "treatMissingData": "breaching",
    "tags": {"role": "alarm"},
}
SHARE: dict[str, Any] = {
    "comparisonOperator": "GreaterThanOrEqualToThreshold",
    "evaluationPeriods": 5,
    "threshold": 5,
    "metricQueries": [
        {"id": "share", "expression": "100*errors/requests", "label": "errors", "returnData": True},
        *(
            {
                "id": name,
                "metric": {
                    "namespace": "AWS/ApplicationELB",
                    "metricName": metric,
                    "dimensions": {"LoadBalancer": "app/edge/0123456789abcdef"},
                    "stat": "Sum",
                    "period": 60,
                },
            }
            for name, metric in (("errors", "HTTPCode_Target_5XX_Count"), ("requests", "RequestCount"))
        ),
    ],
}


def topic(world: World, name: str) -> str:
    return world.create(TOPIC, name).id


def described(world: World, made: Made, kind: str = "MetricAlarms") -> dict[str, Any]:
    (found,) = world.client("cloudwatch").describe_alarms(
        AlarmNames=[made.id], AlarmTypes=[kind.removesuffix("s")]
    )[kind]
    return found


def test_an_alarm_on_a_metric_changes_in_place_in_all_but_its_name(world: World) -> None:
    inputs = {**CPU, "alarmActions": [topic(world, "pages")], "alarmDescription": "busy"}
    made = world.roundtrip(ALARM, inputs, "cpu")
    assert made.id == made.outputs["name"]
    assert made.outputs["arn"].endswith(f":alarm:{made.id}")

    changed = {**inputs, "threshold": 90, "alarmActions": None, "tags": {"role": "other"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert described(world, after)["Threshold"] == 90
    assert described(world, after)["AlarmActions"] == []
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}
    world.gone(after)


def test_a_refresh_sees_what_somebody_did_to_an_alarm(world: World) -> None:
    made = world.roundtrip(ALARM, CPU, "muted")
    world.client("cloudwatch").disable_alarm_actions(AlarmNames=[made.id])
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, CPU).changed) == {"actionsEnabled"}
    world.gone(made)


def test_an_alarm_on_an_expression_over_metrics(world: World) -> None:
    made = world.roundtrip(ALARM, SHARE, "share")
    queries = {one["Id"]: one for one in described(world, made)["Metrics"]}
    assert queries["share"]["Expression"] == "100*errors/requests"
    assert queries["errors"]["MetricStat"]["Metric"]["MetricName"] == "HTTPCode_Target_5XX_Count"
    world.gone(made)


def test_what_moto_would_forget_of_an_alarm_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="knows no evaluationInterval of an alarm"):
        world.create(ALARM, "odd", {**CPU, "evaluationInterval": 60})


def test_an_alarm_on_alarms_needs_them_and_keeps_them(world: World) -> None:
    one = world.create(ALARM, "one", CPU)
    both = {"alarmName": "both", "alarmRule": f"ALARM({one.id}) AND OK({one.id})", "tags": {"a": "b"}}
    made = world.roundtrip(COMPOSITE, both, "both")
    assert described(world, made, "CompositeAlarms")["AlarmRule"] == both["alarmRule"]
    with pytest.raises(ResourceError, match="depends on them"):
        world.delete(one)
    changed = {**both, "alarmRule": f"ALARM({one.id})", "alarmDescription": "it", "tags": {"a": "c"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "alarmName": "other"}).replaces == {"alarmName"}
    world.gone(after)
    world.gone(one)


def test_an_alarm_on_an_alarm_that_is_not_there_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="do not exist"):
        world.create(COMPOSITE, "lonely", {"alarmName": "lonely", "alarmRule": "ALARM(nobody)"})
