"""Modifications that wait for the maintenance window, unless the caller wants them at once.

Which ones wait is from the RDS user guide, "Settings for DB instances".
"""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from moto.rds.models import DBInstance, rds_backends

# Request parameter and attribute in moto's snake case, and its name among the pending values.
WAITING = {
    "allocated_storage": ("allocated_storage", "AllocatedStorage"),
    "ca_certificate_identifier": ("ca_certificate_identifier", "CACertificateIdentifier"),
    "db_instance_class": ("db_instance_class", "DBInstanceClass"),
    "enable_iam_database_authentication": (
        "enable_iam_database_authentication",
        "IAMDatabaseAuthenticationEnabled",
    ),
    "engine_version": ("engine_version", "EngineVersion"),
    "iops": ("iops", "Iops"),
    "multi_az": ("multi_az", "MultiAZ"),
    "storage_throughput": ("storage_throughput", "StorageThroughput"),
    "storage_type": ("storage_type", "StorageType"),
}


def defer(instance: DBInstance, wish: MutableMapping[str, Any]) -> None:
    """Move what waits from the request to the instance's pending values; nothing if it is wanted at once."""
    pending: dict[str, Any] = instance.pending_modified_values  # pyright: ignore[reportAttributeAccessIssue]
    for asked, (attribute, shown) in WAITING.items():
        if wish.get(asked) is None:
            continue
        if wish.get("apply_immediately") or getattr(instance, attribute) == wish[asked]:
            pending.pop(shown, None)
        else:
            pending[shown] = wish[asked]
            del wish[asked]


def open_maintenance_window() -> None:
    """Apply everything that waits, in all regions."""
    for _, _, backend in rds_backends.iter_backends():
        for instance in getattr(backend, "databases", {}).values():
            for attribute, shown in WAITING.values():
                if shown in instance.pending_modified_values:
                    setattr(instance, attribute, instance.pending_modified_values.pop(shown))
