"""`roost store backup|list|restore`: native backups in the bucket that the server's configuration names.

Who may write there is the server itself, by the identity of its pod: no key is in a statement, and this
program never sees one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from app.store.connection import Store, StoreError, quoted

DATABASE = "otel"
COLLECTION = "roost_backups"
"""The named collection of the server's configuration with the bucket's URL."""

_FINISHED = f"SELECT _path FROM s3({COLLECTION}, filename = '*/.backup', format = 'One')"  # noqa: S608
FULL_EVERY = timedelta(days=7)
_EARLY = timedelta(hours=12)
"""How much less than a week may have passed: Jobs do not start at the same second."""
_POLL_SECONDS = 1.0
_STAMP = "%Y%m%dT%H%M%SZ"

Kind = Literal["full", "incremental"]


@dataclass(frozen=True, order=True)
class Backup:
    """One backup, by its name in the bucket: `full-20270117T020000Z`."""

    taken: datetime
    kind: Kind

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.taken.strftime(_STAMP)}"

    @classmethod
    def of(cls, name: str) -> Backup | None:
        """None for what is not one of ours."""
        kind, _, stamp = name.partition("-")
        try:
            taken = datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(taken, kind) if kind in ("full", "incremental") else None


def found(store: Store) -> list[Backup]:
    """The backups that are finished, oldest first: an object `.backup` is written last."""
    rows = store.query(_FINISHED)
    names = [row[0].removesuffix("/.backup").rpartition("/")[2] for row in rows]
    return sorted(backup for name in names if (backup := Backup.of(name)))


def next_backup(known: list[Backup], now: datetime) -> tuple[Backup, Backup | None]:
    """What to take now, and what it builds on: a full one a week, else what is new since the last full one.

    A full one that failed is so made up for on the next day, and a restore never needs more than two.
    """
    fulls = [backup for backup in known if backup.kind == "full"]
    base = max(fulls, default=None)
    if base is None or now - base.taken >= FULL_EVERY - _EARLY:
        return Backup(now, "full"), None
    return Backup(now, "incremental"), base


def take(store: Store, now: datetime) -> Backup:
    """Take the next backup, wait for it, and see that the bucket has it. Raises StoreError."""
    backup, base = next_backup(found(store), now)
    settings = f" SETTINGS base_backup = {_place(base.name)}" if base else ""
    _finish(store, f"BACKUP DATABASE {DATABASE} TO {_place(backup.name)}{settings} ASYNC", "BACKUP_CREATED")
    if backup.name not in {one.name for one in found(store)}:
        raise StoreError(f"the server says that {backup.name} is made, and it is not in the bucket")
    return backup


def restore(store: Store, name: str, database: str) -> None:
    """Bring a backup back into `database`, which must not hold rows yet. Raises StoreError."""
    store.wait()
    target = f" AS {database}" if database != DATABASE else ""
    _finish(store, f"RESTORE DATABASE {DATABASE}{target} FROM {_place(name)} ASYNC", "RESTORED")


def _place(name: str) -> str:
    return f"S3({COLLECTION}, {quoted(name)})"


def _status(operation: str) -> str:
    return f"SELECT status, error FROM system.backups WHERE id = {quoted(operation)}"  # noqa: S608


def _finish(store: Store, statement: str, done: str) -> None:
    """Start it and follow it: it takes longer than a connection may be silent."""
    operation = store.query(statement)[0][0]
    while True:
        rows = store.query(_status(operation))
        if not rows:
            raise StoreError("the server was restarted meanwhile, and the operation is gone with it")
        status, error = rows[0]
        if status == done:
            return
        if error or "FAILED" in status or "CANCELLED" in status:
            raise StoreError(f"{status}: {error}")
        time.sleep(_POLL_SECONDS)
