"""EventBridge: rules that pick events, and where they send them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "events"
_ABSENT = "ResourceNotFoundException"
_RULE = {
    "name": "Name",
    "description": "Description",
    "eventPattern": "EventPattern",
    "scheduleExpression": "ScheduleExpression",
    "roleArn": "RoleArn",
    "state": "State",
}
_TARGET = {"targetId": "Id", "arn": "Arn", "input": "Input", "inputPath": "InputPath", "roleArn": "RoleArn"}
_TRANSFORMER = {"inputPaths": "InputPathsMap", "inputTemplate": "InputTemplate"}
_BUS = "default"


class EventRule(Resource):
    """The id is the name, on the default bus."""

    token: ClassVar[str] = "aws:cloudwatch/eventRule:EventRule"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "eventBusName"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=64)
    defaults: ClassVar[Mapping[str, Any]] = {
        "eventBusName": _BUS,
        "forceDestroy": False,
        "isEnabled": True,
        "state": "ENABLED",
    }
    json: ClassVar[frozenset[str]] = frozenset({"eventPattern"})
    # Instructions to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDestroy", "isEnabled"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _on_the_default_bus(inputs)
        aws.client(_SERVICE).put_rule(**put(inputs, _RULE), Tags=tag_list(inputs.get("tags")))
        return inputs["name"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            rule = aws.client(_SERVICE).describe_rule(Name=id)
            tags = aws.client(_SERVICE).list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"]
            return {
                **{ours: rule.get(theirs) or None for ours, theirs in _RULE.items()},
                "arn": rule["Arn"],
                "eventBusName": _BUS,
                "tags": tag_map(tags),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        events = aws.client(_SERVICE)
        if changed - {"tags"}:
            events.put_rule(**put(new, _RULE))
        if "tags" in changed:
            arn = events.describe_rule(Name=id)["Arn"]
            added, removed = tag_changes(old, new)
            if removed:
                events.untag_resource(ResourceARN=arn, TagKeys=removed)
            if added:
                events.tag_resource(ResourceARN=arn, Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client(_SERVICE).delete_rule(Name=id)


class EventTarget(Resource):
    """The id is `<rule>-<target id>`."""

    token: ClassVar[str] = "aws:cloudwatch/eventTarget:EventTarget"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"rule", "targetId", "eventBusName"})
    autoname: ClassVar[Autoname | None] = Autoname(property="targetId", limit=64)
    defaults: ClassVar[Mapping[str, Any]] = {"eventBusName": _BUS, "forceDestroy": False}
    # An instruction to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDestroy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _on_the_default_bus(inputs)
        self._put(aws, inputs)
        return f"{inputs['rule']}-{inputs['targetId']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        rule, target = state.get("rule"), state.get("targetId")
        if not rule or not target:
            raise ResourceError(f"an import of {id} needs the rule's and the target's own names")
        with absent_is_fine(_ABSENT):
            for one in aws.client(_SERVICE).list_targets_by_rule(Rule=rule)["Targets"]:
                if one["Id"] == target:
                    transformer = one.get("InputTransformer")
                    return {
                        **{ours: one.get(theirs) or None for ours, theirs in _TARGET.items()},
                        "rule": rule,
                        "eventBusName": _BUS,
                        "inputTransformer": {
                            ours: transformer[theirs]
                            for ours, theirs in _TRANSFORMER.items()
                            if transformer.get(theirs)
                        }
                        if transformer
                        else None,
                    }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        self._put(aws, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client(_SERVICE).remove_targets(Rule=state["rule"], Ids=[state["targetId"]])

    def _put(self, aws: Aws, inputs: Properties) -> None:
        target = put(inputs, _TARGET)
        if inputs.get("inputTransformer"):
            target["InputTransformer"] = put(inputs["inputTransformer"], _TRANSFORMER)
        aws.client(_SERVICE).put_targets(Rule=inputs["rule"], Targets=[target])


def _on_the_default_bus(inputs: Properties) -> None:
    if inputs["eventBusName"] != _BUS:
        raise ResourceError("the fallback aws plugin knows the default event bus only")


RESOURCES: tuple[Resource, ...] = (EventRule(), EventTarget())
