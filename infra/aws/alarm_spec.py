"""What an alarm is, before it is one: plain values, from which documents and tests are made as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra.settings.aws_alarm_thresholds import AlarmThresholds

Severity = Literal["critical", "warning"]
SEVERITIES: tuple[Severity, ...] = ("critical", "warning")

Missing = Literal["breaching", "notBreaching", "ignore", "missing"]
"""What CloudWatch makes of a period without data. `missing` is for gauges: nothing is known, and that the
source fell silent is another alarm's. `notBreaching` is for counters that exist once something failed."""

Comparison = Literal[">", ">=", "<", "<="]
COMPARISONS: dict[Comparison, str] = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
    "<=": "LessThanOrEqualToThreshold",
}


def custom_namespace(prefix: str) -> str:
    """Of the metrics that the pods of one stack publish: they may write to no other."""
    return f"Roost/{prefix}"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric of CloudWatch, about one subject of the stack."""

    namespace: str
    name: str
    of: str
    """Key into the subjects, whose dimensions are known only when they exist."""
    statistic: str
    """`Average`, `Sum`, `Minimum`, `Maximum`, `SampleCount`, or a percentile as `p95`."""


def published(prefix: str, name: str, statistic: str) -> dict[str, Metric]:
    """The one metric of an alarm on what the stack's own pods publish."""
    return {"m": Metric(namespace=custom_namespace(prefix), name=name, of="stack", statistic=statistic)}


@dataclass(frozen=True, kw_only=True)
class AlarmSpec:
    """Fires when `datapoints` of the last `periods` are beyond `threshold`."""

    id: str
    """Ends the alarm's name, after the stack's prefix."""
    runbook: str
    """Its page: docs/runbooks/<runbook>.md."""
    severity: Severity
    says: str
    """What is wrong, in a sentence, for somebody who was asleep."""
    metrics: Mapping[str, Metric] = field(default_factory=dict[str, Metric])
    """By the name that `expression` calls it; the only one where there is no expression."""
    expression: str | None = None
    insight: str | None = None
    """A counter of Database Insights, which CloudWatch fetches by a function, instead of `metrics`."""
    comparison: Comparison
    threshold: float
    period: int
    """Seconds."""
    periods: int
    datapoints: int
    missing: Missing

    @property
    def formula(self) -> str:
        """What is compared, for people."""
        if self.insight:
            return f"Database Insights {self.insight}"
        if self.expression:
            return f"{self.expression} of {', '.join(_words(one) for one in self.metrics.values())}"
        (metric,) = self.metrics.values()
        return _words(metric)


def _words(metric: Metric) -> str:
    return f"{metric.namespace} {metric.name} ({metric.statistic})"


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What decides which alarms there are, and their figures."""

    prefix: str
    """The stack's."""
    thresholds: AlarmThresholds
    storage_gib: int
    max_connections: int
    burstable: bool
    replica: bool
    nat_zones: tuple[str, ...]
    node_metrics: bool
    """Container Insights is on."""
    copies: bool
    """Backups are copied to another region."""
    models: Literal["always", "by-schedule"] | None
    """Whether models of the stack's own run; None where they are somebody else's."""
    store_backup_minutes: int | None
    """When a backup of the stack's own telemetry store is given up; None where it has no such store."""
    vaults: tuple[str, ...]
    """AWS Backup's vaults, by name in the program."""
