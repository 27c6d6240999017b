"""AWS Backup's plans, and what they take."""

from __future__ import annotations

from typing import Any, ClassVar

from local.plugins.aws.resource import Autoname, Aws, Properties, Resource, ResourceError, absent_is_fine
from local.plugins.aws.types.backup_shared import ABSENT, retag, tags_of
from local.plugins.aws.types.s3_parts_shape import Inner, Shape
from local.plugins.aws.types.s3_parts_shape import from_s3 as from_aws
from local.plugins.aws.types.s3_parts_shape import to_s3 as to_aws

_LIFECYCLE = Inner(
    "Lifecycle",
    {
        "coldStorageAfter": "MoveToColdStorageAfterDays",
        "deleteAfter": "DeleteAfterDays",
        "optInToArchiveForSupportedResources": "OptInToArchiveForSupportedResources",
    },
)
_RULE: Shape = {
    "ruleName": "RuleName",
    "targetVaultName": "TargetBackupVaultName",
    "schedule": "ScheduleExpression",
    "scheduleExpressionTimezone": "ScheduleExpressionTimezone",
    "startWindow": "StartWindowMinutes",
    "completionWindow": "CompletionWindowMinutes",
    "enableContinuousBackup": "EnableContinuousBackup",
    "lifecycle": _LIFECYCLE,
    "recoveryPointTags": "RecoveryPointTags",
    "copyActions": Inner(
        "CopyActions", {"destinationVaultArn": "DestinationBackupVaultArn", "lifecycle": _LIFECYCLE}
    ),
}
_NOT_SERVED = ("advancedBackupSettings", "scanSettings")

_PAIR = {"key": "ConditionKey", "value": "ConditionValue"}
_CONDITIONS: Shape = {
    "stringEquals": Inner("StringEquals", _PAIR),
    "stringLikes": Inner("StringLike", _PAIR),
    "stringNotEquals": Inner("StringNotEquals", _PAIR),
    "stringNotLikes": Inner("StringNotLike", _PAIR),
}
_SELECTION: Shape = {
    "iamRoleArn": "IamRoleArn",
    "name": "SelectionName",
    "notResources": "NotResources",
    "resources": "Resources",
    "selectionTags": Inner("ListOfTags", {**_PAIR, "type": "ConditionType"}),
}


class Plan(Resource):
    """Its id is AWS's."""

    token: ClassVar[str] = "aws:backup/plan:Plan"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=50)
    unordered: ClassVar[frozenset[str]] = frozenset({"rules", "rules.copyActions"})
    renewed: ClassVar[frozenset[str]] = frozenset({"version"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = aws.client("backup").create_backup_plan(
            BackupPlan=_document(inputs), BackupPlanTags=inputs.get("tags") or {}
        )
        return made["BackupPlanId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            found = aws.client("backup").get_backup_plan(BackupPlanId=id)
            if "DeletionDate" in found:
                return None
            return {
                "arn": found["BackupPlanArn"],
                "name": found["BackupPlan"]["BackupPlanName"],
                "rules": from_aws(found["BackupPlan"]["Rules"], _RULE),
                "tags": tags_of(aws, found["BackupPlanArn"]),
                "version": found["VersionId"],
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if "rules" in changed:
            aws.client("backup").update_backup_plan(BackupPlanId=id, BackupPlan=_document(new))
        if "tags" in changed:
            retag(aws, aws.client("backup").get_backup_plan(BackupPlanId=id)["BackupPlanArn"], old, new)

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        return self.renewed if "rules" in changed else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_backup_plan(BackupPlanId=id)


class Selection(Resource):
    """Its id is AWS's; nothing of it is changed in place."""

    token: ClassVar[str] = "aws:backup/selection:Selection"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"planId", "conditions", *_SELECTION})
    autoname: ClassVar[Autoname | None] = Autoname(limit=50)
    unordered: ClassVar[frozenset[str]] = frozenset(
        {"conditions", "notResources", "resources", "selectionTags"}
    )
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        conditions: list[dict[str, Any]] = inputs.get("conditions") or []
        selection = to_aws(inputs, _SELECTION)
        if conditions:
            selection["Conditions"] = to_aws(_merged(conditions), _CONDITIONS)
        made = aws.client("backup").create_backup_selection(
            BackupPlanId=inputs["planId"], BackupSelection=selection
        )
        return made["SelectionId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            found = aws.client("backup").get_backup_selection(BackupPlanId=state["planId"], SelectionId=id)
            selection = found["BackupSelection"]
            conditions = selection.get("Conditions")
            return {
                "planId": found["BackupPlanId"],
                **from_aws(selection, _SELECTION),
                "conditions": [from_aws(conditions, _CONDITIONS)] if conditions else [],
                "notResources": selection.get("NotResources", []),
            }
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*ABSENT):
            aws.client("backup").delete_backup_selection(BackupPlanId=state["planId"], SelectionId=id)


def _document(inputs: Properties) -> dict[str, Any]:
    if given := [name for name in _NOT_SERVED if inputs.get(name)]:
        raise ResourceError(f"the fallback aws plugin knows no {', '.join(given)} of a backup plan")
    return {"BackupPlanName": inputs["name"], "Rules": to_aws(inputs["rules"], _RULE)}


def _merged(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    """AWS has one object of all conditions, the provider a set of objects."""
    return {name: [one for each in conditions for one in each.get(name) or ()] for name in _CONDITIONS}


RESOURCES: tuple[Resource, ...] = (Plan(), Selection())
