"""What a database's parameters ask for."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, replica, restored
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

GROUP = "aws:rds/parameterGroup:ParameterGroup"
CLUSTER_GROUP = "aws:rds/clusterParameterGroup:ClusterParameterGroup"


def parameters(**values: Any) -> list[dict[str, Any]]:
    """A list of parameters; two underscores stand for a dot."""
    return [{"name": name.replace("__", "."), "value": value} for name, value in values.items()]


_LOG = {
    "log_connections": "1",
    "log_disconnections": "1",
    "log_statement": "ddl",
    "log_min_duration_statement": "500",
    "shared_preload_libraries": "pg_stat_statements,pgaudit",
}


def stack(first: list[dict[str, Any]]) -> tuple[R, ...]:
    return (
        R(
            DB,
            {"engine": "postgres", "parameterGroupName": "main-1"},
            depends={"parameterGroupName": ["group"]},
        ),
        R(GROUP, {"name": "main-1", "family": "postgres17", "parameters": first}, name="group"),
        R(
            CLUSTER,
            {"engine": "aurora-postgresql", "dbClusterParameterGroupName": "cluster-1"},
            name="cluster",
        ),
        R(
            CLUSTER_GROUP,
            {"name": "cluster-1", "family": "aurora-postgresql16", "parameters": first},
            name="cluster-group",
        ),
    )


def log(**changed: str) -> Any:
    return put("group", "parameters", parameters(**{**_LOG, **changed}))


def log_without(name: str) -> Any:
    return put("group", "parameters", parameters(**{k: v for k, v in _LOG.items() if k != name}))


EXAMPLES = (
    Example(
        "rds-force-ssl",
        good=stack(parameters(work_mem="16384", rds__force_ssl="1")),
        bad={
            "it is off": put("group", "parameters[1].value", "0"),
            "it is off as a number": put("group", "parameters[1].value", 0),
            "it is left to the default": put("group", "parameters", parameters(work_mem="16384")),
            "there are no parameters": drop("group", "parameters"),
            "there is no group": both(drop("it", "parameterGroupName"), options("it", depends={})),
            "the group is AWS's": both(
                put("it", "parameterGroupName", "default.postgres14"), options("it", depends={})
            ),
            "a cluster's is off": put("cluster-group", "parameters[1].value", "0"),
            "a cluster has no group": drop("cluster", "dbClusterParameterGroupName"),
            "what is restored has no group": restored(),
            "MySQL calls it otherwise": both(
                put("group", "family", "mysql8.0"),
                put("group", "parameters", parameters(require_secure_transport="0", rds__force_ssl="1")),
            ),
            "another database has another group": add(
                R(DB, {"parameterGroupName": "other-1"}, name="other"),
                R(GROUP, {"name": "other-1", "family": "postgres16"}, name="other-group"),
            ),
        },
        fine={
            "it is a number": put("group", "parameters[1].value", 1),
            "it is a word": put("group", "parameters[1].value", "true"),
            "it is linked by its name alone": options("it", depends={}),
            "a replica has the other one's": replica(),
            "MySQL calls it otherwise": both(
                put("group", "family", "mysql8.0"),
                put("group", "parameters", parameters(require_secure_transport="ON")),
            ),
            "Oracle has no such parameter": both(
                put("group", "family", "oracle-ee-19"), drop("group", "parameters")
            ),
            "Oracle needs no group": add(R(DB, {"engine": "oracle-ee"}, name="another")),
            "a group that nothing uses is nobody's business": add(
                R(GROUP, {"name": "other-1", "family": "postgres16"}, name="other-group")
            ),
        },
        open={
            "the group is somebody else's": add(R(DB, {"parameterGroupName": "theirs"}, name="another")),
            "it may be the one whose name is not known yet": put("group", "parameters[1].name", UNKNOWN),
            "the group is not known yet, nor what makes it": add(
                R(DB, {"parameterGroupName": UNKNOWN}, name="another")
            ),
        },
    ),
    Example(
        "rds-sql-logging",
        good=stack(parameters(**_LOG)),
        bad={
            **{f"{name} is left to the default": log_without(name) for name in _LOG},
            "connections are not logged": log(log_connections="0"),
            "disconnections are not logged": log(log_disconnections="off"),
            "no statement is logged": log(log_statement="none"),
            "slow statements are not logged": log(log_min_duration_statement="-1"),
            "pgaudit is not loaded": log(shared_preload_libraries="pg_stat_statements"),
            "something that is called alike is loaded": log(shared_preload_libraries="pgauditlogtofile"),
            "nothing is logged": Bad(drop("group", "parameters"), 5),
            "there is no group": both(drop("it", "parameterGroupName"), options("it", depends={})),
            "a cluster logs no statement": put("cluster-group", "parameters[2].value", "none"),
        },
        fine={
            "more statements are logged": log(log_statement="ALL"),
            "every statement is slow": log(log_min_duration_statement="0"),
            "Postgres 18 has a list there": log(log_connections="receipt,authentication,authorization"),
            "another parameter is called alike": put(
                "group", "parameters", parameters(log_statement_stats="0", **_LOG)
            ),
            "there are blanks between libraries": log(shared_preload_libraries="auto_explain, pgaudit"),
            "a replica has the other one's": replica(),
            "MySQL's log is another": both(put("group", "family", "mysql8.0"), drop("group", "parameters")),
        },
        open={
            "the group is somebody else's": add(R(DB, {"parameterGroupName": "theirs"}, name="another")),
            "the duration is a formula": log(log_min_duration_statement="{DBInstanceVCPU*100}"),
        },
    ),
    Example(
        "rds-sql-logging",
        good=stack(parameters(**{**_LOG, "shared_preload_libraries": "pg_stat_statements"})),
        bad={"no statement is logged": log(log_statement="none")},
        fine={"no library is loaded": log_without("shared_preload_libraries")},
        config={"libraries": []},
    ),
)
