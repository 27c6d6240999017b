from __future__ import annotations

import json
from typing import Any

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, World

SCHEDULE = "aws:scheduler/schedule:Schedule"
INPUT = {"ClusterName": "c", "NodegroupName": "n", "ScalingConfig": {"DesiredSize": 0}}
INPUTS: dict[str, Any] = {
    "scheduleExpression": "cron(0 19 ? * MON-FRI *)",
    "flexibleTimeWindow": {"mode": "OFF"},
    "target": {
        "arn": "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/scheduler",
        "input": json.dumps(INPUT),
        "retryPolicy": {"maximumEventAgeInSeconds": 3600, "maximumRetryAttempts": 10},
    },
}


def test_a_schedule_changes_in_place_in_all_but_its_name(world: World) -> None:
    made = world.roundtrip(SCHEDULE, INPUTS, "stop")
    name = made.outputs["name"]
    assert made.id == f"default/{name}"
    assert made.outputs["arn"] == f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/{name}"
    assert made.outputs["state"] == "ENABLED"

    changed = {
        **INPUTS,
        "scheduleExpression": "cron(30 18 ? * MON-FRI *)",
        "scheduleExpressionTimezone": "Europe/Berlin",
        "description": "no GPU nodes",
    }
    after = world.update(made, changed)
    world.settled(after, changed)
    scheduler = world.client("scheduler")
    found = scheduler.get_schedule(Name=name)
    assert (found["ScheduleExpressionTimezone"], found["Description"]) == ("Europe/Berlin", "no GPU nodes")
    assert json.loads(found["Target"]["Input"]) == INPUT
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}

    scheduler.delete_schedule(Name=name)
    assert world.refresh(after) is None
    world.gone(after)


def test_drift_of_what_is_asked_is_seen(world: World) -> None:
    made = world.roundtrip(SCHEDULE, INPUTS, "start")
    scheduler = world.client("scheduler")
    found = scheduler.get_schedule(Name=made.outputs["name"])
    scheduler.update_schedule(
        Name=found["Name"],
        ScheduleExpression="cron(0 20 ? * * *)",
        FlexibleTimeWindow=found["FlexibleTimeWindow"],
        Target=found["Target"],
    )
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, INPUTS).changed) == {"scheduleExpression"}


def test_what_the_fallback_would_lose_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="knows no endDate of a schedule"):
        world.roundtrip(SCHEDULE, {**INPUTS, "endDate": "2030-01-01T00:00:00Z"}, "ends")
