"""Remedies for databases leave alone what a database has from another one."""

from __future__ import annotations

import pytest

from tests.support.policies import UNKNOWN, Judge, R, rule

DB = "aws:rds/instance:Instance"
REPLICA = {"replicateSourceDb": UNKNOWN}
RESTORED = {"restoreToPointInTime": {"sourceDbInstanceIdentifier": "main-1"}}


@pytest.mark.parametrize(
    ("rule_id", "origin"),
    [
        ("rds-encrypted", REPLICA),
        ("rds-encrypted", RESTORED),
        ("rds-multi-az", REPLICA),
        ("rds-deletion-protection", REPLICA),
        ("rds-backup-retention", REPLICA),
        ("rds-keep-backups", REPLICA),
        ("rds-log-exports", REPLICA),
    ],
)
def test_a_remedy_sets_nothing_that_comes_from_another_database(
    rule_id: str, origin: dict[str, object]
) -> None:
    one = rule(rule_id)
    created = {"newResources": ["*"]} if one.create_only else {}
    judge = Judge([one], levels={rule_id: "remediate"}, config={rule_id: created})
    database = R(DB, origin)
    assert judge.remedied(database) == database
    assert judge.remedied(R(DB, {"engine": "postgres"})) != R(DB, {"engine": "postgres"})
