"""Runs in the background: begun without waiting, followed, replayed and cancelled from anywhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import letta_client
import pytest
from letta_client import Letta

from tests.app.conftest import application
from tests.app.test_operations import wait_for
from tests.support import postgres, server
from tests.support.model import Call, Model, Say
from tests.support.server import Server

GO = [{"role": "user", "content": "remember that tea is green"}]


@pytest.fixture
def pair(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[tuple[Server, Server]]:
    """Two servers on one database."""
    variables = server.environment(application(cluster, database), model)
    with ExitStack() as stack:
        yield stack.enter_context(server.running(variables)), stack.enter_context(server.running(variables))


def kinds(events: Any) -> list[str]:
    """Message types without `_message`."""
    return [event.message_type.removesuffix("_message") for event in events]


def ended(client: Letta, run_id: str) -> Any:
    """The run, when it has ended."""
    wait_for(lambda: client.runs.retrieve(run_id).status not in {"created", "running"})
    return client.runs.retrieve(run_id)


def new_agent(client: Letta) -> str:
    """An agent with a human block."""
    return client.agents.create(memory_blocks=[{"label": "human", "value": "Ada"}]).id


def test_a_message_without_waiting(client: Letta, roost_server: Server, model: Model) -> None:
    model.gate = threading.Event()
    agent_id = new_agent(client)
    run = client.agents.messages.create_async(agent_id, messages=GO)
    assert (run.status, run.background, run.agent_id) == ("running", True, agent_id)
    assert [r.id for r in client.runs.list(agent_id=agent_id, active=True, background=True).items] == [run.id]
    model.gate.set()
    done = ended(client, run.id)
    assert (done.status, done.stop_reason) == ("completed", "end_turn")
    assert done.ttft_ns
    assert done.total_duration_ns
    assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == "Ada\ntea is green"
    assert kinds(client.runs.messages.list(run.id)) == ["user", "tool_call", "tool_return", "assistant"]
    _, metrics, _ = roost_server.request("GET", f"/v1/runs/{run.id}/metrics")
    assert (metrics["num_steps"], len(metrics["tools_used"])) == (2, 1)
    assert metrics["run_ns"] == done.total_duration_ns
    assert client.runs.usage.retrieve(run.id).total_tokens == 220


def test_a_repeated_otid_gives_the_run_that_there_is(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    message = GO[0] | {"otid": "only once"}
    first = client.agents.messages.create_async(agent_id, messages=[message])
    ended(client, first.id)
    assert client.agents.messages.create_async(agent_id, messages=[message]).id == first.id
    assert client.agents.blocks.retrieve("human", agent_id=agent_id).value == "Ada\ntea is green"


def test_a_background_stream_is_followed_as_any_other(client: Letta, model: Model) -> None:
    agent_id = new_agent(client)
    with client.agents.messages.create(agent_id, messages=GO, streaming=True, background=True) as stream:
        events = list(stream)
    assert kinds(events) == [
        "ping", "tool_call", "tool_return", "assistant", "stop_reason", "usage_statistics",
    ]  # fmt: skip
    assert [event.seq_id for event in events[1:4]] == [1, 2, 3]


def test_another_server_replays_a_stream_from_any_point(pair: tuple[Server, Server], model: Model) -> None:
    model.script = lambda request: (
        Say("one two three four five six seven eight nine ten")
        if request["messages"][-1]["role"] == "tool"
        else Call([("memory_insert", {"label": "human", "new_string": "likes tea"})])
    )
    first, second = (one.client(max_retries=0) for one in pair)
    agent_id = new_agent(first)
    with (
        ThreadPoolExecutor() as pool,
        first.agents.messages.create(
            agent_id, messages=GO, streaming=True, stream_tokens=True, background=True
        ) as stream,
    ):
        run_id = next(iter(stream)).run_id
        live = pool.submit(lambda: list(second.runs.messages.stream(run_id, include_pings=False)))
        told = list(stream)
        elsewhere = live.result(30)
    assert [e.to_dict() for e in elsewhere] == [e.to_dict() for e in told if e.message_type != "ping"]
    numbered = [e for e in elsewhere if getattr(e, "seq_id", None)]
    assert [e.seq_id for e in numbered] == list(range(1, len(numbered) + 1))
    text = "".join(e.content for e in elsewhere if e.message_type == "assistant_message")
    assert text == "one two three four five six seven eight nine ten"
    for after in (1, len(numbered) - 1, len(numbered)):
        rest = list(second.runs.messages.stream(run_id, starting_after=after, include_pings=False))
        assert [e.to_dict() for e in rest] == [e.to_dict() for e in elsewhere[after:]]
    for path in (f"/v1/runs/{run_id}/stream?starting_after={len(numbered)}&include_pings=false",):
        _, body, headers = pair[1].request("GET", path)
        assert headers["content-type"].startswith("text/event-stream")
        assert body.endswith("data: [DONE]\n\n")


def test_what_cannot_be_replayed_says_so(
    client: Letta, roost_server: Server, cluster: postgres.Cluster, model: Model
) -> None:
    agent_id = new_agent(client)
    run_id = client.agents.messages.create(agent_id, input="hello").usage.run_ids[0]
    status, answer, _ = roost_server.request("POST", f"/v1/runs/{run_id}/stream", {})
    assert (status, "not started in the background" in answer["detail"]) == (400, True)
    assert roost_server.request("POST", f"/v1/runs/run-{'0' * 8}/stream", {})[0] == 422
    background = ended(client, client.agents.messages.create_async(agent_id, messages=GO).id)
    raw = background.id.removeprefix("run-")
    cluster.sql(f"DELETE FROM roost.run_events WHERE run_id = '{raw}' AND first_seq = 1", "shared")
    status, answer, _ = roost_server.request("POST", f"/v1/runs/{background.id}/stream", {})
    assert (status, f"/v1/runs/{background.id}/messages" in answer["detail"]) == (410, True)


@pytest.mark.parametrize("streaming", [False, True])
def test_cancelling_from_another_server(pair: tuple[Server, Server], model: Model, streaming: bool) -> None:
    model.gate = threading.Event()
    first, second = (one.client(max_retries=0) for one in pair)
    agent_id = new_agent(first)

    def send() -> list[Any]:
        if not streaming:
            answer = first.agents.messages.create(agent_id, messages=GO)
            return [*answer.messages, answer.stop_reason]
        return list(first.agents.messages.create(agent_id, messages=GO, streaming=True, include_pings=False))

    with ThreadPoolExecutor() as pool:
        turn = pool.submit(send)
        wait_for(lambda: len(model.requests) == 1)
        (run,) = second.runs.list(agent_id=agent_id).items
        assert second.agents.messages.cancel(agent_id) == {run.id: "cancelled"}
        events = turn.result(10)
    stops = [e.stop_reason for e in events if e.message_type == "stop_reason"]
    assert stops == ["cancelled"]
    run = second.runs.retrieve(run.id)
    assert (run.status, run.stop_reason) == ("cancelled", "cancelled")
    model.gate.set()
    model.gate = None
    with pytest.raises(letta_client.ConflictError, match="no active runs"):
        second.agents.messages.cancel(agent_id)
    assert second.agents.messages.cancel(agent_id, run_ids=[run.id]) == {run.id: "cancelled"}
    assert second.agents.messages.create(agent_id, input="hello").stop_reason.stop_reason == "end_turn"
    assert kinds(second.agents.messages.list(agent_id, order="asc")) == [
        "system", "user", "user", "assistant",
    ]  # fmt: skip


def test_a_cancelled_background_stream_ends(client: Letta, roost_server: Server, model: Model) -> None:
    model.gate = threading.Event()
    agent_id = new_agent(client)
    run = client.agents.messages.create_async(agent_id, messages=GO)
    with ThreadPoolExecutor() as pool:
        follower = pool.submit(lambda: list(client.runs.messages.stream(run.id, include_pings=False)))
        status, body, _ = roost_server.request("POST", f"/v1/runs/{run.id}/cancel")
        assert (status, body["status"]) == (200, "cancelled")
        assert kinds(follower.result(10)) == ["stop_reason", "usage_statistics"]


def test_a_busy_agent_names_its_run(client: Letta, model: Model) -> None:
    model.gate = threading.Event()
    agent_id = new_agent(client)
    run = client.agents.messages.create_async(agent_id, messages=GO)
    with pytest.raises(letta_client.ConflictError, match=run.id) as caught:
        client.agents.messages.create(agent_id, input="me too")
    assert caught.value.response.headers["x-should-retry"] == "false"


def test_a_second_caller_waits_where_that_is_set(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.gate = threading.Event()
    variables = server.environment(application(cluster, database), model, ROOST_AGENT_BUSY_WAIT_SECONDS="20")
    with server.running(variables) as running, ThreadPoolExecutor() as pool:
        client = running.client(max_retries=0)
        agent_id = new_agent(client)
        first = client.agents.messages.create_async(agent_id, input="first")
        second = pool.submit(client.agents.messages.create, agent_id, input="second")
        wait_for(lambda: len(model.requests) == 1)
        model.gate.set()
        assert second.result().messages[0].content == "You said: second"
        assert ended(client, first.id).status == "completed"
        said = [m.content for m in client.agents.messages.list(agent_id, order="asc").items[1:]]
        assert said == ["first", "You said: first", "second", "You said: second"]


def test_jobs_are_background_runs(client: Letta, roost_server: Server, model: Model) -> None:
    agent_id = new_agent(client)
    run = ended(client, client.agents.messages.create_async(agent_id, messages=GO).id)
    job_id = run.id.replace("run-", "job-")
    _, jobs, _ = roost_server.request("GET", "/v1/jobs/?limit=1")
    assert [(job["id"], job["status"], job["job_type"]) for job in jobs] == [(job_id, "completed", "run")]
    _, job, _ = roost_server.request("GET", f"/v1/jobs/{job_id}")
    assert (job["ttft_ns"], job["total_duration_ns"]) == (run.ttft_ns, run.total_duration_ns)
    assert roost_server.request("PATCH", f"/v1/jobs/{job_id}/cancel")[1]["status"] == "completed"
    assert roost_server.request("DELETE", f"/v1/jobs/{job_id}")[1]["id"] == job_id
    assert roost_server.request("GET", f"/v1/jobs/{job_id}")[0] == 404
    assert roost_server.request("GET", f"/v1/runs/{run.id}")[0] == 404
    assert kinds(client.agents.messages.list(agent_id, order="asc"))[1:] == [
        "user", "tool_call", "tool_return", "assistant",
    ]  # fmt: skip


def test_a_running_run_is_not_deleted(client: Letta, roost_server: Server, model: Model) -> None:
    model.gate = threading.Event()
    run = client.agents.messages.create_async(new_agent(client), messages=GO)
    status, answer, _ = roost_server.request("DELETE", f"/v1/runs/{run.id}")
    assert (status, "cancel it first" in answer["detail"]) == (409, True)
    assert [r["id"] for r in roost_server.request("GET", "/v1/runs/active")[1]].count(run.id) == 1
    roost_server.request("POST", f"/v1/runs/{run.id}/cancel")
    assert roost_server.request("DELETE", f"/v1/runs/{run.id}")[1]["status"] == "cancelled"
