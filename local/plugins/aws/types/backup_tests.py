"""AWS Backup's restore tests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, absent_is_fine
from local.plugins.aws.types.backup_shared import ABSENT, retag, tags_of
from local.plugins.aws.types.s3_parts_shape import Inner, Shape
from local.plugins.aws.types.s3_parts_shape import from_s3 as from_aws
from local.plugins.aws.types.s3_parts_shape import to_s3 as to_aws

_PLAN: Shape = {
    "name": "RestoreTestingPlanName",
    "recoveryPointSelection": Inner(
        "RecoveryPointSelection",
        {
            "algorithm": "Algorithm",
            "excludeVaults": "ExcludeVaults",
            "includeVaults": "IncludeVaults",
            "recoveryPointTypes": "RecoveryPointTypes",
            "selectionWindowDays": "SelectionWindowDays",
        },
    ),
    "scheduleExpression": "ScheduleExpression",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "startWindowHours": "StartWindowHours",
}
_PAIR = {"key": "Key", "value": "Value"}
_CHANGEABLE: Shape = {
    "iamRoleArn": "IamRoleArn",
    "protectedResourceArns": "ProtectedResourceArns",
    "protectedResourceConditions": Inner(
        "ProtectedResourceConditions",
        {
            "stringEquals": Inner("StringEquals", _PAIR),
            "stringNotEquals": Inner("StringNotEquals", _PAIR),
        },
    ),
    "restoreMetadataOverrides": "RestoreMetadataOverrides",
    "validationWindowHours": "ValidationWindowHours",
}
_SELECTION: Shape = {
    **_CHANGEABLE,
    "name": "RestoreTestingSelectionName",
    "protectedResourceType": "ProtectedResourceType",
}


class RestoreTestingPlan(Resource):
    """Its id is its name."""

    token: ClassVar[str] = "aws:backup/restoreTestingPlan:RestoreTestingPlan"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name"})
    defaults: ClassVar[Mapping[str, Any]] = {"scheduleExpressionTimezone": "Etc/UTC", "startWindowHours": 24}
    unordered: ClassVar[frozenset[str]] = frozenset(
        {"recoveryPointSelection.includeVaults", "recoveryPointSelection.recoveryPointTypes"}
    )
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = aws.client("backup").create_restore_testing_plan(
            RestoreTestingPlan=to_aws(inputs, _PLAN), Tags=inputs.get("tags") or {}
        )
        return made["RestoreTestingPlanName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            client = aws.client("backup")
            found = client.get_restore_testing_plan(RestoreTestingPlanName=id)["RestoreTestingPlan"]
            arn = found["RestoreTestingPlanArn"]
            return {**from_aws(found, _PLAN), "arn": arn, "tags": tags_of(aws, arn)}
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client("backup")
        if changed - {"tags"}:
            wanted = to_aws({name: new.get(name) for name in _PLAN if name != "name"}, _PLAN)
            client.update_restore_testing_plan(RestoreTestingPlanName=id, RestoreTestingPlan=wanted)
        if "tags" in changed:
            found = client.get_restore_testing_plan(RestoreTestingPlanName=id)["RestoreTestingPlan"]
            retag(aws, found["RestoreTestingPlanArn"], old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_restore_testing_plan(RestoreTestingPlanName=id)


class RestoreTestingSelection(Resource):
    """Its id is that of an import: `<name>:<plan's name>`."""

    token: ClassVar[str] = "aws:backup/restoreTestingSelection:RestoreTestingSelection"  # noqa: S105
    replaces: ClassVar[frozenset[str]] = frozenset(
        {"name", "protectedResourceType", "restoreTestingPlanName"}
    )
    defaults: ClassVar[Mapping[str, Any]] = {"validationWindowHours": 0}
    unordered: ClassVar[frozenset[str]] = frozenset({"protectedResourceArns"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        plan = inputs["restoreTestingPlanName"]
        made = aws.client("backup").create_restore_testing_selection(
            RestoreTestingPlanName=plan, RestoreTestingSelection=to_aws(inputs, _SELECTION)
        )
        return f"{made['RestoreTestingSelectionName']}:{plan}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            found = aws.client("backup").get_restore_testing_selection(**_of(id))["RestoreTestingSelection"]
            return {
                **from_aws(found, _SELECTION),
                "restoreTestingPlanName": found["RestoreTestingPlanName"],
                "protectedResourceArns": found.get("ProtectedResourceArns", []),
                "restoreMetadataOverrides": found.get("RestoreMetadataOverrides", {}),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        wanted = to_aws({name: new.get(name) for name in _CHANGEABLE}, _CHANGEABLE)
        aws.client("backup").update_restore_testing_selection(RestoreTestingSelection=wanted, **_of(id))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_restore_testing_selection(**_of(id))


def _of(identity: str) -> dict[str, str]:
    name, _, plan = identity.partition(":")
    return {"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": name}


RESOURCES: tuple[Resource, ...] = (RestoreTestingPlan(), RestoreTestingSelection())
