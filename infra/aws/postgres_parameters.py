"""Parameters of Postgres on RDS: pure figures, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One entry of a parameter group; static ones take effect at the next restart."""

    name: str
    value: str
    static: bool = False


def postgres_parameters(*, max_connections: int, log_min_duration_ms: int) -> tuple[Parameter, ...]:
    """What differs from RDS's defaults, sorted by name.

    Memory sizes follow the instance class: by RDS's formulas, but for maintenance_work_mem. Statement and
    lock timeouts belong to roles (the server has short ones, a migration its own), so nobody gets them here.
    """
    parameters = (
        # The connection cannot be plain, whatever a client asks for.
        Parameter(name="rds.force_ssl", value="1"),
        # Fixed instead of by memory: the pools of all pods are checked against it before anything is created.
        Parameter(name="max_connections", value=str(max_connections), static=True),
        # gp3 serves random reads nearly as fast as sequential ones.
        Parameter(name="random_page_cost", value="1.1"),
        # Exact vector search within one archive parallelises well.
        Parameter(name="max_parallel_workers_per_gather", value="4"),
        Parameter(name="work_mem", value=str(16 * 1024)),
        # An HNSW index that does not fit is built on disk, many times slower: a sixteenth of the memory (in
        # KiB; 1 GiB on 16), at most 2 GiB, where RDS would take a sixty-fourth.
        Parameter(name="maintenance_work_mem", value="LEAST({DBInstanceClassMemory/16384},2097152)"),
        # A client that forgot its transaction must not hold back vacuum.
        Parameter(name="idle_in_transaction_session_timeout", value="60000"),
        # Agents rewrite their memory blocks all the time: clean up after 2 % and not after 20 %.
        Parameter(name="autovacuum_vacuum_scale_factor", value="0.02"),
        Parameter(name="autovacuum_analyze_scale_factor", value="0.01"),
        Parameter(name="wal_compression", value="lz4"),
        Parameter(
            name="shared_preload_libraries", value="pg_stat_statements,auto_explain,pgaudit", static=True
        ),
        Parameter(name="auto_explain.log_min_duration", value=str(10 * log_min_duration_ms)),
        Parameter(name="log_min_duration_statement", value=str(log_min_duration_ms)),
        Parameter(name="log_lock_waits", value="1"),
        Parameter(name="log_connections", value="1"),
        Parameter(name="log_disconnections", value="1"),
        Parameter(name="log_statement", value="ddl"),
        # Statements are logged without the values bound to them: those are what people say to their agents.
        Parameter(name="log_parameter_max_length", value="0"),
        Parameter(name="log_parameter_max_length_on_error", value="0"),
    )
    return tuple(sorted(parameters, key=lambda p: p.name))
