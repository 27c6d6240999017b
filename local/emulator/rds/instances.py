"""What an instance is made of beyond what moto keeps, and the checks that AWS does at once."""

from __future__ import annotations

import contextlib
import json
import secrets
import string
from collections.abc import Mapping
from typing import Any

from moto.iam.models import iam_backends
from moto.rds.exceptions import DBSnapshotAlreadyExistsError
from moto.rds.models import DBInstance, MasterUserSecret, RDSBackend

from local.emulator.errors import Refusal

# The newest minor that RDS creates for a major, as of 2026-11 (RDS for PostgreSQL release calendar).
NEWEST_MINOR = {"15": "15.15", "16": "16.11", "17": "17.7"}
AUTHORITY = "rds-ca-rsa2048-g1"
# What gp3 below 400 GiB brings along (RDS user guide, "gp3 storage").
GP3_IOPS, GP3_THROUGHPUT = 3000, 125
_RESOURCE_ID = string.ascii_uppercase + string.digits
# Request parameter to attribute, both in moto's snake case, of what moto forgets.
FORGOTTEN = {
    "database_insights_mode": "database_insights_mode",
    "enable_performance_insights": "performance_insights_enabled",
    "performance_insights_kms_key_id": "performance_insights_kms_key_id",
    "performance_insights_retention_period": "performance_insights_retention_period",
    "engine_lifecycle_support": "engine_lifecycle_support",
    "network_type": "network_type",
    "dedicated_log_volume": "dedicated_log_volume",
    "promotion_tier": "promotion_tier",
    "db_port_number": "port",
}


def refused(code: str, message: str) -> Refusal:
    """An error of RDS."""
    return Refusal(code, message)


def check(backend: RDSBackend, wish: Mapping[str, Any]) -> None:
    """Keys, roles and groups that a request names have to be there and fit.

    Raises:
        Refusal: as RDS says it.
    """
    for key in ("kms_key_id", "master_user_secret_kms_key_id", "performance_insights_kms_key_id"):
        if wish.get(key):
            backend._validate_kms_key(wish[key])  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    role = wish.get("monitoring_role_arn")
    if role and role not in {one.arn for one in iam_backends[backend.account_id]["aws"].roles.values()}:
        raise refused(
            "InvalidParameterValue",
            f"IAM role ARN value is invalid or does not include the required permissions for: "
            f"ENHANCED_MONITORING: {role}",
        )
    group = backend.db_parameter_groups.get(wish.get("db_parameter_group_name") or "")
    family = _family(wish)
    if group and family and group.family != family:
        raise refused(
            "InvalidParameterCombination",
            f"The parameter group {group.name} with DBParameterGroupFamily {group.family} cannot be used for "
            f"this instance. Please use a parameter group with DBParameterGroupFamily {family}",
        )


def newest(version: str | None) -> str | None:
    """`17` asks for the newest minor of 17."""
    return NEWEST_MINOR.get(version or "", version)


def complete(made: DBInstance, wish: Mapping[str, Any]) -> None:
    """Give a new instance what AWS gives it and moto does not; it is being created until somebody looks."""
    made.dbi_resource_id = "db-" + "".join(secrets.choice(_RESOURCE_ID) for _ in range(26))
    made.engine_version = newest(made.engine_version) or made.engine_version
    keep(made, {"network_type": "IPV4", "engine_lifecycle_support": "open-source-rds-extended-support"})
    keep(made, {"enable_performance_insights": False, "database_insights_mode": "standard"})
    keep(made, wish)
    made.ca_certificate_identifier = wish.get("ca_certificate_identifier") or AUTHORITY
    made.certificate_details = {"CAIdentifier": made.ca_certificate_identifier}  # pyright: ignore[reportAttributeAccessIssue]
    if made.storage_type == "gp3":
        made.iops = made.iops or str(GP3_IOPS)
        made.storage_throughput = made.storage_throughput or GP3_THROUGHPUT
    if made.monitoring_interval:
        made.enhanced_monitoring_resource_arn = (  # pyright: ignore[reportAttributeAccessIssue]
            f"arn:aws:logs:{made.region}:{made.account_id}:log-group:RDSOSMetrics:log-stream:{made.dbi_resource_id}"
        )
    made.pending_modified_values = {}  # pyright: ignore[reportAttributeAccessIssue]
    made.status = "creating"


def keep(instance: DBInstance, wish: Mapping[str, Any]) -> None:
    """Set what moto forgets, where the request has it."""
    for asked, attribute in FORGOTTEN.items():
        if wish.get(asked) is not None:
            setattr(instance, attribute, wish[asked])
    for attribute in ("kms_key_id", "performance_insights_kms_key_id"):
        if getattr(instance, attribute, None):
            backend = instance.backend
            key = backend._validate_kms_key(getattr(instance, attribute))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
            setattr(instance, attribute, key)


def install() -> None:
    """Let the secret that RDS manages hold the instance's user and a password of its own, and let an instance
    come back within the minute: moto names its first snapshot by the minute, and refuses the second one."""

    def content(self: MasterUserSecret) -> str:
        user = self.resource.master_username
        return json.dumps({"username": user, "password": secrets.token_urlsafe(24)})

    save = DBInstance.save_automated_backup

    def first_snapshot(self: DBInstance) -> None:
        with contextlib.suppress(DBSnapshotAlreadyExistsError):
            save(self)

    MasterUserSecret._generate_secret_string = content  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    DBInstance.save_automated_backup = first_snapshot


def _family(wish: Mapping[str, Any]) -> str | None:
    if wish.get("engine") != "postgres" or not wish.get("engine_version"):
        return None
    return f"postgres{str(wish['engine_version']).partition('.')[0]}"
