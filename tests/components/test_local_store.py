"""The local telemetry store: only where it is asked for, reached by its Jobs alone, on its own volume."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import Recording
from tests.support.program import PLATFORM, changed, run_program
from tests.support.workloads import pod_may_connect, restricted_violations, workload, workloads

_IMAGES = {**PLATFORM["images"], "clickhouse": "docker.io/roost/clickhouse:0123456789ab"}


@pytest.fixture
def stack(state: Path, monkeypatch: pytest.MonkeyPatch) -> Recording:
    return run_program(
        "local",
        monkeypatch,
        state,
        config=changed("local", {"clickhouse": {"kind": "in-cluster"}}),
        platform={**PLATFORM, "images": _IMAGES},
    )


def test_it_is_off_unless_asked_for(local: Recording) -> None:
    assert not [one for one in workloads(local) if one.name in ("clickhouse", "store-schema")]


def test_it_runs_as_everything_else_does_and_reads_passwords_from_files(stack: Recording) -> None:
    store = workload(stack, "clickhouse")
    assert restricted_violations(store.pod) == []
    secret = stack.one("kubernetes:core/v1:Secret", "clickhouse").inputs
    assert set(secret["stringData"]) == {"otel_writer", "otel_reader", "otel_owner"}
    variables = {one["name"]: one["value"] for one in store.container["env"]}
    assert variables == {"STORE_LOGINS": "/run/secrets/clickhouse", "STORE_READERS": "otel_reader"}


def test_its_tables_are_made_over_plain_http_on_one_machine(stack: Recording) -> None:
    job = workload(stack, "store-schema")
    assert pod_may_connect(stack, job, workload(stack, "clickhouse"), 8123)
    variables = {one["name"]: one["value"] for one in job.container["env"]}
    assert variables["ROOST_STORE_URL"] == "http://clickhouse.roost.svc:8123"
    assert "ROOST_STORE_CA_FILE" not in variables
    assert stack.waits_for(job.owner, workload(stack, "clickhouse").owner)


def test_there_are_no_backups_without_a_bucket(stack: Recording) -> None:
    assert not [one for one in workloads(stack) if one.name == "store-backup"]
