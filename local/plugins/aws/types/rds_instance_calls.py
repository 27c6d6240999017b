"""How an RDS instance is made, in one of four ways, and what a modification asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from local.plugins.aws.resource import Properties, put, tag_list
from local.plugins.aws.types.rds_instance_shape import REQUESTED

_POINT = {
    "restoreTime": "RestoreTime",
    "sourceDbInstanceAutomatedBackupsArn": "SourceDBInstanceAutomatedBackupsArn",
    "sourceDbInstanceIdentifier": "SourceDBInstanceIdentifier",
    "sourceDbiResourceId": "SourceDbiResourceId",
    "useLatestRestorableTime": "UseLatestRestorableTime",
}
# RDS refuses a change of storage to what gp3 brings along by itself, and passes these on only together.
_STORAGE = frozenset({"allocatedStorage", "iops", "storageThroughput", "storageType"})
# What a restored instance has from its source, and neither operation takes.
_FROM_SOURCE = frozenset({"DBName", "Engine", "KmsKeyId", "MasterUsername", "StorageEncrypted"})
_ONLY_FOR_MODIFICATIONS = {
    "allowMajorVersionUpgrade": "AllowMajorVersionUpgrade",
    "identifier": "NewDBInstanceIdentifier",
    "port": "DBPortNumber",
}


@dataclass(frozen=True)
class Creation:
    """The call that makes an instance, and what a modification has to add afterwards."""

    method: str
    request: dict[str, Any]
    afterwards: dict[str, Any] = field(default_factory=dict[str, Any])


def created(rds: Any, inputs: Properties) -> Creation:
    """Which call makes it. What only CreateDBInstance takes is asked for afterwards."""
    request = put(inputs, REQUESTED)
    request["Tags"] = tag_list(inputs.get("tags"))
    if inputs.get("replicateSourceDb"):
        source = {"SourceDBInstanceIdentifier": inputs["replicateSourceDb"]}
        key = put(inputs, {"kmsKeyId": "KmsKeyId"})
        return _divided(rds, "create_db_instance_read_replica", request, source | key)
    if inputs.get("snapshotIdentifier"):
        source = {"DBSnapshotIdentifier": inputs["snapshotIdentifier"]}
        return _divided(rds, "restore_db_instance_from_db_snapshot", request, source)
    if inputs.get("restoreToPointInTime"):
        point = put(inputs["restoreToPointInTime"], _POINT)
        point["TargetDBInstanceIdentifier"] = request.pop("DBInstanceIdentifier")
        return _divided(rds, "restore_db_instance_to_point_in_time", request, point)
    return Creation("create_db_instance", request)


def modified(old: Properties, new: Properties, changed: frozenset[str]) -> dict[str, Any]:
    """The parameters of ModifyDBInstance for these changes; none if nothing of it is RDS's affair."""
    names = {**REQUESTED, **_ONLY_FOR_MODIFICATIONS}
    wanted = set(changed)
    if changed & _STORAGE:
        wanted |= _STORAGE
    if {"manageMasterUserPassword", "masterUserSecretKmsKeyId"} & changed:
        wanted |= {"manageMasterUserPassword", "masterUserSecretKmsKeyId"}
    if "performanceInsightsEnabled" in changed:
        wanted |= {"performanceInsightsKmsKeyId", "performanceInsightsRetentionPeriod"}
    if not changed & (names.keys() - {"allowMajorVersionUpgrade"}):
        return {}
    if "engineVersion" in changed:
        wanted.add("allowMajorVersionUpgrade")
    request = put({**_cleared(changed), **new}, {ours: names[ours] for ours in wanted & names.keys()})
    if "enabledCloudwatchLogsExports" in changed:
        request.pop("EnableCloudwatchLogsExports", None)
        request["CloudwatchLogsExportConfiguration"] = _exports(old, new)
    return request


def _divided(rds: Any, method: str, request: dict[str, Any], source: dict[str, Any]) -> Creation:
    """What the operation takes goes into it; of the rest what a modification takes goes there."""
    model = rds.meta.service_model
    operation = model.operation_model(rds.meta.method_to_api_mapping[method]).input_shape.members
    modification = model.operation_model("ModifyDBInstance").input_shape.members
    asked = {name: value for name, value in request.items() if name not in _FROM_SOURCE}
    now = {name: value for name, value in asked.items() if name in operation}
    afterwards = {
        name: value for name, value in asked.items() if name not in operation and name in modification
    }
    return Creation(method, now | source, afterwards)


def _cleared(changed: frozenset[str]) -> dict[str, Any]:
    """What AWS takes for `none` where the program says nothing any more."""
    cleared: Mapping[str, Any] = {
        "maxAllocatedStorage": 0,
        "monitoringRoleArn": "",
        "manageMasterUserPassword": False,
    }
    return {name: value for name, value in cleared.items() if name in changed}


def _exports(old: Properties, new: Properties) -> dict[str, list[str]]:
    before, after = (set(side.get("enabledCloudwatchLogsExports") or []) for side in (old, new))
    return {"EnableLogTypes": sorted(after - before), "DisableLogTypes": sorted(before - after)}
