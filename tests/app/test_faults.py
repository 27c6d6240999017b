"""What a turn does when the database or the model fails under it: it goes on, or ends and says why."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import letta_client
import pytest

from tests.app.conftest import LOGINS, application, login, migrator, roost
from tests.app.test_operations import wait_for
from tests.support import postgres, server
from tests.support.model import Model

USAGE = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[tuple[postgres.Cluster, str]]:
    """A PostgreSQL that may crash without other tests noticing, and its migrated database."""
    with postgres.cluster(synchronous_commit="on") as running:  # what was answered must survive
        running.sql("CREATE DATABASE faults")
        master = login(running, "faults", running.user, running.password) | LOGINS
        for variables, step in ((master, "bootstrap"), (migrator(running, "faults"), "migrate")):
            done = roost(variables, "db", step)
            assert done.returncode == 0, done.stderr
        yield running, "faults"


@pytest.mark.parametrize("where", ["plain", "tool", "background"])
def test_postgres_crashes_in_the_middle_of_a_turn(
    own_cluster: tuple[postgres.Cluster, str], model: Model, where: str
) -> None:
    """A backend is killed, so that PostgreSQL cuts all connections and recovers from its log."""
    cluster, database = own_cluster
    model.gate = threading.Event()
    text = "remember that it crashed" if where == "tool" else "hello"
    with (
        server.running(server.environment(application(cluster, database), model)) as running,
        ThreadPoolExecutor() as pool,
    ):
        client = running.client(max_retries=0)
        agent_id = client.agents.create(memory_blocks=[{"label": "human", "value": "Ada"}]).id
        if where == "background":
            client.agents.messages.create_async(agent_id, input=text)
        turn = (
            pool.submit(client.agents.messages.create, agent_id, input=text)
            if where != "background"
            else None
        )
        wait_for(lambda: len(model.requests) == 1)
        _crash(cluster, database)
        model.gate.set()
        if turn is not None:  # the request waits for its turn, which begins anew where the last step ended
            assert turn.result(60).stop_reason.stop_reason == "end_turn"
        wait_for(lambda: _status(client, agent_id) == "completed", seconds=60)
        kinds = [m.message_type for m in client.agents.messages.list(agent_id, order="asc")]
        tool = ["tool_call_message", "tool_return_message"] if where == "tool" else []
        assert kinds == ["system_message", "user_message", *tool, "assistant_message"]
        value = client.agents.blocks.retrieve("human", agent_id=agent_id).value
        assert value == ("Ada\nit crashed" if where == "tool" else "Ada")


def _crash(cluster: postgres.Cluster, database: str) -> None:
    backend = cluster.sql(
        f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}'"
        " AND application_name = 'roost-server' LIMIT 1",
        database,
    )
    os.kill(int(backend), signal.SIGKILL)


def _status(client: Any, agent_id: str) -> str | None:
    try:
        return client.runs.list(agent_id=agent_id).items[0].status
    except letta_client.APIError:
        return None  # the database is not back yet


@dataclass
class Endpoint:
    """A model that misbehaves in one way; `gone` counts callers that hung up on it."""

    way: str
    url: str = ""
    asked: int = 0
    gone: int = 0


class Handler(BaseHTTPRequestHandler):
    """Answers as the server's `endpoint` says."""

    @property
    def _endpoint(self) -> Endpoint:
        return self.server.endpoint  # pyright: ignore[reportAttributeAccessIssue]

    def do_GET(self) -> None:
        self._whole({"data": [{"id": "scripted", "max_model_len": 32768}]})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self._endpoint.asked += 1
        getattr(self, f"_{self._endpoint.way}")()

    def _hang(self) -> None:
        self.connection.settimeout(20)
        with contextlib.suppress(OSError):
            if self.connection.recv(1) == b"":  # the caller hung up
                self._endpoint.gone += 1

    def _slow(self) -> None:
        self._head()
        for word in ("slow ", "and ", "steady"):
            self._piece({"delta": {"content": word}})
            time.sleep(0.7)
        self._piece({"delta": {}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _cut(self) -> None:
        self._head()
        self._piece({"delta": {"content": "half a "}})

    def _garbage(self) -> None:
        self._head()
        self.wfile.write(b"data: <html>no JSON</html>\n\n")

    def _good(self) -> None:
        self._head()
        self._piece({"delta": {"content": "fine"}, "finish_reason": "stop"})
        self.wfile.write(b"data: [DONE]\n\n")

    def _head(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()

    def _piece(self, choice: dict[str, Any]) -> None:
        chunk = {"choices": [{"index": 0, "finish_reason": None} | choice], "usage": USAGE}
        self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())

    def _whole(self, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@contextlib.contextmanager
def misbehaving(way: str) -> Iterator[Endpoint]:
    """Serve it on a loopback port."""
    endpoint = Endpoint(way)
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving.endpoint = endpoint  # pyright: ignore[reportAttributeAccessIssue]
    endpoint.url = f"http://127.0.0.1:{serving.server_port}/v1"
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        serving.shutdown()
        serving.server_close()


def test_a_model_endpoint_that_fails(cluster: postgres.Cluster, database: str, model: Model) -> None:
    """Each fault ends the run with its reason, and the agent is free for the next message."""
    variables = server.environment(
        application(cluster, database), model, LETTA_LLM_REQUEST_TIMEOUT_SECONDS="1"
    )
    expected = {"hang": "llm_timeout", "cut": "stream_incomplete", "garbage": "llm_error", "slow": None}
    with misbehaving("good") as endpoint:
        with server.running(variables | {"VLLM_API_BASE": endpoint.url}) as running:
            client = running.client(max_retries=0)
            agent_id = client.agents.create().id
            for way, kind in expected.items():
                endpoint.way = way
                said, error = _stream(client, agent_id, way)
                (run, *_) = client.runs.list(agent_id=agent_id).items
                if kind is None:
                    assert (said, error, run.status) == ("slow and steady", None, "completed")
                    continue
                assert error is not None, way
                assert kind in error, way
                assert (run.status, run.stop_reason) == ("failed", "llm_api_error"), way
                endpoint.way = "good"
                assert _stream(client, agent_id, "again") == ("fine", None)
            assert not client.runs.list(agent_id=agent_id, active=True).items


def test_cancelling_hangs_up_on_the_model(cluster: postgres.Cluster, database: str, model: Model) -> None:
    with misbehaving("hang") as endpoint:
        variables = server.environment(application(cluster, database), model)
        with server.running(variables | {"VLLM_API_BASE": endpoint.url}) as running:
            client = running.client(max_retries=0)
            agent_id = client.agents.create().id
            run = client.agents.messages.create_async(agent_id, input="hello")
            wait_for(lambda: endpoint.asked == 1)
            assert client.agents.messages.cancel(agent_id) == {run.id: "cancelled"}
            wait_for(lambda: endpoint.gone == 1)


def _stream(client: Any, agent_id: str, text: str) -> tuple[str, str | None]:
    """What was said, and the error if there was one."""
    said = ""
    message = {"role": "user", "content": text}
    try:
        for event in client.agents.messages.create(
            agent_id, messages=[message], streaming=True, stream_tokens=True
        ):
            if event.message_type == "assistant_message":
                said += event.content
    except letta_client.APIError as error:
        return said, str(error)
    return said, None
