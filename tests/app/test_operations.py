"""A server among others: readiness, rolling updates, drains, crashes, and what its logs give away."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import letta_client
import pytest

from tests.app.conftest import LOGINS, application
from tests.support import postgres, server
from tests.support.model import Model, Say
from tests.support.server import PASSWORD


def wait_for(condition: Any, seconds: float = 10) -> None:
    """Poll until the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.02)


def status_of(running: server.Server) -> tuple[int, str]:
    """What readiness says."""
    code, body, _ = running.request("GET", "/v1/ready/")
    return code, body["status"]


def test_not_ready_until_the_database_is_migrated(
    cluster: postgres.Cluster, template: str, model: Model
) -> None:
    cluster.sql("CREATE DATABASE unmigrated")
    variables = server.environment(application(cluster, "unmigrated"), model)
    with server.running(variables, ready=False) as running:
        assert status_of(running) == (503, "warming")
        assert running.request("GET", "/v1/health/")[0] == 200


def test_ready_on_a_newer_database_but_not_on_an_older_one(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    with server.running(server.environment(application(cluster, database), model)) as running:
        assert status_of(running) == (200, "ok")
        cluster.sql("UPDATE roost.alembic_version SET version_num = '9999-from-the-future'", database)
        assert status_of(running) == (200, "ok")
        cluster.sql("DELETE FROM roost.alembic_version", database)
        code, status = status_of(running)
        assert code == 503
        assert "is needed" in status


def test_the_server_starts_without_a_database_and_says_so(model: Model) -> None:
    nowhere = {"LETTA_PG_HOST": "127.0.0.1", "LETTA_PG_PORT": "1", "LETTA_PG_PASSWORD": "x"}
    with server.running(server.environment(nowhere, model), ready=False) as running:
        assert status_of(running)[0] == 503
        status, body, headers = running.request("GET", "/v1/agents/")
        assert (status, headers["retry-after"]) == (503, "1")
        assert "cannot be reached" in body["detail"]


def test_a_drain_finishes_what_runs_and_fails_readiness(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    with server.running(server.environment(application(cluster, database), model)) as running:
        client = running.client(max_retries=0)
        agents = [client.agents.create().id for _ in range(2)]
        with ThreadPoolExecutor() as pool:
            plain = pool.submit(client.agents.messages.create, agents[0], input="plain")
            stream = pool.submit(
                lambda: list(client.agents.messages.create(agents[1], input="stream", streaming=True))
            )
            wait_for(lambda: len(model.requests) == 2)
            running.process.terminate()
            wait_for(lambda: status_of(running) == (503, "draining"))
            time.sleep(3)  # longer than uvicorn would wait by itself
            assert status_of(running) == (503, "draining")
            model.gate.set()
            assert plain.result().messages[0].content == "You said: plain"
            assert [e.message_type for e in stream.result()][-1] == "usage_statistics"
        assert running.process.wait(10) == 0


def test_a_drain_ends_in_time_and_releases_what_is_left(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    variables = server.environment(application(cluster, database), model, ROOST_DRAIN_SECONDS="1")
    with server.running(variables) as other:
        with server.running(variables) as running, ThreadPoolExecutor() as pool:
            client = running.client(max_retries=0)
            agent_id = client.agents.create().id
            turn = pool.submit(client.agents.messages.create, agent_id, input="too slow")
            wait_for(lambda: len(model.requests) == 1)
            began = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - began < 8
            with pytest.raises(letta_client.APIError):
                turn.result()
        wait_for(lambda: len(model.requests) == 2)  # long before the lease would have been over
        model.gate.set()
        client = other.client(max_retries=0)
        wait_for(lambda: client.runs.list(agent_id=agent_id).items[0].status == "completed")
        assert client.agents.messages.list(agent_id).items[0].content == "You said: too slow"


def test_a_killed_server_s_turn_goes_on_when_the_lease_is_over(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    variables = server.environment(application(cluster, database), model)
    with server.running(variables) as running, ThreadPoolExecutor() as pool:
        client = running.client(max_retries=0)
        agent_id = client.agents.create().id
        turn = pool.submit(client.agents.messages.create, agent_id, input="lost")
        wait_for(lambda: len(model.requests) == 1)
        running.process.kill()
        with pytest.raises(letta_client.APIConnectionError):
            turn.result()
    model.gate.set()
    with server.running(variables) as other:
        client = other.client(max_retries=0)
        with pytest.raises(letta_client.ConflictError, match="busy"):
            client.agents.messages.create(agent_id, input="too early")
        cluster.sql("UPDATE roost.runs SET lease_expires_at = now() - interval '1 second'", database)
        wait_for(lambda: client.runs.list(agent_id=agent_id).items[0].status == "completed")
        assert client.agents.messages.create(agent_id, input="now").stop_reason.stop_reason == "end_turn"
        said = [m.content for m in client.agents.messages.list(agent_id, order="asc").items[1:]]
        assert said == ["lost", "You said: lost", "now", "You said: now"]


def test_a_turn_outlives_the_client_that_asked(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    with server.running(server.environment(application(cluster, database), model)) as running:
        client = running.client()
        agent_id = client.agents.create(memory_blocks=[{"label": "human", "value": ""}]).id
        for path in ("messages", "messages/stream"):
            asked = len(model.requests)
            with pytest.raises(httpx.ReadTimeout):
                _impatient(running, agent_id, path)
            assert len(model.requests) == asked + 1
            model.gate.set()
            wait_for(lambda: not client.runs.list(agent_id=agent_id, active=True).items)
            model.gate = threading.Event()
        model.gate.set()
        assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == "I left\nI left"


def _impatient(running: server.Server, agent_id: str, path: str) -> None:
    body = {"messages": [{"role": "user", "content": "remember that I left"}]}
    headers = {"authorization": f"Bearer {PASSWORD}"}
    url = f"{running.url}/v1/agents/{agent_id}/{path}"
    with httpx.Client(timeout=0.7) as http, http.stream("POST", url, json=body, headers=headers) as response:
        for _ in response.iter_lines():
            pass


def test_logs_are_json_and_hold_neither_secrets_nor_what_was_said(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    secret = "the treasure is under the lighthouse"
    variables = server.environment(application(cluster, database), model, LETTA_LOG_LEVEL="DEBUG")
    with server.running(variables) as running:
        client = running.client(max_retries=0)
        agent = client.agents.create(memory_blocks=[{"label": "human", "value": secret}])
        client.agents.messages.create(agent.id, input=f"remember that {secret}")
        running.request("GET", "/v1/agents/", headers={"authorization": "Bearer a wrong password"})
        running.request("POST", "/v1/agents/", {"timezone": secret})
        model.script = lambda _: Say("")
        with pytest.raises(letta_client.APIStatusError):
            client.agents.messages.create(agent.id, input=secret)
        running.stop()
        lines = running.logs().splitlines()
    entries = [json.loads(line) for line in lines]
    assert {"timestamp", "level", "logger", "message"} <= set.intersection(*(set(e) for e in entries))
    assert any(e["message"] == "request" and e["request_id"] for e in entries)
    text = "\n".join(lines)
    hidden = (
        secret,
        PASSWORD,
        LOGINS["ROOST_APP_PASSWORD"],
        "model-key-that-must-not-leak",
        "a wrong password",
    )
    assert [word for word in hidden if word in text] == []


def test_a_lost_connection_is_an_error_once_and_the_next_request_works(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    with server.running(server.environment(application(cluster, database), model)) as running:
        assert running.request("GET", "/v1/agents/count")[0] == 200
        cluster.sql(
            f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
        )
        wait_for(lambda: running.request("GET", "/v1/agents/count")[0] == 200)
        assert running.client().agents.create().id.startswith("agent-")
