"""Databases that survive a zone, a mistake and their own deletion."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, cluster_replica, replica, restored
from tests.support.policies import UNKNOWN, R, both, drop, put

EXAMPLES = (
    Example(
        "rds-multi-az",
        good=(R(DB, {"multiAz": True}),),
        bad={
            "it has no standby": put("it", "multiAz", False),
            "nothing is said": drop("it", "multiAz"),
            "what is restored has none: it is not taken over": restored(),
        },
        fine={"a replica has none": replica(multiAz=False)},
    ),
    Example(
        "rds-deletion-protection",
        good=(R(DB, {"deletionProtection": True}), R(CLUSTER, {"deletionProtection": True}, name="cluster")),
        bad={
            "it is off": put("it", "deletionProtection", False),
            "nothing is said": drop("it", "deletionProtection"),
            "a cluster's is off": put("cluster", "deletionProtection", False),
            "what is restored has none: it is not taken over": restored(),
        },
        fine={
            "a replica has none": replica(),
            "a cluster that follows has none": cluster_replica(deletionProtection=False),
        },
    ),
    Example(
        "rds-backup-retention",
        good=(
            R(DB, {"backupRetentionPeriod": 35, "backupWindow": "02:00-03:00"}),
            R(
                CLUSTER,
                {"backupRetentionPeriod": 35, "preferredBackupWindow": "02:00-03:00"},
                name="cluster",
            ),
        ),
        bad={
            "one day is missing": put("it", "backupRetentionPeriod", 34),
            "it is a text, and less by number only": put("it", "backupRetentionPeriod", "7"),
            "there are none": put("it", "backupRetentionPeriod", 0),
            "nothing is said": drop("it", "backupRetentionPeriod"),
            "a cluster's are too short": put("cluster", "backupRetentionPeriod", 1),
        },
        fine={
            "the window is not known yet": put("it", "backupWindow", UNKNOWN),
            "a replica has none": replica(backupRetentionPeriod=0),
        },
        open={"what is restored keeps them as before": restored()},
    ),
    Example(
        "rds-backup-retention",
        good=(R(DB, {"backupRetentionPeriod": 7, "backupWindow": "02:00-03:00"}),),
        bad={
            "its time is left to chance": drop("it", "backupWindow"),
            "nothing at all is said": Bad(
                both(drop("it", "backupWindow"), drop("it", "backupRetentionPeriod")), 2
            ),
            "one day is missing": put("it", "backupRetentionPeriod", 6),
            "0 is bad whatever is asked for": put("it", "backupRetentionPeriod", 0),
        },
        config={"days": 7},
        by_hand=True,
    ),
    Example(
        "rds-keep-backups",
        good=(
            R(
                DB,
                {
                    "skipFinalSnapshot": False,
                    "finalSnapshotIdentifier": "main-1-final",
                    "deleteAutomatedBackups": False,
                },
            ),
            R(
                CLUSTER,
                {"finalSnapshotIdentifier": "cluster-1-final", "deleteAutomatedBackups": False},
                name="cluster",
            ),
        ),
        bad={
            "the snapshot is skipped": put("it", "skipFinalSnapshot", True),
            "backups go with it": put("it", "deleteAutomatedBackups", True),
            "nothing is said about backups": drop("it", "deleteAutomatedBackups"),
            "nothing is left": Bad(
                both(put("it", "skipFinalSnapshot", True), put("it", "deleteAutomatedBackups", True)), 2
            ),
            "a cluster's snapshot is skipped": put("cluster", "skipFinalSnapshot", True),
        },
        fine={
            "nothing is said about the snapshot": drop("it", "skipFinalSnapshot"),
            "its name is not known yet": put("it", "finalSnapshotIdentifier", UNKNOWN),
            "a replica leaves nothing": replica(skipFinalSnapshot=True),
        },
    ),
    Example(
        "rds-keep-backups",
        good=(R(DB, {"finalSnapshotIdentifier": "main-1-final", "deleteAutomatedBackups": False}),),
        bad={"the snapshot has no name": drop("it", "finalSnapshotIdentifier")},
        by_hand=True,
    ),
    Example(
        "rds-copy-tags",
        good=(R(DB, {"copyTagsToSnapshot": True}), R(CLUSTER, {"copyTagsToSnapshot": True}, name="cluster")),
        bad={
            "they do not": put("it", "copyTagsToSnapshot", False),
            "nothing is said": drop("it", "copyTagsToSnapshot"),
            "a cluster's do not": drop("cluster", "copyTagsToSnapshot"),
            "a replica's do not": replica(),
        },
    ),
)
