"""Rate limits: what a key may send, whichever replica it asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import asyncpg
import letta_client
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.db.pool import Database
from app.security import limits
from app.security.limits import LEASE, RateLimiter
from app.settings import DatabaseSettings
from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model
from tests.support.server import Server
from tests.support.tenants import Tenant, tenant

PER_SECOND, BURST = 2.0, 12


@pytest.fixture
def replicas(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[list[Server]]:
    """Two servers on one database, with a small burst."""
    variables = server.environment(
        application(cluster, database),
        model,
        ROOST_RATE_LIMIT_PER_MINUTE=str(round(PER_SECOND * 60)),
        ROOST_RATE_LIMIT_BURST=str(BURST),
    )
    with server.running(variables) as one, server.running(variables) as two:
        yield [one, two]


def counted(who: Tenant, servers: list[Server], requests: int) -> list[int]:
    """Statuses of requests that go to the servers in turn."""
    headers = {"authorization": f"Bearer {who.key}"}
    return [
        servers[n % len(servers)].request("GET", "/v1/agents/count", headers=headers)[0]
        for n in range(requests)
    ]


def test_replicas_share_one_budget(replicas: list[Server]) -> None:
    greedy, modest = tenant(replicas[0]), tenant(replicas[0])
    began = time.monotonic()
    statuses = counted(greedy, replicas, 6 * BURST)
    most = BURST + PER_SECOND * (time.monotonic() - began) + 1
    assert set(statuses) == {200, 429}
    # A token or two may lie unused with the other replica when the bucket runs dry.
    assert BURST - 2 <= statuses.count(200) <= most
    assert counted(modest, replicas, 4) == [200] * 4, "another key has a budget of its own"


def test_a_refusal_says_when_to_come_back(replicas: list[Server]) -> None:
    who = tenant(replicas[0])
    answers = [who.request("GET", "/v1/agents/count") for _ in range(3 * BURST)]
    _, body, headers = next(answer for answer in answers if answer[0] == 429)
    assert body["error"]["type"] == "rate_limit"
    assert "120 requests a minute" in body["error"]["message"]
    assert headers["x-should-retry"] == "true"
    wait = int(headers["retry-after"])
    assert 1 <= wait <= 2
    time.sleep(wait)
    assert who.request("GET", "/v1/agents/count")[0] == 200


def test_the_client_waits_and_gets_its_answer(replicas: list[Server]) -> None:
    who = tenant(replicas[0])
    counted(who, replicas[:1], 3 * BURST)
    assert list(who.client(max_retries=5).agents.list()) == []
    impatient = who.client(max_retries=0)
    with pytest.raises(letta_client.RateLimitError):
        _ = [impatient.agents.list() for _ in range(3 * BURST)]


def test_probes_and_the_operator_are_not_limited(replicas: list[Server]) -> None:
    who = tenant(replicas[0])
    counted(who, replicas[:1], 3 * BURST)
    for path in ("/v1/health/", "/v1/ready", "/metrics"):
        assert who.request("GET", path)[0] == 200
    assert [replicas[0].request("GET", "/v1/agents/count")[0] for _ in range(3 * BURST)] == [200] * 3 * BURST
    _, metrics, _ = replicas[0].request("GET", "/metrics")
    assert next(line for line in metrics.splitlines() if line.startswith("roost_rate_limited_total ")) != (
        "roost_rate_limited_total 0.0"
    )


@pytest.fixture
def bucket(cluster: postgres.Cluster, database: str) -> Iterator[UUID]:
    """A key in the database, whose bucket is not there yet."""
    key_id = uuid4()
    home = "00000000-0000-4000-8000-000000000000"
    cluster.sql(
        "INSERT INTO roost.user_keys (id, org_id, user_id, role, digest, hint)"
        f" VALUES ('{key_id}', '{home}', '{home}', 'member', 'x', 'x')",
        database,
    )
    yield key_id
    cluster.sql("DELETE FROM roost.user_keys", database)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    pauses=st.lists(st.floats(0, 30), min_size=1, max_size=20),
    burst=st.integers(1, 300),
    rate=st.sampled_from([0.1, 1.0, 2.0, 50.0]),
)
def test_no_sequence_of_leases_gives_more_than_there_is(
    cluster: postgres.Cluster, database: str, bucket: UUID, pauses: list[float], burst: int, rate: float
) -> None:
    """`pauses` are seconds that pass between leases: the bucket's clock is set back by each."""

    async def run() -> None:
        connection = await asyncpg.connect(
            host=cluster.host, port=cluster.port, user=cluster.user, password=cluster.password,
            database=database, server_settings={"search_path": "roost"},
        )  # fmt: skip
        try:
            await connection.execute("DELETE FROM rate_buckets")
            given_out, passed, began = 0.0, 0.0, time.monotonic()
            for pause in pauses:
                await connection.execute(
                    "UPDATE rate_buckets SET filled_at = filled_at - make_interval(secs => $1)", pause
                )
                row = await connection.fetchrow(LEASE.sql, bucket, burst, rate, limits.SLICE)
                passed += pause
                given_out += row["granted"]
                assert 0 <= row["tokens"] <= burst
                assert row["granted"] == int(row["granted"]) <= limits.SLICE
                assert row["granted"] or row["tokens"] < 1, "nobody is refused while there is a token"
                elapsed = passed + time.monotonic() - began
                assert given_out <= burst + rate * elapsed + 1e-6
        finally:
            await connection.close()

    asyncio.run(run())


def test_without_the_database_requests_pass() -> None:
    """The limiter is no reason to refuse everybody; what needs the database says so itself."""

    async def run() -> None:
        nowhere = DatabaseSettings(LETTA_PG_HOST="127.0.0.1", LETTA_PG_PORT=1)  # pyright: ignore[reportCallIssue]
        db = await Database.open(nowhere, size=1)
        limiter = RateLimiter(db, per_minute=60, burst=1)
        key_id = uuid4()
        for _ in range(3):
            await limiter.take(key_id)
        await db.close()

    asyncio.run(run())
