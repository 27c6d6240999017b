"""Alarms on Postgres: RDS's own metrics, a counter of Database Insights, and what the heartbeat measures."""

from __future__ import annotations

from dataclasses import replace

from infra.aws.alarm_spec import AlarmSpec, Facts, Metric, Severity, published

_GIB = 1024**3


def database_alarms(facts: Facts) -> list[AlarmSpec]:
    """All that there are for this database."""
    return [
        *_storage(facts),
        *_load(facts),
        *_transactions(facts),
        *_recovery(facts),
        *(_credits(facts) if facts.burstable else []),
        *([_lag(facts), *(_of_replica(one) for one in _shared(facts))] if facts.replica else []),
    ]


def _shared(facts: Facts) -> list[AlarmSpec]:
    """What a replica can suffer from as well as the instance that it follows; its silence is a lag."""
    return [
        one
        for one in (*_storage(facts), *_load(facts))
        if one.id not in {"rds-silent", "rds-storage-critical"}
    ]


def _of_replica(spec: AlarmSpec) -> AlarmSpec:
    metrics = {name: replace(metric, of="replica") for name, metric in spec.metrics.items()}
    return replace(
        spec,
        id=spec.id.replace("rds-", "rds-replica-", 1).removesuffix("-warning"),
        # Nobody but reports waits for it.
        severity="warning",
        says=f"Of the read replica: {spec.says[0].lower()}{spec.says[1:]}",
        metrics=metrics,
    )


def _rds(name: str, statistic: str, of: str = "database") -> dict[str, Metric]:
    return {"m": Metric(namespace="AWS/RDS", name=name, of=of, statistic=statistic)}


def _storage(facts: Facts) -> list[AlarmSpec]:
    share = facts.thresholds.database_storage_percent
    limits: dict[Severity, float] = {"warning": share, "critical": share / 3}
    return [
        AlarmSpec(
            id=f"rds-storage-{severity}",
            runbook="rds-storage",
            severity=severity,
            says=f"The database has less than {percent:g} % of its storage left; when it is full, it stops.",
            metrics=_rds("FreeStorageSpace", "Minimum"),
            comparison="<",
            threshold=round(facts.storage_gib * _GIB * percent / 100),
            period=300,
            periods=2,
            datapoints=2,
            missing="missing",
        )
        for severity, percent in limits.items()
    ]


def _load(facts: Facts) -> list[AlarmSpec]:
    limits = facts.thresholds
    return [
        AlarmSpec(
            id="rds-silent",
            runbook="rds-silent",
            severity="critical",
            says="The database has reported nothing for a quarter of an hour: it is stopped or gone.",
            metrics=_rds("DatabaseConnections", "SampleCount"),
            comparison="<",
            threshold=1,
            period=300,
            periods=3,
            datapoints=3,
            missing="breaching",
        ),
        AlarmSpec(
            id="rds-cpu",
            runbook="rds-cpu",
            severity="warning",
            says=f"The database has used over {limits.database_cpu_percent} % CPU for a quarter of an hour.",
            metrics=_rds("CPUUtilization", "Average"),
            comparison=">",
            threshold=limits.database_cpu_percent,
            period=300,
            periods=3,
            datapoints=3,
            missing="missing",
        ),
        AlarmSpec(
            id="rds-connections",
            runbook="rds-connections",
            severity="critical",
            says=f"{limits.database_connections_percent} % of the database's connections are taken.",
            metrics=_rds("DatabaseConnections", "Maximum"),
            comparison=">",
            threshold=facts.max_connections * limits.database_connections_percent // 100,
            period=60,
            periods=5,
            datapoints=5,
            missing="missing",
        ),
    ]


def _transactions(facts: Facts) -> list[AlarmSpec]:
    limits = facts.thresholds
    seconds = limits.database_transaction_seconds
    return [
        AlarmSpec(
            id="rds-transaction-ids",
            runbook="rds-transaction-ids",
            severity="critical",
            says="Old row versions are not cleaned up: long before 2.1 billion Postgres must be vacuumed.",
            metrics=_rds("MaximumUsedTransactionIDs", "Maximum"),
            comparison=">",
            threshold=limits.database_transaction_ids,
            period=300,
            periods=1,
            datapoints=1,
            missing="missing",
        ),
        AlarmSpec(
            id="rds-idle-transaction",
            runbook="rds-transactions",
            severity="warning",
            says=f"A transaction has been open and idle for over {seconds} s: it holds locks and clean-up.",
            insight="db.state.idle_in_transaction_max_time.avg",
            comparison=">",
            threshold=seconds,
            period=60,
            periods=5,
            datapoints=5,
            missing="notBreaching",
        ),
        AlarmSpec(
            id="rds-oldest-transaction",
            runbook="rds-transactions",
            severity="warning",
            says=f"A transaction has been running for over {seconds} s: it holds locks and clean-up.",
            metrics=published(facts.prefix, "OldestTransactionSeconds", "Maximum"),
            comparison=">",
            threshold=seconds,
            period=300,
            periods=2,
            datapoints=2,
            missing="missing",
        ),
    ]


def _recovery(facts: Facts) -> list[AlarmSpec]:
    seconds = facts.thresholds.restorable_seconds
    return [
        AlarmSpec(
            id="rds-restorable",
            runbook="rds-restorable",
            severity="critical",
            says=f"RDS could restore nothing newer than {seconds} s: what is written now could be lost.",
            metrics=published(facts.prefix, "RestorableAgeSeconds", "Maximum"),
            comparison=">",
            threshold=seconds,
            period=300,
            periods=3,
            datapoints=3,
            missing="missing",
        )
    ]


def _credits(facts: Facts) -> list[AlarmSpec]:
    return [
        AlarmSpec(
            id="rds-cpu-credits",
            runbook="rds-cpu",
            severity="warning",
            says="The burstable database has used up what it saved: more CPU is billed on top.",
            metrics=_rds("CPUCreditBalance", "Minimum"),
            comparison="<",
            threshold=facts.thresholds.database_cpu_credits,
            period=300,
            periods=3,
            datapoints=3,
            missing="missing",
        )
    ]


def _lag(facts: Facts) -> AlarmSpec:
    seconds = facts.thresholds.replica_lag_seconds
    return AlarmSpec(
        id="rds-replica-lag",
        runbook="rds-replica-lag",
        severity="warning",
        says=f"The read replica is over {seconds} s behind: reports show the past.",
        metrics=_rds("ReplicaLag", "Maximum", "replica"),
        comparison=">",
        threshold=seconds,
        period=60,
        periods=5,
        datapoints=5,
        missing="breaching",
    )
