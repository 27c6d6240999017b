"""What operators see of a turn: one trace from caller to model and in the log, and metrics by their names."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from letta_client import Letta

from local import metrics_document
from tests.app.conftest import application
from tests.app.test_operations import wait_for
from tests.support import collector as collectors
from tests.support import postgres, server
from tests.support.collector import Collector
from tests.support.model import Fail, Model, Say

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "the swordfish is in the attic"
Traced = tuple[server.Server, Collector]


@pytest.fixture
def traced(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[Traced]:
    """A server with a collector."""
    with collectors.collecting() as collector:
        variables = server.environment(
            application(cluster, database), model,
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_HEADERS="x-token=s%20cret",
            OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test",
        )  # fmt: skip
        with server.running(variables) as running:
            yield running, collector


def send(running: server.Server, agent_id: str, text: str, flags: str = "01", **headers: str) -> Any:
    """A message of a caller who has a trace of its own."""
    given = {"traceparent": f"00-{TRACE}-{CALLER}-{flags}", "tracestate": "vendor=1"} | headers
    body = {"messages": [{"role": "user", "content": text}]}
    return running.request("POST", f"/v1/agents/{agent_id}/messages", body, given)


def lines(running: server.Server) -> list[dict[str, Any]]:
    """The log."""
    return [json.loads(line) for line in running.logs().splitlines() if line.startswith("{")]


def test_a_turn_is_one_trace_from_the_caller_to_the_model(traced: Traced, model: Model) -> None:
    running, collector = traced
    agent = running.client().agents.create(memory_blocks=[{"label": "human", "value": ""}])
    assert send(running, agent.id, f"remember that {SECRET}", **{"x-request-id": "mine"})[0] == 200
    wait_for(lambda: any(span["parentSpanId"] == CALLER for span in collector.spans(TRACE)))
    spans = {span["spanId"]: span for span in collector.spans(TRACE)}

    def path(span: dict[str, Any]) -> list[str]:
        parent = spans.get(span["parentSpanId"])
        return [*(path(parent) if parent else [span["parentSpanId"]]), span["name"]]

    request = "POST /v1/agents/{agent_id}/messages"
    step = [CALLER, request, "turn", "agent_step"]
    paths = sorted(path(span) for span in spans.values())
    assert paths == sorted(
        [
            [CALLER, request], [CALLER, request, "turn"], step, step,
            [*step, "chat scripted"], [*step, "chat scripted"],
            [*step, "chat scripted", "time_to_first_token"], [*step, "memory_insert._execute_tool"],
        ]
    )  # fmt: skip
    by_name = {span["name"]: span for span in spans.values()}
    assert by_name[request]["attributes"]["http.response.status_code"] == "200"
    assert by_name[request]["attributes"]["agent_id"] == agent.id
    assert by_name["turn"]["attributes"]["run_id"].startswith("run-")
    assert int(by_name["chat scripted"]["attributes"]["gen_ai.usage.output_tokens"]) > 0
    for span in spans.values():
        assert int(span["startTimeUnixNano"]) <= int(span["endTimeUnixNano"])
    calls = {span["spanId"] for span in spans.values() if span["name"] == "chat scripted"}
    sent = [headers for headers in map(_lowered, model.headers) if TRACE in headers.get("traceparent", "")]
    assert {headers["traceparent"].split("-")[2] for headers in sent} == calls
    assert {headers["tracestate"] for headers in sent} == {"vendor=1"}
    resource = collectors.attributes(collector.resources()[0]["resource"]["attributes"])
    assert (resource["service.name"], resource["deployment.environment"]) == ("letta-server", "test")
    assert collector.headers[0]["x-token"] == "s cret"

    told = [line for line in lines(running) if line.get("trace_id") == TRACE]
    assert {line["request_id"] for line in told} == {"mine"}
    assert {line["agent_id"] for line in told} == {agent.id}
    assert {"timestamp", "level", "logger", "message", "module", "function", "line"} <= told[0].keys()
    assert SECRET not in running.logs() + "".join(collector.raw)
    assert "s cret" not in running.logs()


def _lowered(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def test_probes_and_what_the_caller_does_not_sample_are_not_sent(traced: Traced, model: Model) -> None:
    running, collector = traced
    agent = running.client().agents.create()
    assert send(running, agent.id, "quiet", flags="00")[0] == 200
    running.request("GET", "/v1/ready/")
    running.request("GET", "/v1/agents/count", headers={"traceparent": f"00-{TRACE}-{'0' * 16}-01"})
    wait_for(lambda: any(span["name"] == "GET /v1/agents/count" for span in collector.spans()))
    assert collector.spans(TRACE) == []
    assert not [span for span in collector.spans() if "ready" in span["name"]]
    assert _lowered(model.headers[-1])["traceparent"].startswith(f"00-{TRACE}-")
    assert _lowered(model.headers[-1])["traceparent"].endswith("-00")


def test_a_failed_turn_s_spans_and_lines_say_so(traced: Traced, model: Model) -> None:
    running, collector = traced
    agent = running.client().agents.create()
    model.script = lambda _: Fail(400, "no such thing")
    assert send(running, agent.id, "fail")[0] == 400
    wait_for(lambda: any(span["parentSpanId"] == CALLER for span in collector.spans(TRACE)))
    failed = {span["name"]: span["status"].get("message") for span in collector.spans(TRACE)}
    assert failed["chat scripted"] == failed["agent_step"] == "llm_bad_request"
    told = [line for line in lines(running) if line["logger"] == "roost.llm" and line["level"] == "WARNING"]
    assert (told[-1]["trace_id"], told[-1]["agent_id"]) == (TRACE, agent.id)
    assert told[-1]["run_id"].startswith("run-")


def test_a_collector_that_is_away_costs_spans_and_nothing_else(traced: Traced, model: Model) -> None:
    running, collector = traced
    collector.status = 400
    model.script = lambda _: Say("fine")
    agent = running.client().agents.create()
    assert send(running, agent.id, "hi")[0] == 200
    wait_for(lambda: sample(running, "roost_spans_dropped_total") > 0)
    assert sample(running, "roost_spans_sent_total") == 0
    wait_for(lambda: any(line["logger"] == "roost.otlp" for line in lines(running)))


def sample(running: server.Server, name: str) -> float:
    """A sample without labels, or with these."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", running.request("GET", "/metrics")[1], re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_document_of_metrics_says_what_the_server_shows(roost_server: server.Server) -> None:
    assert metrics_document.TARGET.read_text(encoding="utf-8") == metrics_document.render(), "run `make docs`"
    shown = set(re.findall(r"^# TYPE (\S+)", roost_server.request("GET", "/metrics")[1], re.MULTILINE))
    named = {metrics_document.exposed(one) for one in metrics_document.instruments()}
    assert named <= shown
    assert {name for name in shown - named if not name.endswith("_created")} <= {
        name for name in shown if name.startswith(("python_", "process_"))
    }


def test_a_turn_feeds_letta_s_metrics_in_their_units(client: Letta, roost_server: server.Server) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    names = {
        'count_endpoint_requests_total{endpoint_path="/v1/agents/{agent_id}/messages",method="POST",'
        'status_code="200"}': 1,
        'hist_endpoint_e2e_ms_count{endpoint_path="/v1/agents/{agent_id}/messages",method="POST",'
        'status_code="200"}': 1,
        'hist_tool_execution_time_ms_count{tool_name="memory_insert"}': 1,
        "hist_step_execution_time_ms_count": 2,
        'hist_llm_execution_time_ms_count{model_name="scripted"}': 2,
        'hist_message_output_tokens_count{model_name="scripted"}': 2,
        "hist_ttft_ms_count": 1,
        "count_user_message_total": 1,
        'request_admission_wait_ms_count{route_class="message"}': 1,
    }
    before = {name: sample(roost_server, name) for name in [*names, "hist_step_execution_time_ms_sum"]}
    client.agents.messages.create(agent.id, input="remember that metrics are fed")
    wait_for(lambda: sample(roost_server, next(iter(names))) > before[next(iter(names))])
    assert {name: sample(roost_server, name) - before[name] for name in names} == names
    spent = (
        sample(roost_server, "hist_step_execution_time_ms_sum") - before["hist_step_execution_time_ms_sum"]
    )
    assert 0.1 < spent < 60_000, "milliseconds, not seconds or nanoseconds"


def test_streams_are_counted_until_they_end(client: Letta, roost_server: server.Server) -> None:
    agent = client.agents.create()
    completed = 'sse_disconnect_total{reason="completed",route_class="message"}'
    before = sample(roost_server, completed)
    list(client.agents.messages.create(agent.id, input="stream", streaming=True))
    wait_for(lambda: sample(roost_server, completed) == before + 1)
    assert sample(roost_server, 'sse_active_sessions{route_class="message"}') == 0


def test_a_client_that_goes_away_is_told_from_a_stream_that_ended(
    client: Letta, roost_server: server.Server, model: Model
) -> None:
    agent = client.agents.create()
    gone = 'sse_disconnect_total{reason="client",route_class="message"}'
    active, background = (
        'sse_active_sessions{route_class="message"}',
        'in_flight_background{route_class="message"}',
    )
    before = sample(roost_server, gone)
    model.gate = threading.Event()
    body = {"messages": [{"role": "user", "content": "slowly"}], "streaming": True, "background": True}
    headers = {"authorization": f"Bearer {server.PASSWORD}"}
    path = f"{roost_server.url}/v1/agents/{agent.id}/messages"
    with httpx.stream("POST", path, json=body, headers=headers, timeout=20):
        wait_for(lambda: sample(roost_server, active) == 1)
        assert sample(roost_server, background) == 1
    wait_for(lambda: sample(roost_server, gone) == before + 1)
    assert (sample(roost_server, active), sample(roost_server, background)) == (0, 1), "the turn goes on"
    model.gate.set()
    wait_for(lambda: sample(roost_server, background) == 0)
