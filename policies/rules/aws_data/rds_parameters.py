"""What a database's parameters ask for: encrypted connections, and a log of who did what."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.rds import (
    CLUSTER,
    INSTANCE,
    WITH_PARAMETERS,
    engine,
    parameter,
    parameter_group,
    shares_parameters,
)
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings

_FORCE_TLS = {
    ("postgres", "aurora-postgresql", "sqlserver"): "rds.force_ssl",
    ("mysql", "mariadb", "aurora-mysql"): "require_secure_transport",
}
"""The parameter by what the names of engines and families begin with; the others have none."""
_POSTGRES = ("postgres", "aurora-postgresql")
_OFF = frozenset({"", "0", "off", "false", "no"})
_ENOUGH_STATEMENTS = frozenset({"ddl", "mod", "all"})


@stack_rule(
    "rds-force-ssl",
    WITH_PARAMETERS,
    title="A database refuses connections that are not encrypted",
    why="A client that does not ask for encryption sends its password and all data in the clear. Newer "
    "Postgres refuses that by default, which a default group of an older family, or one line, undoes.",
    fix="Set rds.force_ssl to 1 in the database's parameter group (require_secure_transport for MySQL).",
    severity=Severity.HIGH,
    refs="FSBP RDS.38, FSBP RDS.39, CKV 2_AWS_69",
    dev="mandatory",
    prod="mandatory",
)
def force_tls(stack: Stack, check: Check) -> None:
    for db in stack.of(INSTANCE, CLUSTER):
        with check.on(db):
            if shares_parameters(db):
                continue
            group = parameter_group(stack, db)
            if group:
                with check.on(group):
                    _judge_tls(group, check)
            elif _tls_parameter(engine(db) or _POSTGRES[0]):
                check.violation("it has no parameter group that refuses plain connections")


def _tls_parameter(family: str) -> str:
    return next((name for engines, name in _FORCE_TLS.items() if family.startswith(engines)), "")


def _judge_tls(group: Resource, check: Check) -> None:
    name = _tls_parameter(group["family"].text())
    if name and not (given := parameter(group, name)).truth(default=False):
        check.violation("it lets connections be plain", given)


class Libraries(Settings):
    """What a server loads for its log."""

    libraries: tuple[str, ...] = Field(
        default=("pgaudit",), description="Libraries that shared_preload_libraries must have."
    )


@stack_rule(
    "rds-sql-logging",
    WITH_PARAMETERS,
    title="Postgres logs who connected, what changed the schema, and what was slow",
    why="After a break-in or an outage the log is the only witness, and RDS logs none of this by default.",
    fix="Set log_connections and log_disconnections to 1, log_statement to ddl, "
    "log_min_duration_statement to 0 or more, and load pgaudit by shared_preload_libraries.",
    severity=Severity.MEDIUM,
    refs="CKV 2_AWS_30",
    url="https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_LogAccess.Concepts.PostgreSQL.html",
    dev="advisory",
    prod="mandatory",
    settings=Libraries,
)
def sql_log(stack: Stack, check: Check) -> None:
    for db in stack.of(INSTANCE, CLUSTER):
        with check.on(db):
            if shares_parameters(db):
                continue
            group = parameter_group(stack, db)
            if group:
                with check.on(group):
                    _judge_log(group, check)
            elif (engine(db) or _POSTGRES[0]).startswith(_POSTGRES):
                check.violation("it has no parameter group that turns its log on")


def _judge_log(group: Resource, check: Check) -> None:
    if not group["family"].text().startswith(_POSTGRES):
        return
    for name in ("log_connections", "log_disconnections"):
        with check.part():
            given = parameter(group, name)
            if given.text().strip().lower() in _OFF:
                check.violation(f"{name} is off", given)
    with check.part():
        statements = parameter(group, "log_statement")
        if statements.text().strip().lower() not in _ENOUGH_STATEMENTS:
            check.violation("log_statement leaves out what changes the schema", statements)
    with check.part():
        duration = parameter(group, "log_min_duration_statement")
        if duration.number(default=-1) < 0:
            check.violation("log_min_duration_statement leaves out what is slow", duration)
    with check.part():
        loaded = parameter(group, "shared_preload_libraries")
        names = {name.strip().lower() for name in loaded.text().split(",")}
        for library in check.settings(Libraries).libraries:
            if library not in names:
                check.violation(f"{library} is not loaded", loaded)
