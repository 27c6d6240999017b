"""Databases that survive a zone, a mistake and their own deletion."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.rds import CLUSTER, DATABASES, INSTANCE, is_replica, takes_over, unless_replica
from policies.lib.remedy import Draft, put
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

_WINDOWS = {INSTANCE: "backupWindow", CLUSTER: "preferredBackupWindow"}
_NOTHING_OF_ITS_OWN = "Leaves read replicas out: they hold nothing of their own and are made again."


@resource_rule(
    "rds-multi-az",
    types(INSTANCE),
    title="A database has a standby in another zone",
    why="An instance in one zone is gone as long as the zone is, and during every maintenance.",
    fix="Set multiAz to true.",
    severity=Severity.MEDIUM,
    refs="FSBP RDS.5, CIS 2.2.4, CKV AWS_157",
    dev="disabled",
    prod="mandatory",
    departs=_NOTHING_OF_ITS_OWN,
    remedy=unless_replica(put("multiAz", True)),
)
def standby(db: Resource, check: Check) -> None:
    multi = db["multiAz"]
    if not is_replica(db) and not multi.truth(default=False):
        check.violation("it has no standby in another zone", multi)


@resource_rule(
    "rds-deletion-protection",
    DATABASES,
    title="A database cannot be deleted in passing",
    why="One wrong command, in whatever console, ends the database; with the protection it takes two.",
    fix="Set deletionProtection to true.",
    severity=Severity.HIGH,
    refs="FSBP RDS.8, FSBP RDS.7, CKV AWS_293",
    dev="advisory",
    prod="remediate",
    departs=_NOTHING_OF_ITS_OWN,
    remedy=unless_replica(put("deletionProtection", True)),
)
def deletion_protection(db: Resource, check: Check) -> None:
    protected = db["deletionProtection"]
    if not is_replica(db) and not protected.truth(default=False):
        check.violation("nothing stops its deletion", protected)


class Retention(Settings):
    """How long a database can be taken back in time."""

    days: int = Field(default=35, ge=1, le=35, description="Least number of days that backups are kept.")


def _keep_longer(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Retention)
    try:
        kept = Value(draft.get("backupRetentionPeriod")).number(default=0)
    except Undetermined:
        return
    if kept < settings.days:
        draft.put("backupRetentionPeriod", settings.days)


@resource_rule(
    "rds-backup-retention",
    DATABASES,
    title="A database can be taken back to any second of the last weeks",
    why="Damage is often noticed days later; what is no longer kept cannot be restored.",
    fix="Set backupRetentionPeriod to the days that this environment asks for, and the backup window.",
    severity=Severity.HIGH,
    refs="FSBP RDS.11, CKV AWS_133",
    dev="advisory",
    prod="mandatory",
    settings=Retention,
    departs=_NOTHING_OF_ITS_OWN,
    remedy=unless_replica(_keep_longer),
)
def retention(db: Resource, check: Check) -> None:
    if is_replica(db):
        return
    least = check.settings(Retention).days
    with check.part():
        days = db["backupRetentionPeriod"]
        if not takes_over(db, days):
            kept = days.number(default=0)
            if kept <= 0:
                check.violation("it is not backed up", days)
            elif kept < least:
                check.violation(f"its backups are kept for {kept:g} days and not {least}", days)
    with check.part():
        window = db[_WINDOWS[db.type]]
        if not takes_over(db, window) and not window.present:
            check.violation("the time of its backup is left to chance", window)


def _keep_what_is_left(draft: Draft, _: Settings) -> None:
    if draft.get("skipFinalSnapshot") is not None:  # it is off by default
        draft.put("skipFinalSnapshot", value=False)
    draft.put("deleteAutomatedBackups", value=False)


@resource_rule(
    "rds-keep-backups",
    DATABASES,
    title="A deleted database leaves a final snapshot and its backups",
    why="By default its backups go with it, and with them the last way back.",
    fix="Name finalSnapshotIdentifier, and set skipFinalSnapshot and deleteAutomatedBackups to false.",
    severity=Severity.HIGH,
    refs="DOC Deleting a DB instance",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_DeleteInstance.html",
    dev="disabled",
    prod="mandatory",
    departs=_NOTHING_OF_ITS_OWN,
    remedy=unless_replica(_keep_what_is_left),
)
def what_is_left(db: Resource, check: Check) -> None:
    if is_replica(db):
        return
    with check.part():
        skipped, name = db["skipFinalSnapshot"], db["finalSnapshotIdentifier"]
        if skipped.truth(default=False):
            check.violation("its deletion leaves no final snapshot", skipped)
        elif not name.present:
            check.violation("its final snapshot has no name, so that its deletion fails", name)
    with check.part():
        deleted = db["deleteAutomatedBackups"]
        if deleted.truth(default=True):
            check.violation("its deletion takes its backups along", deleted)


@resource_rule(
    "rds-copy-tags",
    DATABASES,
    title="Snapshots have the tags of their database",
    why="A snapshot without tags belongs to nobody: it is neither found, nor paid for, nor cleaned up.",
    fix="Set copyTagsToSnapshot to true.",
    severity=Severity.LOW,
    refs="FSBP RDS.17, FSBP RDS.16, CKV 2_AWS_60",
    dev="advisory",
    prod="remediate",
    remedy=put("copyTagsToSnapshot", True),
)
def tagged_snapshots(db: Resource, check: Check) -> None:
    copied = db["copyTagsToSnapshot"]
    if not copied.truth(default=False):
        check.violation("its snapshots have no tags", copied)
