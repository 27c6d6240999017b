"""Databases whose logs and load are seen from outside."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, MEMBER, replica, restored
from tests.support.policies import UNKNOWN, R, both, drop, put

_LOGS = "enabledCloudwatchLogsExports"
_ROLE = "arn:aws:iam::111122223333:role/monitoring"
_MONITORED = {"monitoringInterval": 15, "monitoringRoleArn": _ROLE}

EXAMPLES = (
    Example(
        "rds-log-exports",
        good=(
            R(DB, {"engine": "postgres", _LOGS: ["postgresql", "upgrade"]}),
            R(CLUSTER, {"engine": "aurora-postgresql", _LOGS: ["postgresql"]}, name="cluster"),
        ),
        bad={
            "one is missing": put("it", _LOGS, ["postgresql"]),
            "the other one is missing": put("it", _LOGS, ["upgrade"]),
            "none is exported": put("it", _LOGS, []),
            "nothing is said": drop("it", _LOGS),
            "a cluster exports none": drop("cluster", _LOGS),
            "it is MySQL, which has others": put("it", "engine", "mysql"),
        },
        fine={
            "there are more": put("it", _LOGS, ["iam-db-auth-error", "upgrade", "postgresql"]),
            "a replica does not name its engine": replica(**{_LOGS: ["upgrade", "postgresql"]}),
            "one more is not known yet": put("it", f"{_LOGS}[2]", UNKNOWN),
            "the engine has other logs": both(
                put("it", "engine", "sqlserver-ex"), put("it", _LOGS, ["agent", "error"])
            ),
            "the engine has none": both(put("it", "engine", "custom-oracle-ee"), drop("it", _LOGS)),
        },
        open={"the missing one may be the one that is not known yet": put("it", f"{_LOGS}[0]", UNKNOWN)},
    ),
    Example(
        "rds-log-exports",
        good=(R(DB, {"engine": "postgres", _LOGS: ["postgresql", "upgrade"]}),),
        bad={
            "a replica exports none, and nobody says of what engine it is": replica(),
            "so does what is restored": restored(**{_LOGS: ["upgrade"]}),
        },
        by_hand=True,
    ),
    Example(
        "rds-enhanced-monitoring",
        good=(R(DB, _MONITORED), R(MEMBER, _MONITORED, name="member")),
        bad={
            "it is off": put("it", "monitoringInterval", 0),
            "it is off by default": drop("it", "monitoringInterval"),
            "there is no such interval": put("it", "monitoringInterval", 120),
            "it has no role": drop("it", "monitoringRoleArn"),
            "a member's is off": put("member", "monitoringInterval", 0),
            "a replica's is off: it is not taken over": Bad(replica(), 2),
        },
        fine={"the role is not known yet": put("it", "monitoringRoleArn", UNKNOWN)},
    ),
)
