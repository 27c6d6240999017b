"""The store's tables: the SQL of otel/clickhouse with what the stack's settings decide."""

from __future__ import annotations

from pathlib import Path
from string import Template

from infra.settings.clickhouse import ClickHouseSettings
from infra.workloads.clickhouse_users import OWNER

SCHEMA_DIR = Path(__file__).resolve().parents[2] / "otel" / "clickhouse"


def schema_files(settings: ClickHouseSettings) -> dict[str, str]:
    """Contents by file name, in the order in which they are run. KeyError for a `${…}` that nobody fills."""
    external = settings.external
    cluster = external.cluster if external else None
    retention = settings.retention
    values = {
        # Path and name of each replica are those of its server's macros.
        "ENGINE": "ReplicatedMergeTree" if cluster else "MergeTree",
        "ON_CLUSTER": f"ON CLUSTER {cluster}" if cluster else "",
        "OWNER": external.schema_owner.username if external else OWNER,
        "LOGS_DAYS": str(retention.logs.days),
        "TRACES_DAYS": str(retention.traces.days),
        "METRICS_DAYS": str(retention.metrics.days),
    }
    return {
        file.name: Template(file.read_text()).substitute(values) for file in sorted(SCHEMA_DIR.glob("*.sql"))
    }
