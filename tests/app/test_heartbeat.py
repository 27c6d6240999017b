"""`roost heartbeat` as the CronJob runs it: against real Postgres and the emulated account."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from local.emulator import child
from local.emulator.child import ClusterEndpoint, Emulated
from tests.app.conftest import LOGINS, login, roost
from tests.support import postgres, server

REGION = "eu-central-1"
NAMESPACE = "Roost/roost-test"
INSTANCE = "roost-test-heartbeat"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    ca: Path = tmp_path_factory.mktemp("cluster") / "ca.crt"
    ca.write_text("-----BEGIN CERTIFICATE-----\nno cluster runs here\n-----END CERTIFICATE-----\n")
    with child.running(clusters={REGION: ClusterEndpoint("https://127.0.0.1:1", ca)}) as started:
        started.client("rds", REGION).create_db_instance(
            DBInstanceIdentifier=INSTANCE,
            Engine="postgres",
            EngineVersion="17",
            DBInstanceClass="db.t4g.medium",
            AllocatedStorage=20,
            MasterUsername="roost_master",
            ManageMasterUserPassword=True,
        )
        yield started


@pytest.fixture
def inside(account: Emulated, cluster: postgres.Cluster, database: str) -> dict[str, str]:
    """The environment of the CronJob's pod."""
    return {
        **login(cluster, database, LOGINS["ROOST_READONLY_USER"], LOGINS["ROOST_READONLY_PASSWORD"]),
        "ROOST_METRICS_NAMESPACE": NAMESPACE,
        "ROOST_RDS_INSTANCE": INSTANCE,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "roost-rehearsal",
        "AWS_SECRET_ACCESS_KEY": "not-a-secret",
        "AWS_ENDPOINT_URL_CLOUDWATCH": account.url,
        "AWS_ENDPOINT_URL_RDS": account.url,
    }


def latest(account: Emulated, metric: str) -> dict[str, Any]:
    """The statistics of the last minutes of a metric."""
    now = datetime.now(UTC)
    found = account.client("cloudwatch", REGION).get_metric_statistics(
        Namespace=NAMESPACE,
        MetricName=metric,
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=5),
        Period=3600,
        Statistics=["SampleCount", "Maximum"],
    )["Datapoints"]
    return max(found, key=lambda one: one["Timestamp"], default={"SampleCount": 0.0, "Maximum": None})


def test_a_beat_is_seen_in_cloudwatch_with_what_it_measured(
    account: Emulated, inside: dict[str, str], cluster: postgres.Cluster, database: str
) -> None:
    """The readonly login sees how long the app's transaction is open, and the age of RDS's last copy."""

    async def with_an_open_transaction() -> Any:
        app = await asyncpg.connect(
            host=cluster.host,
            port=cluster.port,
            user=LOGINS["ROOST_APP_USER"],
            password=LOGINS["ROOST_APP_PASSWORD"],
            database=database,
        )
        async with app.transaction():
            await app.fetchval("SELECT 1")
            await asyncio.sleep(2)
            done = await asyncio.to_thread(roost, inside, "heartbeat")
        await app.close()
        return done

    done = asyncio.run(with_an_open_transaction())
    assert done.returncode == 0, done.stderr
    assert latest(account, "Heartbeat")["SampleCount"] >= 1
    assert 2 <= latest(account, "OldestTransactionSeconds")["Maximum"] < 60
    assert -5 < latest(account, "RestorableAgeSeconds")["Maximum"] < 600
    assert inside["AWS_SECRET_ACCESS_KEY"] not in done.stderr


def test_a_dead_database_does_not_look_like_a_dead_cluster(account: Emulated, inside: dict[str, str]) -> None:
    before = latest(account, "Heartbeat")["SampleCount"]
    done = roost({**inside, "LETTA_PG_PORT": "1", "ROOST_RDS_INSTANCE": "roost-gone"}, "heartbeat")
    assert done.returncode == 1
    assert "OldestTransactionSeconds: " in done.stderr
    assert "RestorableAgeSeconds: POST" in done.stderr
    assert latest(account, "Heartbeat")["SampleCount"] == before + 1


def test_other_commands_announce_where_they_are_told_to_and_else_nowhere(
    account: Emulated, inside: dict[str, str]
) -> None:
    def announce(value: int, variables: dict[str, str]) -> None:
        code = f"from app.aws.metrics import announce; announce('ModelAnswers', {value})"
        subprocess.run([sys.executable, "-c", code], env=variables, cwd=server.REPO, timeout=60, check=True)

    announce(1, inside)
    announce(2, {key: value for key, value in inside.items() if key != "ROOST_METRICS_NAMESPACE"})
    assert latest(account, "ModelAnswers")["Maximum"] == 1


@pytest.mark.parametrize("name", ["ROOST_METRICS_NAMESPACE", "AWS_REGION", "ROOST_RDS_INSTANCE"])
def test_what_is_missing_is_named(inside: dict[str, str], name: str) -> None:
    done = roost({key: value for key, value in inside.items() if key != name}, "heartbeat")
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name} is not set")


def test_a_pod_without_an_identity_says_what_to_do(inside: dict[str, str]) -> None:
    nobody = {key: value for key, value in inside.items() if "_KEY" not in key}
    done = roost(nobody, "heartbeat")
    assert done.returncode == 1
    assert "no Pod Identity association" in done.stderr
