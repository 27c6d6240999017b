"""The document at /openapi.json is true: schemathesis sends what it allows, and what it does not."""

from __future__ import annotations

import random
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support.model import Model, Say
from tests.support.server import PASSWORD, Server

EXAMPLES = 3
"""Requests per operation, of what the document allows and of what it does not."""

CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
KEY = {"authorization": f"Bearer {PASSWORD}"}


@pytest.fixture(scope="module")
def known(roost_server: Server) -> dict[str, str]:
    """Ids of things that exist, so that requests get further than to 404."""
    client = roost_server.client()
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    answer = client.agents.messages.create(agent.id, input="remember that the ferry leaves at nine")
    archive = client.archives.create(name="a")
    return {
        "agent_id": agent.id,
        "block_id": agent.blocks[0].id,
        "tool_id": agent.tools[0].id,
        "label": "human",
        "tool_name": "conversation_search",
        "archive_id": archive.id,
        "passage_id": client.archives.passages.create(archive.id, text="fact").id,
        "conversation_id": client.conversations.create(agent_id=agent.id).id,
        "message_id": answer.messages[0].id,
        "run_id": answer.messages[0].run_id,
        "step_id": answer.messages[0].step_id,
    }


@pytest.fixture(scope="module")
def document(roost_server: Server) -> Any:
    """The document, as the server gives it."""
    return schemathesis.openapi.from_url(f"{roost_server.url}/openapi.json", headers=KEY)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
def test_answers_are_what_the_document_says(
    document: Any, known: dict[str, str], model: Model, mode: GenerationMode
) -> None:
    """No operation has a fault, nor an answer that it does not document; half of the ids exist."""
    model.script = lambda _: Say("yes")
    choose = random.Random(7)
    wrong: dict[str, str] = {}

    def probe(operation: Any) -> None:
        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def attempt(case: Any) -> None:
            for name in case.path_parameters or {}:
                if name in known and choose.random() < 0.5:
                    case.path_parameters[name] = known[name]
            response = case.call(headers=KEY, timeout=30)
            if response.status_code >= 500 and response.status_code != 501:
                raise AssertionError(f"{case.as_curl_command()}\n{response.status_code} {response.text}")
            case.validate_response(response, checks=CHECKS)

        attempt()

    for result in document.get_all_operations():
        operation = result.ok()
        try:
            probe(operation)
        except Unsatisfiable:
            continue  # there is nothing that the document would not allow
        except (AssertionError, FailureGroup) as error:
            details = (
                [str(one) for one in error.exceptions] if isinstance(error, FailureGroup) else [str(error)]
            )
            wrong[operation.label] = "\n".join(details)
    assert not wrong, "\n\n".join(f"{label}\n{text[:1500]}" for label, text in wrong.items())
