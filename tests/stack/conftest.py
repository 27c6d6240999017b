"""Fixtures of the end-to-end tests.

These tests change what runs (and put it back), so they run one after the other, in file order.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local import paths
from tests.support.stack import REPO, Stack, make_env, say


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The stack that `make up` left running; this fixture brings it up when it is not."""
    env = make_env()
    if "LETTA_BASE_URL" not in env:
        subprocess.run(["make", "up"], cwd=REPO, timeout=3600, check=True, stdout=sys.stderr)
        env = make_env()
    if not json.loads(paths.platform_facts().read_text())["embedded"]:
        pytest.fail("these tests destroy the stack that they find: they only run on the embedded cluster")
    return Stack(env)


@pytest.fixture(scope="session")
def agent_id(stack: Stack) -> Iterator[str]:
    """One agent that has been told something; every later test asks whether it still knows."""
    client = stack.client()
    agent = client.agents.create(
        name="end-to-end",
        memory_blocks=[
            {"label": "human", "value": ""},
            {"label": "persona", "value": "A careful librarian."},
        ],
    )
    say(client, agent.id, "Remember that my lighthouse is called Skerryvore.")
    yield agent.id
    stack.client().agents.delete(agent.id)  # a new client: the password may be another by now
