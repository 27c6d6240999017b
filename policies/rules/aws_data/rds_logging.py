"""Databases whose logs and load are seen from outside."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.rds import DATABASES, INSTANCE, MEMBER, engine
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined

_LOGS = {
    "postgres": ("postgresql", "upgrade"),
    "aurora-postgresql": ("postgresql",),
    "mysql": ("audit", "error", "general", "slowquery"),
    "mariadb": ("audit", "error", "general", "slowquery"),
    "aurora-mysql": ("audit", "error", "general", "slowquery"),
    "oracle": ("alert", "audit", "listener", "trace"),
    "sqlserver": ("agent", "error"),
    "db2": ("diag.log", "notify.log"),
}
"""By what an engine's name begins with the logs that FSBP RDS.9 asks for."""


_INTERVALS = frozenset({1, 5, 10, 15, 30, 60})
_EXPORTS = "enabledCloudwatchLogsExports"


def _wanted(engine_: str) -> list[tuple[str, ...]]:
    """The lists of logs of which one must be complete: any, if the engine is that of another database."""
    return [logs for name, logs in _LOGS.items() if not engine_ or engine_.startswith(name)]


def _export_what_is_missing(draft: Draft, _: Settings) -> None:
    given, named = draft.get(_EXPORTS), draft.get("engine")
    if not isinstance(named, str) or not named or not (wanted := _wanted(named.lower())):
        return  # the engine is another database's, or not known
    exported = [] if given is None else given
    if not isinstance(exported, Sequence) or isinstance(exported, str) or any(map(is_unknown, exported)):
        return
    missing = [log for log in wanted[0] if log not in list(exported)]
    if missing:
        draft.put(_EXPORTS, [*exported, *missing])


@resource_rule(
    "rds-log-exports",
    DATABASES,
    title="A database's logs are kept outside of it",
    why="Logs on the instance are gone after days, or with it, and nobody can raise an alarm on them.",
    fix="Set enabledCloudwatchLogsExports to postgresql and upgrade, or to what the engine has.",
    severity=Severity.MEDIUM,
    refs="FSBP RDS.9, FSBP RDS.36, CKV AWS_129",
    dev="advisory",
    prod="mandatory",
    remedy=_export_what_is_missing,
)
def log_exports(db: Resource, check: Check) -> None:
    given = db[_EXPORTS]
    wanted = _wanted(engine(db))
    logs = given.items()
    exported = {log.text() for log in logs if log.known}
    if not wanted or any(exported.issuperset(one) for one in wanted):
        return
    if unknown := [log for log in logs if not log.known]:
        raise Undetermined(unknown[0].path, "is not known before the update")
    check.violation("not all of its logs are exported", given)


@resource_rule(
    "rds-enhanced-monitoring",
    types(INSTANCE, MEMBER),
    title="The operating system under a database is watched",
    why="What RDS shows by default does not tell which process takes the memory, or waits for the disk.",
    fix="Set monitoringInterval to 1, 5, 10, 15, 30 or 60 seconds, and monitoringRoleArn.",
    severity=Severity.LOW,
    refs="FSBP RDS.6, CKV AWS_118",
    dev="advisory",
    prod="mandatory",
)
def monitoring(db: Resource, check: Check) -> None:
    interval, role = db["monitoringInterval"], db["monitoringRoleArn"]
    with check.part():
        if interval.number(default=0) not in _INTERVALS:
            check.violation("enhanced monitoring is off", interval)
    if not role.present:
        check.violation("enhanced monitoring has no role to write its log with", role)
