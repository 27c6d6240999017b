"""Backups that AWS would not take, locks that nobody meant, and rebuilds that could not start."""

from __future__ import annotations

from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from infra.settings.windows import begins_in, minutes_of
from tests.unit.stacks import REBUILT, REPO, nested, overrides_of, problems_of, settings_of

HERE = "arn:aws:kms:eu-central-1:111122223333:key/mrk-1"
OTHERS = "arn:aws:kms:eu-west-1:999999999999:key/mrk-1"
OLD_IMAGE = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-prod/server@sha256:{'0' * 64}"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("lock.permanent", False, "14 days after the first `up` nobody can take the lock off"),
        ("lock", {"mode": "GOVERNANCE"}, "permanent is true and mode is GOVERNANCE"),
        ("lock.coolingOffDays", 2, "at least 3"),
        ("lock", {"minDays": 40, "maxDays": 39}, "minDays (40) is more than maxDays (39)"),
        ("keepDays", 34, "keepDays is 34, and the vault's lock takes only 35 to 400 days"),
        ("monthlyKeepDays", 401, "monthlyKeepDays is 401"),
        ("start", "5am", "has the wrong form"),
        ("start", "02:30", "RDS takes none in `database.backupWindow` (02:00-03:00)"),
        ("start", "01:00", "`database.backupWindow`"),
        ("start", "04:00", "`database.maintenanceWindow` (sun:03:30-sun:04:30)"),
        ("restoreTest.keepHours", 169, "at most 168"),
        ("restoreTest.monthlyLimit", 1, "comes to about 3 USD a month (db.t4g.large for 5 hours a week)"),
        ("restoreTest.instanceClass", "db.r7g.16xlarge", "monthlyLimit is 20: take a smaller instanceClass"),
        ("restoreTest.instanceClass", "db.x99.large", "has no price here"),
    ],
)
def test_backups_that_could_not_be_taken_are_refused(path: str, value: Any, says: str) -> None:
    problems = problems_of("prod", nested(f"aws.recovery.{path}", value))
    assert any(says in problem for problem in problems), problems


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("aws.restore.lostRegion", "eu-west-1", "lostRegion` is the stack's own region (eu-west-1)"),
        ("aws.region", "eu-central-1", "lostRegion` is the stack's own region (eu-central-1)"),
        ("aws.drRegion", "eu-west-1", "drRegion is the region itself"),
        ("aws.restore.keyArn", None, "restore.keyArn` must be text, not null"),
        ("aws.restore.keyArn", HERE, "restore.keyArn` is in eu-central-1 of account 111122223333"),
        ("aws.restore.keyArn", OTHERS, "restore.keyArn` is in eu-west-1 of account 999999999999"),
        ("aws.restore.serverSecretArn", HERE.replace("kms", "secretsmanager"), "has the wrong form"),
        ("aws.database.restore", None, "`database.restore` has to name a copy in this region"),
        (
            "aws.database.restore",
            {"sourceBackupsArn": None, "sourceInstance": "db-ABC"},
            "`database.restore` has to name a copy in this region",
        ),
        (
            "aws.database.restore.sourceBackupsArn",
            "arn:aws:rds:eu-central-1:111122223333:auto-backup:ab-1",
            "database.restore.sourceBackupsArn` is in eu-central-1",
        ),
        ("server.image", OLD_IMAGE, "`roost:server.image` names the lost region"),
        ("aws.restore", None, "takeOverDomain` is true and there is no `roost:aws.restore`"),
    ],
)
def test_a_rebuild_from_what_is_not_there_is_refused(path: str, value: Any, says: str) -> None:
    problems = problems_of(REBUILT, nested(path, value))
    assert any(says in problem for problem in problems), problems


def test_copies_go_back_to_the_lost_region_only_by_name() -> None:
    rebuilt = settings_of(REBUILT)
    assert rebuilt.aws is not None
    assert rebuilt.aws.dr_region is None
    back = settings_of(REBUILT, nested("aws.drRegion", "eu-central-1"))
    assert back.aws is not None
    assert back.aws.dr_region == "eu-central-1"


def test_a_snapshot_that_was_copied_by_its_name_is_a_source() -> None:
    source = {"sourceBackupsArn": None, "snapshot": "copied-by-hand"}
    rebuilt = settings_of(REBUILT, nested("aws.database.restore", source))
    assert rebuilt.aws is not None
    assert rebuilt.aws.database.restore is not None
    assert rebuilt.aws.database.restore.snapshot == "copied-by-hand"


def test_the_rebuilt_stack_is_prod_but_for_its_region() -> None:
    """Whoever changes prod changes what takes its place."""
    prod, rebuilt = overrides_of("prod"), overrides_of(REBUILT)
    apart = (
        "roost.aws.region",
        "roost.aws.drRegion",
        "roost.aws.restore",
        "roost.aws.database.restore",
        "roost.aws.images.replicate",
        "roost.aws.recovery.lock",
        "roost.aws.budget.anomalyMonitorArn",
        "roost.aws.edge.takeOverDomain",
        "roost.aws.alarms.critical.slackChannel",
        "roost.aws.alarms.warning.slackChannel",
    )
    found = {path for path in _differences("roost", prod, rebuilt) if not path.startswith(apart)}
    assert found == set()


def test_only_the_rebuilt_stack_names_another_profile() -> None:
    config = yaml.safe_load((REPO / f"Pulumi.{REBUILT}.yaml").read_text())["config"]
    assert config["roost:profile"] == "prod"


def _differences(path: str, one: Any, other: Any) -> set[str]:
    if isinstance(one, dict) or isinstance(other, dict):
        left, right = cast("dict[str, Any]", one or {}), cast("dict[str, Any]", other or {})
        return {
            found
            for key in left.keys() | right.keys()
            for found in _differences(f"{path}.{key}", left.get(key), right.get(key))
        }
    here = one.replace(".ecr.eu-central-1.", ".ecr.eu-west-1.") if isinstance(one, str) else one
    return set() if here == other else {path}


MINUTES = st.integers(0, 24 * 60 - 1)


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


@given(begin=MINUTES, length=st.integers(30, 600), start=MINUTES, before=st.integers(0, 240))
def test_a_daily_window_covers_what_begins_in_it_or_shortly_before(
    begin: int, length: int, start: int, before: int
) -> None:
    day = 24 * 60
    window = f"{_clock(begin)}-{_clock((begin + length) % day)}"
    assert minutes_of(window) == length
    covered = {(begin - before + offset) % day for offset in range(1, before + length)}
    assert begins_in(window, _clock(start), before=before) == (start in covered)


@pytest.mark.parametrize(
    ("start", "covered"), [("03:30", True), ("04:29", True), ("04:30", False), ("01:29", False)]
)
def test_a_weekly_window_counts_on_its_day(start: str, covered: bool) -> None:
    assert begins_in("sun:03:30-sun:04:30", start, before=120) is covered


def test_a_window_goes_over_the_end_of_the_week() -> None:
    assert begins_in("sun:23:30-mon:00:30", "00:10", before=0)
    assert begins_in("sun:23:30-mon:00:30", "23:40", before=0)
    assert not begins_in("sun:23:30-mon:00:30", "00:40", before=0)
