"""Alarms on copies of the data, wherever they are made."""

from __future__ import annotations

import math

from infra.aws.alarm_spec import AlarmSpec, Facts, Metric, published

_REPLICATION_SECONDS = 15 * 60
"""What S3 promises for objects under replication time control."""


def backup_alarms(facts: Facts) -> list[AlarmSpec]:
    """All that there are for backups."""
    return [
        *(_vault(name) for name in facts.vaults),
        *([] if facts.store_backup_minutes is None else [_store(facts.prefix, facts.store_backup_minutes)]),
        *([_replication()] if facts.copies else []),
    ]


def _vault(name: str) -> AlarmSpec:
    return AlarmSpec(
        id=f"backup-failed-{name}",
        runbook="backup-failed",
        severity="critical",
        says=f"A backup into the vault {name} failed.",
        metrics={
            "m": Metric(
                namespace="AWS/Backup", name="NumberOfBackupJobsFailed", of=f"vault-{name}", statistic="Sum"
            )
        },
        comparison=">",
        threshold=0,
        period=3600,
        periods=1,
        datapoints=1,
        missing="notBreaching",
    )


def _store(prefix: str, minutes: int) -> AlarmSpec:
    # One a day; and the next one may take as long as it is allowed to, where the last took no time.
    hours = 24 + math.ceil(minutes / 60)
    return AlarmSpec(
        id="store-backup",
        runbook="store-backup",
        severity="warning",
        says=f"For {hours} hours no backup of the telemetry store has reached its bucket.",
        metrics=published(prefix, "StoreBackup", "Sum"),
        comparison="<",
        threshold=1,
        period=3600,
        periods=hours,
        datapoints=hours,
        missing="breaching",
    )


def _replication() -> AlarmSpec:
    return AlarmSpec(
        id="s3-replication",
        runbook="s3-replication",
        severity="warning",
        says="Backups take over a quarter of an hour to reach the second region.",
        metrics={
            "m": Metric(
                namespace="AWS/S3", name="ReplicationLatency", of="backup-copies", statistic="Maximum"
            )
        },
        comparison=">",
        threshold=_REPLICATION_SECONDS,
        period=300,
        periods=3,
        datapoints=3,
        missing="notBreaching",
    )
