"""The rendered configuration, read by the engine itself."""

from __future__ import annotations

import pytest

from infra.workloads.clickhouse_config import NO_LOGS
from infra.workloads.clickhouse_users import ADMIN, BACKUP, OWNER, READER, USERS, WRITER
from tests.clickhouse.engines import Engine

_ROWS = "INSERT INTO otel.otel_logs (Timestamp, Body) VALUES (now(), 'x')"


@pytest.fixture
def filled(store: Engine) -> Engine:
    """With its tables, and a row."""
    store.answers(*_statements(store), _ROWS, who=OWNER)
    return store


def _statements(store: Engine) -> list[str]:
    from app.store.schema import statements

    return [one for file in sorted(store.schema().iterdir()) for one in statements(file.read_text())]


def test_the_engine_takes_every_file(store: Engine) -> None:
    names, quotas, memory = store.answers(
        "SELECT groupArray(name) FROM (SELECT name FROM system.users ORDER BY name)",
        "SELECT groupArray(name) FROM (SELECT name FROM system.quotas ORDER BY name)",
        "SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'",
    )
    assert names == repr(sorted(["default", *(user.name for user in USERS)])).replace(" ", "")
    assert quotas == "['maintenance','reader','writer']"
    assert int(memory) == int(4 * 2**30 * 0.8)


def test_passwords_are_hashes_and_admin_comes_from_the_pod_itself(store: Engine) -> None:
    kinds, admin, reader = store.answers(
        "SELECT DISTINCT auth_type FROM system.users WHERE name != 'default'",
        "SELECT host_ip, host_names FROM system.users WHERE name = 'admin'",
        "SELECT has(host_ip, '::/0') FROM system.users WHERE name = 'otel_reader'",
    )
    assert kinds == "['sha256_password']"
    assert admin == "[]\t['localhost']"  # the engine's own name for both loopback addresses
    assert reader == "0"


def test_logs_that_nobody_reads_are_not_kept(store: Engine) -> None:
    (tables,) = store.answers(
        "SYSTEM FLUSH LOGS", "SELECT groupArray(name) FROM system.tables WHERE name LIKE '%\\_log'"
    )[1:]
    assert not [name for name in NO_LOGS if f"'{name}'" in tables]
    assert "'query_log'" in tables


def test_logs_that_are_kept_have_an_end(store: Engine) -> None:
    *_, text = store.answers("SELECT 1", "SYSTEM FLUSH LOGS", "SHOW CREATE TABLE system.query_log")
    assert "TTL event_date + toIntervalDay(3)" in text


def test_the_writer_only_inserts(filled: Engine) -> None:
    inserted, columns, *refused = filled.ask(
        _ROWS,
        "DESC TABLE otel.otel_logs",
        "SELECT count() FROM otel.otel_logs",
        "ALTER TABLE otel.otel_logs DELETE WHERE 1",
        "DROP TABLE otel.otel_logs",
        "CREATE TABLE otel.mine (a Int32) ENGINE = Memory",
        who=WRITER,
    )
    assert "error" not in inserted
    assert "Timestamp" in columns["answer"]
    assert ["ACCESS_DENIED" in one.get("error", "") for one in refused] == [True] * 4


def test_spans_are_looked_up_although_their_writer_may_not_read(filled: Engine) -> None:
    filled.answers("INSERT INTO otel.otel_traces (Timestamp, TraceId) VALUES (now(), 'abc')", who=WRITER)
    assert filled.answers("SELECT count() FROM otel.otel_traces_trace_id_ts") == ["1"]


def test_the_reader_only_reads_and_not_everything(filled: Engine) -> None:
    count, *refused = filled.ask(
        "SELECT count() FROM otel.otel_logs",
        _ROWS,
        "SELECT * FROM system.users",
        "SET max_execution_time = 0",
        "SELECT count() FROM numbers(2000000000)",
        who=READER,
    )
    assert count["answer"] == "1"
    assert [_kind(one) for one in refused] == ["ACCESS_DENIED", "ACCESS_DENIED", "READONLY", "TOO_MANY_ROWS"]


def test_quotas_are_those_of_the_settings(store: Engine) -> None:
    # The engine reads them; counting against them is its server's part.
    limits, users = store.answers(
        "SELECT quota_name, duration, max_queries, max_query_inserts, max_execution_time "
        "FROM system.quota_limits ORDER BY quota_name",
        "SELECT name, apply_to_list FROM system.quotas WHERE name != 'maintenance' ORDER BY name",
    )
    rows = [line.split("\t") for line in limits.splitlines()]
    assert rows[1:] == [
        ["reader", "3600", "20000", "\\N", "7200"],
        ["writer", "3600", "\\N", "36000", "\\N"],
    ]
    assert users == "reader\t['otel_reader']\nwriter\t['otel_writer']"


def test_a_query_stays_within_its_memory(filled: Engine) -> None:
    (one,) = filled.ask(
        "SELECT length(groupArray(toString(number))) FROM numbers(100000000)",
        who=OWNER,
    )
    assert _kind(one) == "MEMORY_LIMIT_EXCEEDED"


def test_who_takes_backups_reads_no_rows(filled: Engine) -> None:
    answers = filled.ask("SELECT * FROM otel.otel_logs", "SELECT count() FROM system.backups", who=BACKUP)
    assert [_kind(one) for one in answers] == ["ACCESS_DENIED", ""]


def test_the_owner_manages_no_access(filled: Engine) -> None:
    (one,) = filled.ask("CREATE USER somebody", who=OWNER)
    assert _kind(one) == "ACCESS_DENIED"
    (grants,) = filled.answers("SHOW GRANTS", who=ADMIN)
    assert "WITH GRANT OPTION" in grants


def _kind(answer: dict[str, str]) -> str:
    """The name of an error, empty where there was none."""
    return answer.get("error", "").strip().rpartition("(")[2].rstrip(")")
