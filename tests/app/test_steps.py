"""Steps through the official client: listing, feedback, metrics, messages, traces."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import letta_client
import pytest
from letta_client import Letta

from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model, Say

MISSING = "step-00000000-0000-4000-8000-00000000dead"


def test_a_turns_steps_are_listed_judged_and_measured(client: Letta) -> None:
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    answer = client.agents.messages.create(agent.id, input="remember that the ferry leaves at nine")
    steps = list(client.steps.list(agent_id=agent.id, order="asc"))
    assert [step.id for step in steps] == list(dict.fromkeys(m.step_id for m in answer.messages))
    assert [step.id for step in client.steps.list(agent_id=agent.id, limit=1)] == [s.id for s in steps[::-1]]
    one = client.steps.retrieve(steps[0].id)
    assert (one.status, one.agent_id, one.total_tokens) == ("success", agent.id, steps[0].total_tokens)
    told = [m.message_type for m in client.steps.messages.list(one.id)]
    assert told == ["tool_call_message", "tool_return_message"]
    metrics = client.steps.metrics.retrieve(one.id)
    assert metrics.step_ns >= metrics.llm_request_ns > 0
    assert metrics.tool_execution_ns > 0
    judged = client.steps.feedback.create(one.id, feedback="positive", tags=["good"])
    assert (judged.feedback, judged.tags) == ("positive", ["good"])
    assert [s.id for s in client.steps.list(agent_id=agent.id, has_feedback=True)] == [one.id]
    assert [s.id for s in client.steps.list(agent_id=agent.id, has_feedback=False)] == [steps[1].id]
    assert [s.id for s in client.steps.list(agent_id=agent.id, feedback="negative")] == []
    assert [s.id for s in client.steps.list(agent_id=agent.id, tags=["good"])] == [one.id]
    assert client.steps.feedback.create(one.id, feedback=None).feedback is None
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert list(client.steps.list(agent_id=agent.id, start_date=later)) == []
    assert len(list(client.steps.list(agent_id=agent.id, end_date=later, model="scripted"))) == 2


def test_what_is_not_there_is_404(client: Letta) -> None:
    for call in (
        client.steps.retrieve, client.steps.metrics.retrieve, client.steps.trace.retrieve,
        client.steps.messages.list, client.steps.feedback.create,
    ):  # fmt: skip
        with pytest.raises(letta_client.NotFoundError):
            call(MISSING)


def test_traces_are_kept_when_the_settings_say_so(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    model.script = lambda _: Say("traced")
    variables = server.environment(application(cluster, database), model, LETTA_TRACK_PROVIDER_TRACE="true")
    with server.running(variables) as running:
        client = running.client()
        agent = client.agents.create()
        answer = client.agents.messages.create(agent.id, input="trace this")
        trace = client.steps.trace.retrieve(answer.messages[0].step_id)
        assert "trace this" in str(trace.request_json)
        assert trace.response_json["text"] == "traced"
