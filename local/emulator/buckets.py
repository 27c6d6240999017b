"""S3: replication rules read back as written, and policies that mean what they say.

moto answers with its own filter and delete markers, drops the source selection, takes a policy for log
delivery only if it is worded in one certain way, and takes every condition to be unmet, which denies what a
policy denies over plain HTTP alone. Requests here count as made over TLS, as those to AWS are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.s3.exceptions import ReplicationConfigurationNotFoundError
from moto.s3.models import FakeBucket
from moto.s3.responses import S3Response
from moto.s3.utils import LOGGING_SERVICE_PRINCIPAL

_RULE = (
    "DeleteMarkerReplication",
    "Destination",
    "ExistingObjectReplication",
    "Filter",
    "ID",
    "Prefix",
    "Priority",
    "SourceSelectionCriteria",
    "Status",
)
_LOG_WRITER = "s3:PutObject"


def install() -> None:
    """Replace moto's answer and moto's rule."""
    FakeBucket.get_permission = _permission
    S3Response.get_bucket_replication = _get_bucket_replication  # pyright: ignore[reportAttributeAccessIssue]
    FakeBucket._log_permissions_enabled_policy = staticmethod(_may_deliver_logs)  # pyright: ignore[reportPrivateUsage] # noqa: SLF001


def _permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the statements say that hold for every request."""
    if self.policy is None:
        return PermissionResult.NEUTRAL
    written = json.loads(self.policy.decode())
    unconditional = [one for one in _list(written["Statement"]) if not one.get("Condition")]
    if not unconditional:
        return PermissionResult.NEUTRAL
    return IAMPolicy(json.dumps({**written, "Statement": unconditional})).is_action_permitted(
        action, resource
    )


def _get_bucket_replication(self: S3Response) -> Any:
    self.data["Action"] = "GetBucketReplication"
    written = self.backend.get_bucket_replication(self.bucket_name)
    if not written:
        raise ReplicationConfigurationNotFoundError(bucket_name=self.bucket_name)
    rules = [_rule(rule) for rule in written["Rule"]]
    return self.serialized(
        ActionResult({"ReplicationConfiguration": {"Role": written["Role"], "Rules": rules}})
    )


def _rule(written: Mapping[str, Any]) -> dict[str, Any]:
    rule = {name: written[name] for name in _RULE if name in written}
    if "Filter" in rule:
        rule["Filter"] = _filter(rule["Filter"] or {})
    return rule


def _filter(written: Mapping[str, Any]) -> dict[str, Any]:
    """XML says an empty prefix as none, and one tag without a list."""
    found = {name: value for name, value in written.items() if name not in ("And", "Prefix")}
    if "Prefix" in written:
        found["Prefix"] = written["Prefix"] or ""
    if "And" in written:
        both = _filter(written["And"])
        found["And"] = {**both, "Tags": _list(both.pop("Tag", None))}
    return found


def _may_deliver_logs(target_bucket: FakeBucket, target_prefix: str | None) -> bool:
    if not target_bucket.policy:
        return False
    log = f"arn:{target_bucket.partition}:s3:::{target_bucket.name}/{target_prefix or ''}log"
    return any(
        statement.get("Effect") == "Allow"
        and LOGGING_SERVICE_PRINCIPAL in _list(_mapping(statement.get("Principal")).get("Service"))
        and any(fnmatchcase(_LOG_WRITER, action) for action in _list(statement.get("Action")))
        and any(fnmatchcase(log, resource) for resource in _list(statement.get("Resource")))
        for statement in _list(json.loads(target_bucket.policy.decode())["Statement"])
    )


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
