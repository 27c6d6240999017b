"""Each alarm of the table fires when it should and is silent when it should be, by the model of CloudWatch.

A change of a metric, a threshold or of what silence means fails here, in docs/alarms.md, or in both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.alarm_document import EVERYTHING, TARGET, render
from infra.aws.alarm_events import EVENTS
from infra.aws.alarm_spec import COMPARISONS, AlarmSpec
from infra.aws.alarm_table import CLUSTER_DEAD, CLUSTER_DEAD_RULE, alarm_table
from infra.settings.aws_alarm_thresholds import AlarmThresholds
from tests.support.cloudwatch import Datapoint, State, computed, states

RUNBOOKS = TARGET.with_name("runbooks")
TABLE = {spec.id: spec for spec in alarm_table(EVERYTHING)}
SECTIONS = (
    "## What it means",
    "## What users see",
    "## First three commands",
    "## How it is resolved",
    "## Where the threshold comes from",
)
GIB = 1024.0**3
_ = None
_SHARE = st.floats(0, 1)

# What the last periods were, oldest first: those that fire, and those that are close and do not.
SERIES: dict[str, tuple[Sequence[Datapoint], Sequence[Datapoint]]] = {
    "alb-5xx": ([0, 12, _, 30, 10], [9, 9, 9, 9, 9]),
    "alb-no-healthy-host": ([0, _, _], [0, 1, 0]),
    "alb-unhealthy-host": ([1] * 10, [1] * 9 + [0]),
    "alb-latency": ([20] * 10 + [_] * 5, [20] * 9 + [14] * 6),
    "alb-rejected": ([1], [_]),
    "certificate": ([20], [21]),
    "rds-storage-warning": ([14.9 * GIB] * 2, [14.9 * GIB, 15.1 * GIB]),
    "rds-storage-critical": ([4.9 * GIB] * 2, [5.1 * GIB] * 2),
    "rds-silent": ([_, _, _], [_, _, 1]),
    "rds-cpu": ([81, 95, 81], [99, 80, 99]),
    "rds-connections": ([801] * 5, [801, 801, 800, 801, 801]),
    "rds-transaction-ids": ([1_000_000_001], [1_000_000_000]),
    "rds-idle-transaction": ([601] * 5, [601, 601, _, 601, 601]),
    "rds-oldest-transaction": ([601, 900], [601, 2]),
    "rds-restorable": ([601, 900, 1200], [900, 60, 900]),
    "rds-cpu-credits": ([49, 10, 0], [49, 50, 49]),
    "rds-replica-lag": ([601, _, _, _, _], [601, 601, 300, 601, 601]),
    "rds-replica-storage": ([14 * GIB] * 2, [16 * GIB] * 2),
    "rds-replica-cpu": ([81] * 3, [80] * 3),
    "rds-replica-connections": ([801] * 5, [800] * 5),
    "heartbeat": ([_, _, _], [_, 1, _]),
    "model-canary": ([0, _, 0], [0, 1, _]),
    "eks-silent": ([_, 0, _], [0, 1, 0]),
    "eks-unschedulable": ([1] * 15, [1] * 14 + [0]),
    "eks-storage": ([6.1 * GIB] * 3, [6.1 * GIB, 5.9 * GIB, 6.1 * GIB]),
    "node-failed": ([1] * 10, [1] * 9 + [0]),
    "node-disk": ([81] * 3, [80] * 3),
    "node-memory": ([91] * 3, [91, 90, 91]),
    "nat-ports-a": ([1, _, 5, _, 2], [1, _, 5, _, _]),
    "nat-drops-a": ([101] * 3, [101, _, 101]),
    "backup-failed-backups": ([1], [_]),
    "store-backup": ([_] * 26, [_] * 25 + [1]),
    "s3-replication": ([901] * 3, [901, 900, 901]),
}
MATH: dict[str, tuple[dict[str, Datapoint], dict[str, Datapoint]]] = {
    "alb-target-5xx": ({"errors": 2, "requests": 39}, {"errors": 19, "requests": 19}),
    "eks-api-5xx": ({"errors": 60, "requests": 1000}, {"errors": None, "requests": 1000}),
}


def settled(spec: AlarmSpec, series: Sequence[Datapoint], before: State = "OK") -> State:
    assert len(series) == spec.periods, "a full window"
    return states(spec, series, first=before)[-1]


def test_every_alarm_has_a_series_that_fires_and_one_that_does_not() -> None:
    assert SERIES.keys() | MATH.keys() == TABLE.keys()


@pytest.mark.parametrize("name", SERIES)
def test_an_alarm_fires_when_it_should_and_only_then(name: str) -> None:
    loud, quiet = SERIES[name]
    assert settled(TABLE[name], loud) == "ALARM"
    assert settled(TABLE[name], quiet) == "OK"


@pytest.mark.parametrize("name", MATH)
def test_a_share_fires_when_it_should_and_only_then(name: str) -> None:
    spec = TABLE[name]
    assert spec.expression is not None
    loud, quiet = (computed(spec.expression, values) for values in MATH[name])
    bad, good = [loud] * spec.datapoints, [quiet] * (spec.periods - spec.datapoints + 1)
    assert settled(spec, [*bad, *[quiet] * (spec.periods - spec.datapoints)]) == "ALARM"
    assert settled(spec, [*bad[1:], *good]) == "OK"


def test_silence_of_what_must_speak_is_an_alarm() -> None:
    loud = {name for name, spec in TABLE.items() if settled(spec, [None] * spec.periods) == "ALARM"}
    assert loud == {
        "heartbeat",
        "model-canary",
        "eks-silent",
        "rds-silent",
        "alb-no-healthy-host",
        "rds-replica-lag",
        "store-backup",
    }


def test_an_expired_certificate_goes_on_alarming_although_nothing_is_reported() -> None:
    assert settled(TABLE["certificate"], [None], "ALARM") == "ALARM"
    assert settled(TABLE["certificate"], [None], "OK") == "OK"


@pytest.mark.parametrize("spec", TABLE.values(), ids=lambda spec: spec.id)
def test_an_alarm_is_one_that_cloudwatch_takes(spec: AlarmSpec) -> None:
    assert spec.comparison in COMPARISONS
    assert 1 <= spec.datapoints <= spec.periods
    assert spec.period in {10, 30} or spec.period % 60 == 0
    longest = 7 * 86_400 if spec.period >= 3600 else 86_400
    assert spec.period * spec.periods <= longest
    assert (len(spec.metrics) == 1) == (spec.expression is None and spec.insight is None)
    assert spec.says.endswith(".")
    assert len(spec.says) < 120, "it is read on a telephone"


def test_figures_follow_from_the_settings() -> None:
    limits = AlarmThresholds(database_storage_percent=30, certificate_days=30, target_error_percent=1)
    changed = {spec.id: spec for spec in alarm_table(replace(EVERYTHING, thresholds=limits, storage_gib=50))}
    assert changed["rds-storage-warning"].threshold == 15 * GIB
    assert changed["rds-storage-critical"].threshold == 5 * GIB
    assert changed["certificate"].threshold == 30
    assert changed["alb-target-5xx"].threshold == 1


@given(deadline=st.integers(5, 1440), start=st.integers(0, 59), share=st.tuples(_SHARE, _SHARE))
def test_a_backup_that_takes_as_long_as_it_may_is_not_missed(
    deadline: int, start: int, share: tuple[float, float]
) -> None:
    """Of the store's: each starts at the same minute a day later, and the hours between have no data."""
    facts = replace(EVERYTHING, store_backup_minutes=deadline)
    (spec,) = (one for one in alarm_table(facts) if one.id == "store-backup")
    first, following = (int(start + one * deadline) // 60 for one in share)
    between = 24 + following - first - 1
    series = [*[_] * spec.periods, 1, *[_] * between, 1]
    assert "ALARM" not in states(spec, series)[1:]


def test_a_day_without_a_backup_is_noticed_before_the_next() -> None:
    spec = TABLE["store-backup"]
    series = [1, *[_] * 47, 1]
    assert states(spec, series).count("ALARM") == 48 - spec.periods


def test_a_stack_has_alarms_on_what_it_has() -> None:
    small = replace(
        EVERYTHING,
        burstable=False,
        replica=False,
        nat_zones=(),
        node_metrics=False,
        copies=False,
        models=None,
        store_backup_minutes=None,
        vaults=(),
    )
    gone = TABLE.keys() - {spec.id for spec in alarm_table(small)}
    assert gone == {
        *(name for name in TABLE if name.startswith(("rds-replica", "nat-", "node-", "backup-"))),
        "rds-cpu-credits",
        "model-canary",
        "s3-replication",
        "store-backup",
    }
    two = replace(EVERYTHING, nat_zones=("a", "b"))
    assert {"nat-ports-a", "nat-ports-b"} <= {spec.id for spec in alarm_table(two)}


def test_the_composite_is_about_alarms_that_every_stack_has() -> None:
    certain, others = CLUSTER_DEAD_RULE
    assert {certain, *others} <= TABLE.keys()


# Documents


def pages() -> set[str]:
    return {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"}


def test_every_alarm_has_a_page_and_every_page_an_alarm() -> None:
    named = {spec.runbook for spec in TABLE.values()} | {CLUSTER_DEAD, "rds-events", *EVENTS}
    assert pages() == named


@pytest.mark.parametrize("page", sorted(pages()))
def test_a_page_can_be_used_at_three_in_the_morning(page: str) -> None:
    text = (RUNBOOKS / f"{page}.md").read_text()
    found = [line for line in text.splitlines() if line.startswith("## ")]
    assert tuple(found) == SECTIONS
    commands = text.split("```sh\n")[1].split("```")[0].strip().splitlines()
    assert len(commands) == 3, "three, and none over several lines"
    changing = re.compile(
        r"\b(delete|terminate|modify|create|update|put|reboot|scale|drain|apply|undo|up)\b(?!-)"
    )
    assert not [one for one in commands if changing.search(one.split("--query")[0])], "they only look"
    for link in re.findall(r"\]\(([\w-]+)\.md\)", text):
        assert (RUNBOOKS / f"{link}.md").is_file(), link


def test_the_document_says_what_the_table_says() -> None:
    assert render(TARGET.read_text()) == TARGET.read_text(), "make docs"


def test_every_threshold_of_the_settings_is_explained_on_a_page() -> None:
    text = "\n".join(Path(page).read_text() for page in RUNBOOKS.glob("*.md"))
    for name, field in AlarmThresholds.model_fields.items():
        assert f"`{field.alias or name}`" in text, name
