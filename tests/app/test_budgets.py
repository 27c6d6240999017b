"""Costs that creep in unseen: imports, statements per request, work that grows with history."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from letta_client import Letta

from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model, Say

HEAVY = (
    "numpy", "openai", "boto3", "botocore", "sqlalchemy", "alembic", "pgvector", "requests", "httpx",
    "letta_client", "kubernetes", "pulumi", "cryptography", "rich", "grpc",
)  # fmt: skip


def fresh(code: str) -> dict:
    """Run code in a new interpreter; what it prints as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=server.REPO, capture_output=True, text=True, timeout=60, check=True
    )
    return json.loads(done.stdout)


def test_the_server_imports_nothing_heavy() -> None:
    code = f"""
import json, re, sys, time
began = time.process_time()
import app.main, app.serve
used = time.process_time() - began
print(json.dumps({{"heavy": [m for m in {HEAVY!r} if m in sys.modules], "seconds": used,
    "mib": int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024}}))"""
    found = fresh(code)
    assert found["heavy"] == []
    assert found["mib"] < 110
    assert found["seconds"] < 3, "generous: the machine that runs the tests is slow and shared"


def test_importing_builds_nothing() -> None:
    """No settings, pools or loggers at import time: a library could import us."""
    code = """
import asyncio, json, logging, os, threading
os.environ.clear()
import app.main
print(json.dumps({"handlers": len(logging.getLogger().handlers), "threads": threading.active_count()}))"""
    assert fresh(code) == {"handlers": 0, "threads": 1}


@pytest.fixture
def statements(cluster: postgres.Cluster, database: str, model: Model):
    """A server on a database of its own, and a way to count what a call makes it send to PostgreSQL."""
    with server.running(server.environment(application(cluster, database), model)) as running:
        client = running.client()
        client.agents.list()  # the first use of a connection also introspects types

        def once(call: Callable[[], object]) -> int:
            before = _sent(cluster, database)
            call()
            return _sent(cluster, database) - before

        def count(call: Callable[[], object]) -> int:
            """The least of a few: what the server does every second for itself may fall into one of them."""
            return min(once(call) for _ in range(3))

        yield client, count


def _sent(cluster: postgres.Cluster, database: str) -> int:
    lines = cluster.log().splitlines()
    ours = [line for line in lines if f" {database} roost-server " in line]
    return sum("execute" in line or "statement:" in line for line in ours)


def test_statements_per_request(statements: tuple[Letta, Callable], model: Model) -> None:
    client, count = statements
    agent = client.agents.create(
        memory_blocks=[{"label": "human", "value": ""}], tools=["archival_memory_search"]
    )
    model.script = lambda _: Say("hello")
    client.agents.messages.create(agent.id, input="warm up")
    budget = {
        "retrieve an agent": (1, lambda: client.agents.retrieve(agent.id)),
        "list agents": (1, lambda: client.agents.list(limit=10)),
        "change a block": (1, lambda: client.agents.blocks.update("human", agent_id=agent.id, value="x")),
        "list messages": (1, lambda: client.agents.messages.list(agent.id)),
        "create an agent": (3, client.agents.create),
        "a turn without tools: start, load, commit": (
            3, lambda: client.agents.messages.create(agent.id, input="hi")
        ),
        "insert a passage: agent, passage": (2, lambda: client.agents.passages.create(agent.id, text="fact")),
        "search passages": (1, lambda: client.agents.passages.search(agent.id, query="fact")),
    }  # fmt: skip
    assert {name: count(call) for name, (_, call) in budget.items()} == {
        name: allowed for name, (allowed, _) in budget.items()
    }


def test_a_long_history_costs_a_turn_nothing(
    cluster: postgres.Cluster, statements: tuple[Letta, Callable], database: str, model: Model
) -> None:
    """100,000 old messages out of view: the plans of a turn and of a listing touch only what they return."""
    client, count = statements
    agent = client.agents.create()
    raw = agent.id.removeprefix("agent-")
    cluster.sql(
        "INSERT INTO roost.messages (id, org_id, agent_id, seq, role, text) SELECT gen_random_uuid(),"
        f" '00000000-0000-4000-8000-000000000000', '{raw}', n, 'user', 'old'"
        " FROM generate_series(2, 100000) n",
        database,
    )
    cluster.sql(
        f"UPDATE roost.agents SET next_seq = 100001, context_start = 100001 WHERE id = '{raw}'", database
    )
    model.script = lambda _: Say("quick")
    asked = len(model.requests)
    assert count(lambda: client.agents.messages.create(agent.id, input="hi")) == 3
    assert len(model.requests[asked]["messages"]) == 2
    cluster.sql("SELECT pg_stat_force_next_flush()", database)
    cluster.sql("ANALYZE roost.messages", database)
    before = _rows_read(cluster, database)
    client.agents.messages.create(agent.id, input="hi again")
    client.agents.messages.list(agent.id, limit=10)
    client.agents.retrieve(agent.id)
    assert _rows_read(cluster, database) - before < 2000


def _rows_read(cluster: postgres.Cluster, database: str) -> int:
    import time

    time.sleep(1.2)  # statistics of other sessions are flushed at most once a second
    return int(
        cluster.sql(
            "SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM pg_stat_user_tables"
            " WHERE schemaname = 'roost' AND relname ~ '^messages(_|$)'",
            database,
        )
    )
