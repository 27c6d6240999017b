"""What keeps a turn whole: one transaction per step, leases that are renewed, and fencing."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import letta_client
import pytest

from app.db.pool import Database
from app.http.lifecycle import Lifecycle
from app.settings import DatabaseSettings
from app.turns import supervisor
from app.turns.state import Turn
from tests.app.conftest import application
from tests.app.test_operations import wait_for
from tests.support import postgres, server
from tests.support.model import Model

ORGANIZATION = "00000000-0000-4000-8000-000000000000"


def test_a_call_and_its_return_are_written_together_or_not_at_all(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    """A trigger refuses the return: the call, the edited block and the step must go with it."""
    with server.running(server.environment(application(cluster, database), model)) as running:
        client = running.client(max_retries=0)
        agent = client.agents.create(memory_blocks=[{"label": "human", "value": "before"}])
        cluster.sql(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'no tool rows today'; END$$",
            database,
        )
        cluster.sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON roost.messages FOR EACH ROW"
            " WHEN (NEW.role = 'tool') EXECUTE FUNCTION refuse()",
            database,
        )
        with pytest.raises(letta_client.InternalServerError, match="unknown error"):
            client.agents.messages.create(agent.id, input="remember that it is half done")
        stored = [m.message_type for m in client.agents.messages.list(agent.id, order="asc")]
        assert stored == ["system_message", "user_message"]
        assert client.agents.blocks.retrieve("human", agent_id=agent.id).value == "before"
        (run,) = client.runs.list(agent_id=agent.id).items
        assert (run.status, run.stop_reason) == ("failed", "error")
        cluster.sql("DROP TRIGGER refuse ON roost.messages", database)
        client.agents.messages.create(agent.id, input="remember that it is done")
        assert client.agents.blocks.retrieve("human", agent_id=agent.id).value == "before\nit is done"


def test_a_server_that_lost_its_lease_writes_nothing(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    with server.running(server.environment(application(cluster, database), model)) as running:
        client = running.client(max_retries=0)
        agent = client.agents.create(memory_blocks=[{"label": "human", "value": "before"}])
        with ThreadPoolExecutor() as pool:
            turn = pool.submit(client.agents.messages.create, agent.id, input="remember that I was replaced")
            wait_for(lambda: len(model.requests) == 1)
            cluster.sql(f"UPDATE roost.runs SET lease_token = '{uuid4()}'", database)
            model.gate.set()
            with pytest.raises(letta_client.InternalServerError, match="another server"):
                turn.result()
        assert client.agents.blocks.retrieve("human", agent_id=agent.id).value == "before"
        assert len(client.agents.messages.list(agent.id).items) == 2


@pytest.fixture
def quick_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heartbeats ten times a second."""
    monkeypatch.setattr(supervisor, "BEAT_SECONDS", 0.1)


async def test_leases_are_renewed_until_they_are_someone_elses(
    cluster: postgres.Cluster, database: str, quick_beats: None
) -> None:
    db, turns, (kept, lost) = await _two_running_turns(cluster, database)
    beat = asyncio.create_task(turns.beat())
    try:
        tasks = {turn.token: turns.spawn(turn, _endless()) for turn in (kept, lost)}
        await _until(lambda: _left(cluster, database, kept.token) > 20)
        await asyncio.to_thread(
            cluster.sql,
            f"UPDATE roost.runs SET lease_token = '{uuid4()}' WHERE lease_token = '{lost.token}'",
            database,
        )
        await asyncio.wait([tasks[lost.token]], timeout=5)
        assert tasks[lost.token].cancelled()
        assert not tasks[kept.token].done()
        await turns.release()
        assert tasks[kept.token].cancelled()
        assert await asyncio.to_thread(_left, cluster, database, kept.token) < 0
    finally:
        beat.cancel()
        await db.close()


async def _two_running_turns(
    cluster: postgres.Cluster, database: str
) -> tuple[Database, supervisor.Turns, list[Turn]]:
    """Runs of two agents whose leases are nearly over."""
    variables: dict[str, Any] = application(cluster, database)
    db = await Database.open(DatabaseSettings(**variables), size=2)
    made: list[Turn] = []
    for _ in range(2):
        agent, token, run = uuid4(), uuid4(), uuid4()
        made.append(
            Turn(
                org_id=UUID(ORGANIZATION),
                agent_id=agent,
                run_id=run,
                token=token,
                max_steps=1,
                stream_tokens=False,
                request_id=None,
                started=0,
            )
        )
        await asyncio.to_thread(
            cluster.sql,
            "INSERT INTO roost.agents (id, org_id, name, agent_type, system, model, llm_config, prompt_key)"
            f" VALUES ('{agent}', '{ORGANIZATION}', 'a', 'letta_v1_agent', '', 'm', '{{}}', '')",
            database,
        )
        await asyncio.to_thread(
            cluster.sql,
            "INSERT INTO roost.runs (id, org_id, agent_id, status, lease_token, lease_expires_at) VALUES"
            f" ('{run}', '{ORGANIZATION}', '{agent}', 'running', '{token}', now() + interval '5 s')",
            database,
        )
    return db, supervisor.Turns(db, Lifecycle()), made


async def _endless() -> Any:
    await asyncio.sleep(60)


def _left(cluster: postgres.Cluster, database: str, token: UUID) -> float:
    """Seconds until a lease is over."""
    left = "SELECT extract(epoch FROM lease_expires_at - now()) FROM roost.runs"
    return float(cluster.sql(f"{left} WHERE lease_token = '{token}'", database))


async def _until(condition: Any) -> None:
    await asyncio.to_thread(wait_for, condition)


def test_nothing_sets_session_state_on_pooled_connections() -> None:
    """The pool skips asyncpg's reset, which is only safe as long as this holds."""
    forbidden = ("pg_advisory_lock", '"LISTEN', "SET SESSION", "set_config(", "CREATE TEMP")
    allowed = {"migrate.py", "bootstrap.py"}  # on connections of their own
    for path in (server.REPO / "app").rglob("*.py"):
        if path.name in allowed:
            continue
        text = path.read_text(encoding="utf-8")
        assert [word for word in forbidden if word in text] == [], Path(path).name
