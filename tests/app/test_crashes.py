"""A server dies at every await of a turn; another goes on, and nothing happens twice or is left undone."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from letta_client import Letta

from tests.app.conftest import application
from tests.app.test_operations import wait_for
from tests.support import postgres, server
from tests.support.model import Answer, Call, Model, Say
from tests.support.server import Server

RING = '''
def ring(key: str) -> str:
    """Ring a bell, which everybody hears.

    Args:
        key: Which bell.
    """
    return key
'''

ATTEMPTS = 3

SHARE = 6
"""Tests share the points of a turn: each takes every sixth, together they take all."""


@dataclass
class Forge:
    """Makes servers, and knows which bells rang."""

    process: subprocess.Popen[str]
    rings: Path
    logs: Path

    def server(self, count: int = 0) -> Server:
        """A server that dies at the `count`-th point of a turn, or never."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{port} {count}\n")
        self.process.stdin.flush()
        child = _Child(int(self.process.stdout.readline()))
        made = Server(f"http://127.0.0.1:{port}", child, self.logs)  # pyright: ignore[reportArgumentType]
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                if made.request("GET", "/v1/ready/")[0] == 200:
                    return made
            time.sleep(0.02)
        raise AssertionError(self.logs.read_text()[-4000:])

    def rang(self) -> Counter[str]:
        """How often each bell rang."""
        return Counter(self.rings.read_text().split())


@dataclass
class _Child:
    """A process that the forge made."""

    pid: int

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


@pytest.fixture
def forge(cluster: postgres.Cluster, database: str, model: Model, tmp_path: Path) -> Iterator[Forge]:
    """The forge on a database of the test's own; whatever it made ends with it."""
    rings, logs = tmp_path / "rings", tmp_path / "log"
    rings.touch()
    variables = server.environment(application(cluster, database), model, RINGS=str(rings))
    with logs.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.crashing"],
            env=variables, cwd=server.REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            text=True, start_new_session=True,
        )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n", logs.read_text()
        yield Forge(process, rings, logs)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def bells(request: dict[str, Any]) -> Answer:
    """A bell and a memory; then two bells; then a word."""
    said = [m for m in request["messages"] if m["role"] == "user"]
    name = json.loads(said[-1]["content"])["message"]
    steps = sum(m["role"] == "assistant" for m in request["messages"])
    if steps == 0:
        memory = ("core_memory_append", {"label": "human", "content": f"{name} rang"})
        return Call([("ring", {"key": f"{name}-a"}), memory])
    if steps == 1:
        return Call([("ring", {"key": f"{name}-b"}), ("ring", {"key": f"{name}-c"})], text="Two more.")
    return Say(f"Done: {name}")


def new_agent(client: Letta) -> str:
    """An agent with the bell."""
    return client.agents.create(
        memory_blocks=[{"label": "human", "value": "Ada"}], tools=["ring", "core_memory_append"]
    ).id


@pytest.mark.parametrize("first", range(1, SHARE + 1))
@pytest.mark.parametrize("background", [False, True])
def test_a_server_dies_at_every_await_of_a_turn(
    cluster: postgres.Cluster, database: str, forge: Forge, model: Model, background: bool, first: int
) -> None:
    model.script = bells
    survivor = forge.server()
    client = survivor.client(max_retries=0, timeout=20)
    client.tools.create(source_code=RING)
    points = resumed = 0
    for point in itertools.count(first, SHARE):
        agent_id = new_agent(client)
        survived = _send(forge.server(point), agent_id, f"n{point}", background)
        points += 1
        if _expire(cluster, database):
            resumed += 1
        _judge(client, survivor, agent_id, f"n{point}", forge, background)
        if survived:
            break
    # The forge counts well: there are more points than statements, and most of them leave something behind.
    assert points > 60 / SHARE
    assert resumed > points / 2


def test_a_turn_that_takes_its_server_down_is_given_up(
    cluster: postgres.Cluster, database: str, forge: Forge, model: Model
) -> None:
    model.script = bells
    client = forge.server().client()
    client.tools.create(source_code=RING)
    agent_id = new_agent(client)
    raw = agent_id.removeprefix("agent-")
    _send(forge.server(30), agent_id, "poison", True)
    cluster.sql(
        f"UPDATE roost.runs SET attempt = {ATTEMPTS}, lease_expires_at = now() - interval '1 s'"
        f" WHERE agent_id = '{raw}'",
        database,
    )
    wait_for(lambda: client.runs.list(agent_id=agent_id).items[0].status == "failed")
    (run,) = client.runs.list(agent_id=agent_id).items
    assert run.stop_reason == "error"
    calls, returns = _calls_and_returns(client, agent_id)
    assert calls == returns
    model.script = lambda _: Say("hello")
    assert client.agents.messages.create(agent_id, input="still there?").stop_reason.stop_reason == "end_turn"


def _send(crashing: Server, agent_id: str, name: str, background: bool) -> bool:
    """Whether the server lived to answer."""
    path = f"/v1/agents/{agent_id}/messages"
    body = {"messages": [{"role": "user", "content": name}]}
    try:
        if not background:
            status, answer, _ = crashing.request("POST", path, body)
            assert status == 200, answer
            return True
        status, run, _ = crashing.request("POST", f"{path}/async", body)
        assert status == 200, run
        wait_for(
            lambda: crashing.request("GET", f"/v1/runs/{run['id']}")[1]["status"] == "completed", seconds=20
        )
    except (ConnectionError, urllib.error.URLError, TimeoutError, OSError):
        return False
    else:
        return True
    finally:
        crashing.process.kill()


def _expire(cluster: postgres.Cluster, database: str) -> bool:
    """Let the dead server's lease run out; whether it had one."""
    left = cluster.sql("SELECT count(*) FROM roost.runs WHERE status = 'running'", database)
    cluster.sql(
        "UPDATE roost.runs SET lease_expires_at = now() - interval '1 s' WHERE status = 'running'", database
    )
    return left != "0"


def _judge(client: Letta, survivor: Server, agent_id: str, name: str, forge: Forge, background: bool) -> None:
    wait_for(lambda: not client.runs.list(agent_id=agent_id, active=True).items, seconds=20)
    runs = client.runs.list(agent_id=agent_id).items
    if not runs:  # it died before anything was stored
        assert len(client.agents.messages.list(agent_id).items) == 1
        return
    (run,) = runs
    assert (run.status, run.stop_reason) == ("completed", "end_turn"), name
    calls, returns = _calls_and_returns(client, agent_id)
    assert calls == returns, name
    assert list(calls.values()) == [1] * len(calls)
    assert len(calls) == 4, name
    messages = client.agents.messages.list(agent_id, order="asc").items
    rows = {message.id: message.seq_id for message in messages}
    assert list(rows.values()) == list(range(1, len(rows) + 1)), name
    assert messages[-1].content == f"Done: {name}"
    rang = {key: count for key, count in forge.rang().items() if key.startswith(f"{name}-")}
    assert set(rang.values()) <= {1}, name
    told = [one for message in messages if message.message_type == "tool_return_message"
            for one in message.tool_returns]  # fmt: skip
    for one in told:
        if one.status == "success" and one.tool_return.startswith("rang "):
            assert rang[one.tool_return.removeprefix("rang ")] == 1, name
        else:
            assert one.status == "success" or "was lost" in one.tool_return, one
    assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == f"Ada\n{name} rang"
    steps = client.runs.steps.list(run.id).items
    assert {step.status for step in steps} == {"success"}
    assert len(steps) == 3
    if background:
        _judge_stream(survivor.client(), run.id, messages)


def _judge_stream(client: Letta, run_id: str, messages: Any) -> None:
    """The replayed stream has each message that was stored, once and in order, numbered without a gap."""
    events = list(client.runs.messages.stream(run_id, include_pings=False))
    assert [e.message_type for e in events[-2:]] == ["stop_reason", "usage_statistics"]
    assert events[-1].step_count == 3
    told = events[:-2]
    assert [e.seq_id for e in told] == list(range(1, len(told) + 1))
    stored = [(m.id, m.message_type) for m in messages if m.run_id == run_id]
    assert [(e.id, e.message_type) for e in told] == stored[1:]


def _calls_and_returns(client: Letta, agent_id: str) -> tuple[Counter[Any], Counter[Any]]:
    """The calls and the returns of a history, each with the step that it belongs to."""
    calls: Counter[Any] = Counter()
    returns: Counter[Any] = Counter()
    for message in client.agents.messages.list(agent_id, order="asc", limit=1000).items:
        if message.message_type == "tool_call_message":
            calls.update((message.step_id, call.tool_call_id) for call in message.tool_calls)
        elif message.message_type == "tool_return_message":
            returns.update((message.step_id, one.tool_call_id) for one in message.tool_returns)
    return calls, returns
