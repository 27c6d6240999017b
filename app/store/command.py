"""The commands `roost store …`; a failure ends on stderr in the store's own words."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.store.connection import Store

DATABASE = "otel"
METRIC = "StoreBackup"
"""What the alarm `store-backup` waits for: 1 for each backup that is in the bucket."""


def add_to(parser: argparse.ArgumentParser) -> None:
    """The steps and their arguments."""
    steps = parser.add_subparsers(dest="step", required=True)
    apply = steps.add_parser("apply", help="make or change the tables, from the .sql files of a folder")
    apply.add_argument("folder", type=Path)
    steps.add_parser("backup", help="take the next backup: a full one a week, else what is new since then")
    steps.add_parser("list", help="print the backups that there are, oldest first")
    restore = steps.add_parser("restore", help="bring a backup back")
    restore.add_argument("backup", help="its name, as `list` prints it")
    restore.add_argument("--database", default=DATABASE, help="where to (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """0 when it worked, 1 when the store refused or did not answer, or the alarms were not told."""
    # Only here: who serves needs none of it.
    from app.aws.credentials import CredentialsError
    from app.aws.metrics import announce
    from app.aws.requests import RequestError
    from app.store.connection import Store, StoreError

    store = Store.from_environment()
    try:
        print(_step(store, arguments))
        if arguments.step == "backup":
            announce(METRIC, 1)
    except (StoreError, ConnectionError) as error:
        print(error, file=sys.stderr)
        return 1
    except (RequestError, CredentialsError) as error:
        print(f"the alarms could not be told: {error}", file=sys.stderr)
        return 1
    return 0


def _step(store: Store, arguments: argparse.Namespace) -> str:
    from app.store import backups, schema

    match arguments.step:
        case "apply":
            return f"The store has its tables: {schema.apply(store, arguments.folder)} statements."
        case "backup":
            return f"{backups.take(store, datetime.now(UTC)).name} is in the bucket."
        case "list":
            return "\n".join(backup.name for backup in backups.found(store))
        case _:
            backups.restore(store, arguments.backup, arguments.database)
            return f"{arguments.backup} is back, in database {arguments.database}."
