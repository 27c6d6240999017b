"""The proof at the end of `make up`: an agent remembers across a restart of its server.

Everything goes the way a user's own client would go: through the public HTTPS edge, verified against the
stack's CA, with the admin password. The agent stays, so that the next `make up` can look it up instead of
holding the conversation again.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import httpx
from letta_client import APIError, Letta
from letta_client.types import AgentState

from local import paths
from local.progress import PhaseError, Progress

AGENT_NAME = "proof"
AGENT_TAG = "roost-proof"
FACT = "kingfisher"
TELL = f"Remember that my favourite bird is the {FACT}."
ASK = "What do you know about my favourite bird?"
TURN_SECONDS = 120.0
EDGE_SECONDS = 60.0
RESTART_SECONDS = 180.0
SCRIPTED = "scripted"
REMEDY = "`make logs SERVICE=server` shows what the server says; `make proof` tries again."


class Servers(Protocol):
    """The server's pods, as the proof needs them."""

    def pods(self) -> list[str]:
        """Names of the pods that are ready."""
        ...

    def replace(self, progress: Progress, seconds: float) -> int:
        """Delete all pods and wait for as many new ones; how many. Raises PhaseError after `seconds`."""
        ...


@dataclass(frozen=True)
class Conversation:
    """What was said; `restarted` is the number of pods that were replaced between the two turns."""

    told: str
    reply: str
    restarted: int
    asked: str
    answer: str
    model: str


@dataclass(frozen=True)
class Edge:
    """The stack as its clients see it."""

    url: str
    password: str
    ca_certificate: str | None
    model_kind: str

    @staticmethod
    def of(outputs: Mapping[str, Any]) -> Edge:
        """From the stack's outputs, secrets shown."""
        return Edge(
            outputs["url"], outputs["adminPassword"], outputs.get("caCertificate"), outputs["modelKind"]
        )

    def client(self) -> Letta:
        """A client that trusts the stack's CA and, where it has one, nothing else."""
        context = ssl.create_default_context(cadata=self.ca_certificate)
        transport = httpx.Client(
            verify=context, timeout=httpx.Timeout(TURN_SECONDS, connect=5.0), follow_redirects=True
        )
        return Letta(base_url=self.url, api_key=self.password, http_client=transport)


def still_remembers(edge: Edge) -> bool:
    """Whether the agent of the last proof that held still has the fact in its memory. Reads only."""
    try:
        agent_id = _record().read_text()
        with edge.client() as client:
            blocks = list(client.agents.blocks.list(agent_id))
    except (FileNotFoundError, APIError, httpx.HTTPError):
        return False
    return any(FACT in (block.value or "").casefold() for block in blocks)


def _record() -> Path:
    """Names the agent of the last proof that held; absent while one is under way."""
    return paths.state() / "proof-agent"


def hold(edge: Edge, servers: Servers, progress: Progress) -> Conversation:
    """Tell an agent something, replace the server's pods, and ask for it back.

    Raises:
        PhaseError: any step failed, or the answer does not hold what was told.
    """
    _record().unlink(missing_ok=True)
    with edge.client() as client:
        progress.note("waiting for the server behind the edge")
        _await_edge(client)
        try:
            return _converse(edge, client, servers, progress)
        except APIError as error:
            raise PhaseError(f"The server refused the conversation: {error}", REMEDY) from error


def _converse(edge: Edge, client: Letta, servers: Servers, progress: Progress) -> Conversation:
    progress.note("creating an agent")
    _forget_earlier(client)
    agent = _create(client)
    _check_label(edge, agent)
    progress.note(f"telling it: {TELL}")
    reply = _turn(client, agent.id, TELL)
    progress.note("replacing the server's pods")
    restarted = servers.replace(progress, RESTART_SECONDS)
    _await_edge(client)
    progress.note(f"asking it: {ASK}")
    answer = _turn(client, agent.id, ASK)
    if FACT not in answer.casefold():
        raise PhaseError(f"The agent was asked {ASK!r} and answered without the {FACT}: {answer!r}", REMEDY)
    _record().write_text(agent.id)
    return Conversation(TELL, reply, restarted, ASK, answer, agent.model or "")


def _create(client: Letta) -> AgentState:
    return client.agents.create(
        name=AGENT_NAME,
        tags=[AGENT_TAG],
        description="Made by `make up` to prove that memory outlives the server's pods.",
        memory_blocks=[
            {"label": "human", "value": "The person who ran `make up`."},
            {"label": "persona", "value": "I am the proof that this stack remembers."},
        ],
    )


def _check_label(edge: Edge, agent: AgentState) -> None:
    """A stand-in must be recognisable as one wherever it shows."""
    if edge.model_kind == SCRIPTED and SCRIPTED not in (agent.model or ""):
        raise PhaseError(
            f"The stack's model is the scripted stand-in, but the agent shows it as {agent.model!r}.",
            "Set roost:model.handle to a name that says so.",
        )


def _forget_earlier(client: Letta) -> None:
    for agent in list(client.agents.list(tags=[AGENT_TAG])):
        client.agents.delete(agent.id)


def _turn(client: Letta, agent_id: str, text: str) -> str:
    """Send one message; what the agent said, joined."""
    response = client.agents.messages.create(agent_id, messages=[{"role": "user", "content": text}])
    spoken = [
        _text(message.content) for message in response.messages if message.message_type == "assistant_message"
    ]
    if not spoken:
        kinds = ", ".join(message.message_type or "?" for message in response.messages) or "nothing"
        raise PhaseError(f"The agent was told {text!r} and said nothing (the server sent: {kinds}).", REMEDY)
    return " ".join(spoken).strip()


def _text(content: str | Sequence[Any]) -> str:
    return content if isinstance(content, str) else " ".join(getattr(part, "text", "") for part in content)


def _await_edge(client: Letta) -> None:
    """Wait until an authenticated call gets through the edge to a server."""
    problem = _eventually(lambda: client.agents.list(limit=1), EDGE_SECONDS)
    if problem is not None:
        raise PhaseError(
            f"The edge did not let a client through within {EDGE_SECONDS:.0f} s: {problem}", REMEDY
        )


def _eventually(call: Callable[[], object], seconds: float) -> Exception | None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            call()
        except (APIError, httpx.HTTPError) as error:
            if time.monotonic() > deadline:
                return error
            time.sleep(0.5)
        else:
            return None
