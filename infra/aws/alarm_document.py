"""The table in docs/alarms.md, from the alarms as the program makes them with every part there is."""

from __future__ import annotations

import sys
from pathlib import Path

from infra.aws.alarm_events import EVENTS, RDS_EVENTS
from infra.aws.alarm_spec import AlarmSpec, Facts
from infra.aws.alarm_table import CLUSTER_DEAD, CLUSTER_DEAD_RULE, alarm_table
from infra.settings.aws_alarm_thresholds import AlarmThresholds

TARGET = Path(__file__).resolve().parents[2] / "docs" / "alarms.md"
BEGIN = "<!-- alarms: written by `make docs` from infra/aws/alarm_table.py -->"
END = "<!-- end of alarms -->"

EVERYTHING = Facts(
    prefix="roost-prod",
    thresholds=AlarmThresholds(),
    storage_gib=100,
    max_connections=1000,
    burstable=True,
    replica=True,
    nat_zones=("a",),
    node_metrics=True,
    copies=True,
    models="always",
    store_backup_minutes=120,
    vaults=("backups",),
)
"""A stack with all that can be alarmed on, and one zone."""


def table() -> str:
    """Markdown: a row for each alarm, and for what AWS says by itself."""
    certain, others = CLUSTER_DEAD_RULE
    together = f"`{certain}` and any of {', '.join(f'`{one}`' for one in others)}"
    rows = [
        "| alarm | compares | fires | without data | tells |",
        "|---|---|---|---|---|",
        *(_row(spec) for spec in alarm_table(EVERYTHING)),
        f"| {_link(CLUSTER_DEAD, CLUSTER_DEAD)} | other alarms | {together} | | critical |",
        *(
            f"| {_link(name, 'rds-events')} | RDS events of {source} | {categories} | | {severity} |"
            for name, (source, categories, severity) in RDS_EVENTS.items()
        ),
        *(
            f"| {_link(name, name)} | {pattern['detail-type'][0]} | each that matches | | {severity} |"
            for name, (pattern, severity) in EVENTS.items()
        ),
    ]
    return "\n".join(rows)


def render(document: str) -> str:
    """`document` with the table as it is now. ValueError if the marks are not there."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET.name} needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def _row(spec: AlarmSpec) -> str:
    minutes = spec.period / 60
    window = f"{spec.datapoints} of {spec.periods} times {minutes:g} min"
    return (
        f"| {_link(spec.id, spec.runbook)} | {spec.formula} | {spec.comparison} {spec.threshold:,.15g}, "
        f"{window} | {spec.missing} | {spec.severity} |"
    )


def _link(name: str, page: str) -> str:
    return f"[`{name}`](runbooks/{page}.md)"


def main() -> int:
    """Write the table into the document."""
    TARGET.write_text(render(TARGET.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
