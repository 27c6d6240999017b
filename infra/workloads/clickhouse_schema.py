"""The store's tables: the SQL of otel/clickhouse with what the stack's settings decide."""

from __future__ import annotations

from pathlib import Path
from string import Template

from infra.settings.clickhouse import ClickHouseSettings
from infra.workloads.clickhouse_users import OWNER

SCHEMA_DIR = Path(__file__).resolve().parents[2] / "otel" / "clickhouse"
CLUSTER = "roost"


def schema_files(settings: ClickHouseSettings) -> dict[str, str]:
    """Contents by file name, in the order in which they are run. KeyError for a `${…}` that nobody fills."""
    replicated = settings.replicas > 1
    retention = settings.retention
    values = {
        # Path and name of each replica are those of the server's macros.
        "ENGINE": "ReplicatedMergeTree" if replicated else "MergeTree",
        "ON_CLUSTER": f"ON CLUSTER {CLUSTER}" if replicated else "",
        "OWNER": settings.external.schema_owner.username if settings.external else OWNER,
        "LOGS_DAYS": str(retention.logs.days),
        "TRACES_DAYS": str(retention.traces.days),
        "METRICS_DAYS": str(retention.metrics.days),
    }
    return {
        file.name: Template(file.read_text()).substitute(values) for file in sorted(SCHEMA_DIR.glob("*.sql"))
    }
