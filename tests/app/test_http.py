"""What every route has in common: spelling, credentials, request ids, errors, probes."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import letta_client
import pytest
from letta_client import Letta

from tests.app.test_operations import wait_for
from tests.support.server import PASSWORD, Server

AGENT = "agent-00000000-0000-4000-8000-00000000dead"


@pytest.mark.parametrize(
    "path", ["/v1/agents", "/v1/blocks", "/v1/tools", "/v1/models", "/v1/runs", "/v1/health"]
)
def test_both_spellings_answer_without_a_redirect(roost_server: Server, path: str) -> None:
    for spelling in (path, f"{path}/", path.replace("/v1", "/latest", 1)):
        assert roost_server.request("GET", spelling)[0] == 200, spelling


def test_a_post_to_either_spelling_creates(roost_server: Server) -> None:
    for path in ("/v1/blocks", "/v1/blocks/"):
        status, block, _ = roost_server.request("POST", path, {"label": "l", "value": "v"})
        assert (status, block["value"]) == (200, "v")


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer"},
        {"authorization": "Bearer wrong"},
        {"authorization": f"Bearer {PASSWORD}x"},
        {"authorization": f"Basic {PASSWORD}"},
        {"authorization": "", "x-bare-password": "password wrong"},
    ],
)
@pytest.mark.parametrize("path", ["/v1/agents/", "/openapi.json", "/docs", "/v1/nonsense", "/"])
def test_nothing_is_shown_without_the_password(
    roost_server: Server, headers: dict[str, str], path: str
) -> None:
    status, body, _ = roost_server.request("GET", path, headers=headers)
    assert (status, body) == (401, {"detail": "Unauthorized"})


def test_the_bare_password_header_is_accepted(roost_server: Server) -> None:
    headers = {"authorization": "", "x-bare-password": f"password {PASSWORD}"}
    assert roost_server.request("GET", "/v1/agents", headers=headers)[0] == 200


def test_the_client_raises_its_own_error_for_a_wrong_key(roost_server: Server) -> None:
    with pytest.raises(letta_client.AuthenticationError):
        Letta(base_url=roost_server.url, api_key="wrong").agents.list()


@pytest.mark.parametrize("path", ["/v1/health/", "/v1/ready/", "/health", "/metrics"])
def test_probes_need_no_credentials(roost_server: Server, path: str) -> None:
    assert roost_server.request("GET", path, headers={"authorization": ""})[0] == 200


def test_health_is_what_the_client_reads(client: Letta) -> None:
    health = client.health()
    assert (health.status, health.version) == ("ok", "0.1.0")


def test_request_ids_are_made_or_kept_and_logged(roost_server: Server) -> None:
    _, _, headers = roost_server.request("GET", "/v1/agents/count")
    assert len(headers["x-request-id"]) == 32
    _, _, headers = roost_server.request("GET", "/v1/agents/count", headers={"x-request-id": "mine-1.2"})
    assert headers["x-request-id"] == "mine-1.2"
    wait_for(lambda: "mine-1.2" in roost_server.logs())  # it is written after the answer
    entry = next(json.loads(line) for line in roost_server.logs().splitlines() if "mine-1.2" in line)
    assert (entry["status"], entry["route"], entry["method"]) == (200, "/v1/agents/count", "GET")
    _, _, headers = roost_server.request("GET", "/v1/agents/count", headers={"x-request-id": '{} "evil"'})
    assert len(headers["x-request-id"]) == 32


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/agents/not-an-id", None),
        ("GET", "/v1/agents/agent-00000000-0000-1000-8000-000000000000", None),
        ("GET", f"/v1/agents/{AGENT}0", None),
        ("GET", f"/v1/agents/{AGENT.replace('agent', 'block')}", None),
        ("PATCH", "/v1/agents/agent-x/core-memory/blocks/human", {"value": "v"}),
        ("PATCH", f"/v1/agents/{AGENT}/tools/attach/tool-1", None),
        ("DELETE", "/v1/blocks/block-1", None),
        ("GET", "/v1/tools/tool-1", None),
        ("GET", "/v1/runs/run-1", None),
        ("GET", "/v1/agents/?after=agent-1", None),
        ("GET", "/v1/agents/?limit=0", None),
        ("GET", "/v1/agents/?order=sideways", None),
        ("GET", f"/v1/agents/{AGENT}/messages?before=message-1", None),
        ("DELETE", f"/v1/agents/{AGENT}/archival-memory/passage-1", None),
        ("POST", "/v1/blocks/", {"label": "l"}),
        ("POST", "/v1/blocks/", ["not", "an", "object"]),
    ],
)
def test_malformed_requests_are_422_with_a_sentence(
    roost_server: Server, method: str, path: str, body: Any
) -> None:
    status, answer, _ = roost_server.request(method, path, body)
    assert status == 422, answer
    assert answer["detail"].startswith("The request is not valid:")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/folders/"), ("POST", "/v1/folders/"), ("GET", "/v1/sources/"),
        ("GET", "/v1/mcp-servers/"),
        ("GET", "/v1/groups/"), ("GET", "/v1/identities/"), ("GET", "/v1/providers/"),
        ("POST", "/v1/messages/batches"), ("POST", "/v1/chat/completions"), ("GET", "/v1/templates"),
        ("GET", f"/v1/agents/{AGENT}/files"), ("GET", f"/v1/agents/{AGENT}/folders"),
    ],
)  # fmt: skip
def test_the_rest_of_lettas_api_is_501(roost_server: Server, method: str, path: str) -> None:
    status, answer, headers = roost_server.request(method, path, {} if method != "GET" else None)
    assert status == 501
    assert "does not serve yet" in answer["detail"]
    assert headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/agents/?identity_id=x",
        "/v1/blocks/?identifier_keys=x",
        f"/v1/agents/{AGENT}/messages?group_id=g",
        "/v1/steps/?project_id=p",
    ],
)
def test_filters_that_would_be_ignored_are_501(roost_server: Server, path: str) -> None:
    status, answer, _ = roost_server.request("GET", path)
    assert status == 501
    assert "Filtering by" in answer["detail"]


@pytest.mark.parametrize("path", ["/v1/nonsense", "/v2/agents", "/v1/agentsx", "/healthz"])
def test_unknown_paths_are_404(roost_server: Server, path: str) -> None:
    assert roost_server.request("GET", path)[0] == 404


def test_the_openapi_document_names_the_routes(roost_server: Server) -> None:
    _, document, _ = roost_server.request("GET", "/openapi.json")
    assert "post" in document["paths"]["/v1/agents/{agent_id}/messages"]
    parameter = document["paths"]["/v1/agents/{agent_id}"]["get"]["parameters"][0]
    assert parameter["schema"]["pattern"].startswith("^agent-")


def test_metrics_count_by_route_not_by_id(client: Letta, roost_server: Server) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    client.agents.messages.create(agent.id, input="remember that metrics are counted")
    request = urllib.request.Request(f"{roost_server.url}/metrics")
    with urllib.request.urlopen(request, timeout=10) as response:
        text = response.read().decode()
    assert 'route="/v1/agents/{agent_id}/messages"' in text
    assert agent.id not in text
    for name in (
        "hist_ttft_ms_count", "hist_llm_execution_time_ms_count", "count_user_message_total",
        'count_tool_execution_total{tool_execution_success="true",tool_name="memory_insert"}',
        'roost_db_statement_seconds_count{statement="commit_step"}', "gauge_db_pool_connections_total",
    ):  # fmt: skip
        assert name in text
