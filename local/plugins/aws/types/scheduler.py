"""Schedules of EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Autoname, Aws, Properties, Resource, ResourceError, absent_is_fine

_ABSENT = "ResourceNotFoundException"
_PLAIN = {
    "description": "Description",
    "scheduleExpression": "ScheduleExpression",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "state": "State",
    "groupName": "GroupName",
    "kmsKeyArn": "KmsKeyArn",
}
_WINDOW = {"mode": "Mode", "maximumWindowInMinutes": "MaximumWindowInMinutes"}
_TARGET = {"arn": "Arn", "roleArn": "RoleArn", "input": "Input"}
_RETRY = {
    "maximumEventAgeInSeconds": "MaximumEventAgeInSeconds",
    "maximumRetryAttempts": "MaximumRetryAttempts",
}
_NAMED = frozenset({*_PLAIN, "name", "namePrefix", "region", "flexibleTimeWindow", "target"})
_TARGET_NAMED = frozenset({*_TARGET, "retryPolicy"})


class Schedule(Resource):
    """The id is `<group>/<name>`. An update replaces everything but the name, as the API has it."""

    token: ClassVar[str] = "aws:scheduler/schedule:Schedule"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "groupName"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=64)
    defaults: ClassVar[Mapping[str, Any]] = {
        "groupName": "default",
        "scheduleExpressionTimezone": "UTC",
        "state": "ENABLED",
    }
    json: ClassVar[frozenset[str]] = frozenset({"target.input"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("scheduler").create_schedule(Name=inputs["name"], **_request(inputs))
        return f"{inputs.get('groupName') or 'default'}/{inputs['name']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group, _, name = id.partition("/")
        with absent_is_fine(_ABSENT):
            found = aws.client("scheduler").get_schedule(GroupName=group, Name=name)
            target = {ours: found["Target"].get(theirs) for ours, theirs in _TARGET.items()}
            retry = found["Target"].get("RetryPolicy") or {}
            target["retryPolicy"] = {ours: retry.get(theirs) for ours, theirs in _RETRY.items()}
            return {
                "name": found["Name"],
                "arn": found["Arn"],
                **{ours: found.get(theirs) for ours, theirs in _PLAIN.items()},
                "flexibleTimeWindow": {
                    ours: found["FlexibleTimeWindow"].get(theirs) for ours, theirs in _WINDOW.items()
                },
                "target": target,
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        group, _, name = id.partition("/")
        aws.client("scheduler").update_schedule(Name=name, **{**_request(new), "GroupName": group})

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        group, _, name = id.partition("/")
        with absent_is_fine(_ABSENT):
            aws.client("scheduler").delete_schedule(GroupName=group, Name=name)


def _request(inputs: Properties) -> dict[str, Any]:
    _refuse_the_rest(inputs, _NAMED, "a schedule")
    _refuse_the_rest(inputs["target"], _TARGET_NAMED, "a schedule's target")
    target = {
        theirs: inputs["target"][ours] for ours, theirs in _TARGET.items() if inputs["target"].get(ours)
    }
    retry = inputs["target"].get("retryPolicy") or {}
    if retry:
        target["RetryPolicy"] = {theirs: retry[ours] for ours, theirs in _RETRY.items() if ours in retry}
    window = inputs["flexibleTimeWindow"]
    return {
        **{theirs: inputs[ours] for ours, theirs in _PLAIN.items() if inputs.get(ours)},
        "FlexibleTimeWindow": {theirs: window[ours] for ours, theirs in _WINDOW.items() if window.get(ours)},
        "Target": target,
    }


def _refuse_the_rest(inputs: Properties, known: frozenset[str], what: str) -> None:
    """What the fallback would lose without a word."""
    lost = sorted(name for name in inputs if name not in known and not name.startswith("__") and inputs[name])
    if lost:
        raise ResourceError(f"the fallback aws plugin knows no {', '.join(lost)} of {what}")


RESOURCES: tuple[Resource, ...] = (Schedule(),)
