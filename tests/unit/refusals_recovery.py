"""Backups, and stacks that replace one in a lost region, that cannot work."""

from __future__ import annotations

from tests.unit.refusals import Refusal
from tests.unit.stacks import REBUILT, nested

RECOVERY = {
    "backups while the database's own are taken": Refusal(
        "prod", nested("aws.recovery.start", "01:00"), ("(01:00)", "`database.backupWindow`", "move one")
    ),
    "restore tests beyond their limit": Refusal(
        "prod",
        nested("aws.recovery.restoreTest.monthlyLimit", 1),
        ("about 3 USD a month", "monthlyLimit is 1", "raise the limit"),
    ),
    "somebody's domain, and nothing to replace": Refusal(
        "prod",
        nested("aws.edge.takeOverDomain", True),
        ("takeOverDomain` is true", "no `roost:aws.restore`", "Remove it"),
    ),
    "a stack that replaces one in its own region": Refusal(
        REBUILT,
        nested("aws.restore.lostRegion", "eu-west-1"),
        ("own region (eu-west-1)", "set `database.restore` alone"),
    ),
}
