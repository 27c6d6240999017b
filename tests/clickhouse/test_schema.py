"""The store's tables in the real engine, and what the collector's exporter does with them."""

from __future__ import annotations

import re
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.store.connection import Store, StoreError
from app.store.schema import apply
from infra.settings.clickhouse import (
    ClickHouseSettings,
    ExternalStoreSettings,
    RetentionSettings,
    Signal,
    StoreLogin,
)
from infra.workloads.clickhouse_schema import schema_files
from infra.workloads.clickhouse_users import ADMIN, OWNER, READER, WRITER
from tests.clickhouse.engines import PASSWORDS, Engine, served

_TABLES = 8
_STATEMENTS = 18
_EXPORTER = Path(__file__).with_name("exporter_columns.txt")
"""What version 0.161 of the collector's exporter names in its INSERT statements."""


def as_user(url: str, name: str) -> Store:
    """The store, seen by one of its users."""
    return Store(url, name, PASSWORDS[name])


def inserts() -> dict[str, list[str]]:
    """Columns by table."""
    lines = [line for line in _EXPORTER.read_text().splitlines() if line and not line.startswith("#")]
    return {table: columns.split() for table, _, columns in (line.partition(": ") for line in lines)}


def test_the_schema_may_be_applied_again(store: Engine) -> None:
    with served(store, OWNER) as url:
        owner = as_user(url, OWNER)
        assert apply(owner, store.schema()) == _STATEMENTS
        owner.query("INSERT INTO otel.otel_logs (Timestamp, Body) VALUES (now(), 'kept')")
        assert apply(owner, store.schema()) == _STATEMENTS
        assert owner.query("SELECT Body FROM otel.otel_logs") == [["kept"]]


def test_every_table_has_an_end_and_another_one_takes_effect(store: Engine) -> None:
    with served(store, ADMIN) as url:
        owner = as_user(url, OWNER)
        apply(owner, store.schema())
        assert _ends(owner) == {"logs": 14, "traces": 14, "traces_trace_id_ts": 14, "metrics": 30}
        owner.query("INSERT INTO otel.otel_logs (Timestamp, Body) VALUES (now() - INTERVAL 9 DAY, 'old')")
        week = RetentionSettings(logs=Signal(days=7, gib_per_day=1))
        shorter = Engine(store.root, store.settings.model_copy(update={"retention": week}))
        apply(owner, shorter.schema())
        assert _ends(owner)["logs"] == 7
        owner.query("OPTIMIZE TABLE otel.otel_logs FINAL")
        assert owner.query("SELECT count() FROM otel.otel_logs") == [["0"]]


def _ends(owner: Store) -> dict[str, int]:
    rows = owner.query(
        "SELECT name, engine_full FROM system.tables WHERE database = 'otel' AND engine LIKE '%Tree'"
    )
    assert len(rows) == _TABLES
    found: dict[str, int] = {}
    for name, text in rows:
        (days,) = re.findall(r"TTL .*toIntervalDay\((\d+)\)", text)
        key = re.sub(r"^otel_(metrics)?(?:(?<=metrics).*)?", r"\1", name)
        assert found.setdefault(key, int(days)) == int(days)
    return found


def test_what_the_exporter_inserts_has_its_columns(store: Engine) -> None:
    with served(store, OWNER) as url:
        owner = as_user(url, OWNER)
        apply(owner, store.schema())
        for table, columns in inserts().items():
            there = {row[0] for row in owner.query(f"DESC TABLE otel.{table}")}
            assert set(columns) <= there, table


def test_logs_arrive_in_the_exporters_format(store: Engine) -> None:
    with served(store, OWNER) as url:
        owner = as_user(url, OWNER)
        apply(owner, store.schema())
        columns = inserts()["otel_logs"]
        owner.query(
            f"INSERT INTO otel.otel_logs ({', '.join(columns)}) FORMAT JSONEachRow "
            '{"Timestamp":"2026-11-21 10:00:00.123456789","ServiceName":"server","Body":"hello",'
            '"ResourceAttributes":{"k8s.pod.name":"server-0"},"LogAttributes":{"a":"b"}}'
        )
        assert owner.query(
            "SELECT ResourceAttributes['k8s.pod.name'], toUnixTimestamp64Nano(Timestamp) FROM otel.otel_logs "
            "WHERE hasToken(lower(Body), 'hello') SETTINGS force_data_skipping_indices = 'idx_lower_body'"
        ) == [["server-0", "1795255200123456789"]]


def test_a_trace_is_found_by_its_id_in_the_days_that_it_was(store: Engine) -> None:
    with served(store, OWNER) as url:
        owner = as_user(url, OWNER)
        apply(owner, store.schema())
        owner.query(
            "INSERT INTO otel.otel_traces (Timestamp, TraceId, SpanId, `Events.Timestamp`, `Events.Name`, "
            "`Events.Attributes`) VALUES (now(), 'abc', '1', [now()], ['retry'], [map('n', '2')])"
        )
        assert owner.query(
            "SELECT SpanId, Events.Name FROM otel.otel_traces WHERE TraceId = 'abc' AND Timestamp >= "
            "(SELECT min(Start) FROM otel.otel_traces_trace_id_ts WHERE TraceId = 'abc')"
        ) == [["1", "['retry']"]]


def test_logins_of_the_local_server(store: Engine) -> None:
    with served(store, OWNER, readers=[READER]) as url:
        apply(as_user(url, OWNER), store.schema())
        reader = as_user(url, READER)
        assert reader.query("SELECT count() FROM otel.otel_logs") == [["0"]]
        with pytest.raises(StoreError, match="READONLY"):
            reader.query("INSERT INTO otel.otel_logs (Body) VALUES ('x')")
        with pytest.raises(StoreError, match="AUTHENTICATION_FAILED"):
            Store(url, WRITER, "wrong").query("SELECT 1")


def test_a_file_that_is_refused_is_named(store: Engine, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    folder.mkdir()
    (folder / "01_fine.sql").write_text("SELECT 1;\n-- a comment; with a semicolon\nSELECT 2;\n")
    (folder / "02_wrong.sql").write_text("SELECT nonsense;\n")
    with served(store, OWNER) as url, pytest.raises(StoreError, match=r"^02_wrong.sql: Code: 47"):
        apply(as_user(url, OWNER), folder)


def test_an_external_cluster_has_replicated_tables_everywhere() -> None:
    # The engine without a server has no Keeper, so that this is compared as text only.
    login = StoreLogin(username="somebody", password=SecretStr("any"))
    external = ExternalStoreSettings(
        host="ch.example.com", cluster="telemetry", writer=login, reader=login, schema_owner=login
    )
    for name, text in schema_files(ClickHouseSettings(kind="external", external=external)).items():
        statements = re.findall(r"^(?:CREATE|ALTER) .*$", text, re.MULTILINE)
        assert statements, name
        assert all("ON CLUSTER telemetry" in one for one in statements), name
        assert "ENGINE = MergeTree" not in text


def test_the_exporters_driver_gets_the_greeting_that_it_can_read(store: Engine) -> None:
    # github.com/ClickHouse/clickhouse-go v2.47, which the exporter 0.161 uses, asks this first.
    question = urllib.parse.quote("SELECT displayName(), version(), revision(), timezone()")
    with served(store, OWNER) as url:
        request = urllib.request.Request(
            f"{url}/?default_format=Native&client_protocol_version=54483&query={question}",
            data=b"",
            headers={"X-ClickHouse-User": WRITER, "X-ClickHouse-Key": PASSWORDS[WRITER]},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            block = answer.read()
    info, rest = block[:8], block[8:]
    assert info == b"\x01\x00\x02\xff\xff\xff\xff\x00"
    assert rest[:2] == b"\x04\x01"  # four columns, one row
    assert b"\x0arevision()\x06UInt32\x00" + bytes(4) in rest  # written as usual; revision 0 from here on
    assert rest.endswith(b"\x06String\x00\x03UTC")


def test_compression_is_refused_by_name(store: Engine) -> None:
    with served(store, OWNER) as url:
        asked = urllib.request.Request(
            f"{url}/?decompress=1&user={WRITER}&password={PASSWORDS[WRITER]}", data=b"SELECT 1"
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(asked, timeout=10)
    assert b"compress: none" in refused.value.read()
