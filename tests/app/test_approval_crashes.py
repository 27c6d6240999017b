"""A server dies while it runs what a client has approved; another goes on, and no bell rings twice."""

from __future__ import annotations

import itertools
import urllib.error
from functools import partial

from letta_client import Letta

from tests.app.test_crashes import RING, Forge, _expire, forge
from tests.app.test_operations import wait_for
from tests.support import postgres
from tests.support.model import Call, Model, Say
from tests.support.server import Server

__all__ = ["forge"]

RULES = [{"type": "requires_approval", "tool_name": "ring"}]


def test_an_approved_call_runs_once_whatever_dies(
    cluster: postgres.Cluster, database: str, forge: Forge, model: Model
) -> None:
    name = ""
    model.script = lambda request: (
        Say("done")
        if any(m["role"] == "tool" for m in request["messages"])
        else Call([
            ("ring", {"key": f"{name}-a"}), ("core_memory_append", {"label": "human", "content": "rang"}),
            ("ring", {"key": f"{name}-b"}),
        ])
    )  # fmt: skip
    client = forge.server().client(max_retries=0, timeout=20)
    client.tools.create(source_code=RING)
    resumed = 0
    for point in itertools.count(1, 3):
        name = f"p{point}"
        agent = client.agents.create(
            memory_blocks=[{"label": "human", "value": "Ada"}], tools=["ring", "core_memory_append"],
            tool_rules=RULES,
        )  # fmt: skip
        asked = client.agents.messages.create(agent.id, input="go")
        first, second = (call.tool_call_id for call in asked.messages[-1].tool_calls)
        words = [
            {"type": "approval", "approve": True, "tool_call_id": first},
            {"type": "approval", "approve": False, "tool_call_id": second},
        ]
        body = {"messages": [{"type": "approval", "approvals": words}]}
        survived = _answered(forge.server(point), f"/v1/agents/{agent.id}/messages", body)
        resumed += _expire(cluster, database)
        wait_for(partial(_idle, client, agent.id), seconds=20)
        if client.agents.retrieve(agent.id).pending_approval is not None:
            assert not forge.rang()[f"{name}-a"], "nothing happened before the answer was stored"
            continue
        rows = client.agents.messages.list(agent.id, order="asc").items
        (returned,) = [m for m in rows if m.message_type == "tool_return_message"]
        assert returned.tool_returns[0].tool_call_id == first
        assert returned.tool_returns[1].status == "success"
        assert (returned.tool_returns[2].status, forge.rang()[f"{name}-b"]) == ("error", 0)
        assert forge.rang()[f"{name}-a"] <= 1
        if returned.tool_returns[0].status == "success":
            assert forge.rang()[f"{name}-a"] == 1
        assert rows[-1].content == "done"
        assert client.agents.blocks.retrieve("human", agent_id=agent.id).value == "Ada\nrang"
        if survived:
            break
    assert resumed > 3


def _idle(client: Letta, agent_id: str) -> bool:
    return not client.runs.list(agent_id=agent_id, active=True).items


def _answered(crashing: Server, path: str, body: dict) -> bool:
    """Whether the server lived to answer."""
    try:
        status, answer, _ = crashing.request("POST", path, body)
    except (ConnectionError, urllib.error.URLError, TimeoutError, OSError):
        return False
    finally:
        crashing.process.kill()
    assert status == 200, answer
    return True
