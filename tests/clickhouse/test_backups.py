"""Backups to S3 and back, by the real engine: `roost store backup`, `list` and `restore`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store import backups, command
from app.store.backups import FULL_EVERY, Backup, found, next_backup, restore, take
from app.store.connection import Store, StoreError
from app.store.schema import apply
from infra.settings.clickhouse import ClickHouseSettings, StoreRestoreSettings
from infra.workloads import clickhouse_users
from infra.workloads.clickhouse_users import BACKUP, OWNER
from tests.clickhouse.engines import PASSWORDS, Engine, environment, served

_SUNDAY = datetime(2027, 1, 17, 2, tzinfo=UTC)
_MANY = (
    "INSERT INTO otel.otel_logs (Timestamp, ServiceName, Body) SELECT now() - number % 86400, 'server', "
    "toString(sipHash64(number)) FROM numbers({start}, {count})"
)
_CHECKSUM = "SELECT count(), sum(sipHash64(*)) FROM {database}.otel_logs"


@dataclass(frozen=True)
class Bucket:
    """As the stack's: versioned and locked, so that nothing written can be taken back."""

    client: Any
    endpoint: str
    name: str

    def bytes(self, backup: Backup) -> int:
        """How much of it belongs to a backup."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.name, Prefix=f"clickhouse/{backup.name}/"
        )
        return sum(item["Size"] for page in pages for item in page["Contents"])


@pytest.fixture
def bucket(s3: str, tmp_path: Path) -> Bucket:
    """An empty one."""
    client: Any = boto3.client(
        "s3",
        endpoint_url=s3,
        region_name="us-east-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    name = f"store-{hashlib.sha256(str(tmp_path).encode()).hexdigest()[:12]}"
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return Bucket(client, s3, name)


@pytest.fixture
def store(tmp_path: Path, bucket: Bucket) -> Engine:
    """An empty engine with a place for backups."""
    return Engine(tmp_path, ClickHouseSettings(kind="in-cluster"), f"{bucket.endpoint}/{bucket.name}")


def test_a_lost_store_comes_back_from_the_last_backup(store: Engine, bucket: Bucket, tmp_path: Path) -> None:
    with served(store, OWNER) as url:
        owner = Store(url, OWNER, PASSWORDS[OWNER])
        apply(owner, store.schema())
        owner.query(_MANY.format(start=0, count=1_000_000))
    with served(store, BACKUP) as url:
        full = take(Store(url, BACKUP, PASSWORDS[BACKUP]), _SUNDAY)
    size = bucket.bytes(full)
    with served(store, OWNER) as url:
        owner = Store(url, OWNER, PASSWORDS[OWNER])
        owner.query(_MANY.format(start=1_000_000, count=20_000))
        before = owner.query(_CHECKSUM.format(database="otel"))
    with served(store, BACKUP) as url:
        keeper = Store(url, BACKUP, PASSWORDS[BACKUP])
        following = take(keeper, _SUNDAY + timedelta(days=1))
        assert found(keeper) == [full, following]
    assert (full.kind, following.kind) == ("full", "incremental")
    assert bucket.bytes(following) < size / 10

    new = Engine(tmp_path / "new", store.settings, store.backups)
    new.root.mkdir()
    with served(new, OWNER) as url:
        owner = Store(url, OWNER, PASSWORDS[OWNER])
        restore(owner, following.name, "otel")
        assert owner.query(_CHECKSUM.format(database="otel")) == before
        apply(owner, new.schema())  # what an update does next
        assert owner.query(_CHECKSUM.format(database="otel")) == before
        with pytest.raises(StoreError, match="already contains some data"):
            restore(owner, following.name, "otel")


def test_a_backup_comes_back_beside_what_is_there(store: Engine) -> None:
    with served(store, OWNER) as url:
        owner = Store(url, OWNER, PASSWORDS[OWNER])
        apply(owner, store.schema())
        owner.query(_MANY.format(start=0, count=1000))
        before = owner.query(_CHECKSUM.format(database="otel"))
    with served(store, BACKUP) as url:
        full = take(Store(url, BACKUP, PASSWORDS[BACKUP]), _SUNDAY)
    with served(store, OWNER) as url:
        owner = Store(url, OWNER, PASSWORDS[OWNER])
        restore(owner, full.name, "otel_before")
        assert owner.query(_CHECKSUM.format(database="otel_before")) == before


def test_a_backup_that_is_not_in_the_bucket_is_none(store: Engine, bucket: Bucket) -> None:
    class Robbed(Store):
        """Somebody takes each backup away as soon as the server has made it."""

        def query(self, statement: str) -> list[list[str]]:
            rows = super().query(statement)
            if rows and rows[0][0] == "BACKUP_CREATED":
                for item in bucket.client.list_objects_v2(Bucket=bucket.name)["Contents"]:
                    bucket.client.delete_object(Bucket=bucket.name, Key=item["Key"])
            return rows

    with served(store, OWNER) as url:
        apply(Store(url, OWNER, PASSWORDS[OWNER]), store.schema())
    with served(store, BACKUP) as url, pytest.raises(StoreError, match="it is not in the bucket"):
        take(Robbed(url, BACKUP, PASSWORDS[BACKUP]), _SUNDAY)


def _announced(endpoint: str) -> float:
    """How many backups CloudWatch heard of."""
    client: Any = boto3.client(
        "cloudwatch",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",
    )
    now = datetime.now(UTC)
    found = client.get_metric_statistics(
        Namespace="Roost/roost-test",
        MetricName=command.METRIC,
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(one["Sum"] for one in found)


def test_commands_of_the_jobs(
    store: Engine,
    bucket: Bucket,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from app.cli import main

    password = tmp_path / "password"
    monkeypatch.setenv("ROOST_STORE_PASSWORD_FILE", str(password))
    with served(store, OWNER) as url:
        monkeypatch.setenv("ROOST_STORE_URL", url)
        monkeypatch.setenv("ROOST_STORE_USER", OWNER)
        password.write_text("wrong\n")
        assert main(["store", "apply", str(store.schema())]) == 1
        assert "AUTHENTICATION_FAILED" in capsys.readouterr().err
        password.write_text(f"{PASSWORDS[OWNER]}\n")
        assert main(["store", "apply", str(store.schema())]) == 0
        assert main(["store", "restore", "full-20270117T020000Z"]) == 1
        assert "BACKUP_NOT_FOUND" in capsys.readouterr().err
    with served(store, BACKUP) as url:
        monkeypatch.setenv("ROOST_STORE_URL", url)
        monkeypatch.setenv("ROOST_STORE_USER", BACKUP)
        password.write_text(PASSWORDS[BACKUP])
        assert main(["store", "backup"]) == 0
        assert main(["store", "list"]) == 0
        assert capsys.readouterr().out.splitlines()[-1].startswith("full-")
        assert _announced(bucket.endpoint) == 0, "nobody asked for it"
        for name, value in environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("ROOST_METRICS_NAMESPACE", "Roost/roost-test")
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", bucket.endpoint)
        assert main(["store", "list"]) == 0
        assert _announced(bucket.endpoint) == 0, "no backup"
        assert main(["store", "backup"]) == 0
        assert _announced(bucket.endpoint) == 1
        monkeypatch.setattr("app.aws.requests.ATTEMPTS", 1)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", "http://127.0.0.1:1")
        assert main(["store", "backup"]) == 1
        assert "the alarms could not be told" in capsys.readouterr().err
    with pytest.raises(ConnectionError):
        Store(url, BACKUP, PASSWORDS[BACKUP]).query("SELECT 1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", bucket.endpoint)
    assert main(["store", "backup"]) == 1
    assert _announced(bucket.endpoint) == 1, "a backup that failed is not announced"


def test_a_store_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.store.connection._PATIENCE_SECONDS", 0)
    with pytest.raises(StoreError, match="does not answer"):
        Store("http://127.0.0.1:1", OWNER, "any").wait()


_WHEN = st.integers(min_value=0, max_value=60 * 86400).map(
    lambda seconds: _SUNDAY + timedelta(seconds=seconds)
)


@given(st.lists(st.tuples(_WHEN, st.sampled_from(["full", "incremental"])), max_size=8), _WHEN)
def test_an_incremental_builds_on_a_full_one_of_its_week(known: list[Any], now: datetime) -> None:
    there = [Backup(when, kind) for when, kind in known if when < now]
    following, base = next_backup(there, now)
    assert following.taken == now
    if base is None:
        assert following.kind == "full"
        assert not [one for one in there if one.kind == "full" and now - one.taken < timedelta(days=6)]
    else:
        assert following.kind == "incremental"
        assert base.kind == "full"
        assert now - base.taken < FULL_EVERY


@given(_WHEN, st.sampled_from(["full", "incremental"]))
def test_names_say_what_a_backup_is(when: datetime, kind: Any) -> None:
    backup = Backup(when, kind)
    assert Backup.of(backup.name) == backup
    assert StoreRestoreSettings(backup=backup.name).backup == backup.name


@pytest.mark.parametrize("name", ["", "full", "full-2027", "other-20270117T020000Z", "full-20271317T020000Z"])
def test_other_names_are_nobodys(name: str) -> None:
    assert Backup.of(name) is None


def test_both_sides_name_the_same_things() -> None:
    assert backups.COLLECTION == clickhouse_users.BACKUPS
    assert backups.DATABASE == command.DATABASE == clickhouse_users.DATABASE
