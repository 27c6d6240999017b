"""Rules of backups, and of a stack that replaces one in a lost region."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from infra.settings.aws import AwsSettings
from infra.settings.settings import Settings
from infra.settings.windows import begins_in
from infra.sizing.prices_instances import NoPriceError, database_hour

START_WINDOW_MINUTES = 60
"""The shortest that AWS Backup takes: a job begins some time in it."""
CLEAR_MINUTES = 60
"""Before and in RDS's own windows AWS Backup's jobs are refused (AWS Backup developer guide)."""
WEEKS_OF_A_MONTH = 52 / 12
RESTORE_HOURS = 1
"""Until a restored database is there; an estimate, since nobody restored one here."""


def backups_avoid_the_databases_windows(settings: Settings) -> Iterator[str]:
    """AWS Backup never asks RDS for a snapshot when RDS is about to take one itself, or is maintained."""
    aws = settings.aws
    if aws is None or aws.recovery is None:
        return
    start = aws.recovery.start
    for name in ("backupWindow", "maintenanceWindow"):
        window = aws.database.backup_window if name == "backupWindow" else aws.database.maintenance_window
        if begins_in(window, start, before=CLEAR_MINUTES + START_WINDOW_MINUTES):
            yield (
                f"`roost:aws.recovery.start` ({start}) begins backups between {start} and an hour later, and "
                f"RDS takes none in `database.{name}` ({window}) or in the hour before it: move one of them."
            )


def restore_tests_are_cheap(settings: Settings) -> Iterator[str]:
    """What the weekly restored database costs until it is removed; its disk is cents, and left out."""
    aws = settings.aws
    if aws is None or aws.recovery is None or aws.recovery.restore_test is None:
        return
    test = aws.recovery.restore_test
    try:
        hour = database_hour(test.instance_class, aws.region)
    except NoPriceError as problem:
        yield f"`roost:aws.recovery.restoreTest.instanceClass` has no price here: {problem}. Choose another."
        return
    hours = test.keep_hours + RESTORE_HOURS
    dollars = WEEKS_OF_A_MONTH * hours * hour
    if dollars > test.monthly_limit:
        yield (
            f"`roost:aws.recovery.restoreTest` comes to about {dollars:.0f} USD a month "
            f"({test.instance_class} for {hours} hours a week), and monthlyLimit is "
            f"{test.monthly_limit:g}: take a smaller instanceClass, fewer keepHours, or raise the limit."
        )


def domains_are_taken_over_in_need(settings: Settings) -> Iterator[str]:
    """Only a stack that replaces another one may take the records of a domain that somebody has."""
    aws = settings.aws
    if aws is not None and aws.edge.take_over_domain and aws.restore is None:
        yield (
            "`roost:aws.edge.takeOverDomain` is true and there is no `roost:aws.restore`: it would take the "
            "users of whatever the domain leads to. Remove it, or say what this stack replaces."
        )


def restored_from_this_region(settings: Settings) -> Iterator[str]:
    """A stack that replaces another one takes everything from copies in its own region and account."""
    aws = settings.aws
    if aws is None or aws.restore is None:
        return
    lost = aws.restore.lost_region
    if lost == aws.region:
        yield (
            f"`roost:aws.restore.lostRegion` is the stack's own region ({lost}): a stack is rebuilt in the "
            "region that holds the copies; to go back in time in the same one, set `database.restore` alone."
        )
        return
    yield from _database(aws)
    for name, arn in (
        ("restore.keyArn", aws.restore.key_arn),
        ("restore.serverSecretArn", aws.restore.server_secret_arn),
    ):
        yield from _is_here(name, arn, aws)
    yield from _names_of(lost, settings)


def _database(aws: AwsSettings) -> Iterator[str]:
    origin = aws.database.restore
    if origin is None or origin.source_instance is not None:
        yield (
            "`roost:aws.restore` replaces a stack whose region is gone, so `database.restore` has to name a "
            "copy in this region: sourceBackupsArn (`recovery.databaseBackupsArn` of the lost stack) or the "
            "snapshot of a copy."
        )
        return
    for name, source in (("sourceBackupsArn", origin.source_backups_arn), ("snapshot", origin.snapshot)):
        if source is not None and source.startswith("arn:"):
            yield from _is_here(f"database.restore.{name}", source, aws)


def _is_here(name: str, arn: str, aws: AwsSettings) -> Iterator[str]:
    region, account = arn.split(":")[3:5]
    if (region, account) != (aws.region, aws.account):
        yield (
            f"`roost:aws.{name}` is in {region} of account {account}, and the stack can only start from what "
            f"is in {aws.region} of {aws.account}: name the copy there."
        )


def _names_of(lost: str, settings: Settings) -> Iterator[str]:
    judged = ("roost:aws.restore.", "roost:aws.database.restore.", "roost:aws.drRegion")
    for path, value in _texts("roost:", settings.model_dump(by_alias=True, mode="json")):
        if lost in value and not path.startswith(judged):
            yield (
                f"`{path}` names the lost region ({value}), which does not answer: name what "
                "replaces it in this region, as the replicated image."
            )


def _texts(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every text in a tree, with where it is."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, below in cast("dict[str, Any]", value).items():
            yield from _texts(f"{path}{key}" if path.endswith(":") else f"{path}.{key}", below)
    elif isinstance(value, list):
        for number, below in enumerate(cast("list[Any]", value)):
            yield from _texts(f"{path}[{number}]", below)
