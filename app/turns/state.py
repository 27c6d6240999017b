"""What a turn knows: its request, the agent as loaded, and the result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.agents.compaction import CompactionSettings
from app.errors import AppError
from app.llm.types import Usage
from app.messages.wire import View
from app.turns.rules import Rules

if TYPE_CHECKING:
    from app.turns.events import RunLog

Emit = Callable[[dict[str, Any]], None]
"""Takes a wire message for whoever is listening; never blocks and never fails."""


class LeaseLostError(Exception):
    """Another process has the run now, or it was ended; nothing more of it is written here."""


class TurnInterruptedError(AppError):
    """The database went away from a turn, which a server goes on with when it is back."""

    status = 503
    retry = False


@dataclass
class Totals:
    """Tokens and steps of the whole turn."""

    steps: int = 0
    prompt: int = 0
    completion: int = 0
    total: int = 0
    cached: int | None = None
    reasoning: int | None = None
    context: int = 0
    ttft_ns: int | None = None
    run_ids: list[str] = field(default_factory=list[str])

    @classmethod
    def of_run(cls, run_id: UUID, usage: dict[str, Any] | None = None) -> Totals:
        """The totals of a run: of a new one, or as its earlier attempts left them."""
        given = usage or {}
        return cls(
            steps=given.get("step_count", 0),
            prompt=given.get("prompt_tokens", 0),
            completion=given.get("completion_tokens", 0),
            total=given.get("total_tokens", 0),
            cached=given.get("cached_input_tokens"),
            reasoning=given.get("reasoning_tokens"),
            context=given.get("context_tokens", 0),
            run_ids=[f"run-{run_id}"],
        )

    def add(self, usage: Usage) -> None:
        """Count one model call."""
        self.steps += 1
        self.prompt += usage.prompt
        self.completion += usage.completion
        self.total += usage.total
        self.context = usage.total
        if usage.cached is not None:
            self.cached = (self.cached or 0) + usage.cached
        if usage.reasoning is not None:
            self.reasoning = (self.reasoning or 0) + usage.reasoning

    def wire(self) -> dict[str, Any]:
        """Letta's usage_statistics message."""
        return {
            "message_type": "usage_statistics",
            "completion_tokens": self.completion,
            "prompt_tokens": self.prompt,
            "total_tokens": self.total,
            "step_count": self.steps,
            "run_ids": self.run_ids,
            "cached_input_tokens": self.cached,
            "cache_write_tokens": None,
            "reasoning_tokens": self.reasoning,
            "context_tokens": self.context,
        }


PERSISTED = (
    "max_steps", "stream_tokens", "include_return_message_types", "client_tools", "override_model",
    "override_system", "include_compaction_messages", "use_assistant_message", "assistant_message_tool_name",
    "assistant_message_tool_kwarg",
)  # fmt: skip
"""Fields of a turn that are kept with its run, as JSON, so that another process can go on with it."""


@dataclass(frozen=True)
class Turn:
    """A turn that was started: the lease is ours, the user's messages are stored."""

    org_id: UUID
    agent_id: UUID
    run_id: UUID
    token: UUID
    max_steps: int
    stream_tokens: bool
    request_id: str | None
    started: float
    """`time.perf_counter()` when the request came."""
    conversation_id: UUID | None = None
    """The context that the turn belongs to; None is the agent's own thread."""
    include_return_message_types: list[str] | None = None
    """The types of messages that whoever listens wants; None is all."""
    client_tools: list[dict[str, Any]] | None = None
    """Tools that the client runs: a name, a description and a schema each."""
    override_model: str | None = None
    override_system: str | None = None
    include_compaction_messages: bool = False
    use_assistant_message: bool = True
    assistant_message_tool_name: str = "send_message"
    assistant_message_tool_kwarg: str = "message"
    totals: Totals = field(default_factory=Totals)
    """What the turn used so far, in earlier attempts too."""
    attempt: int = 1
    log: RunLog | None = None
    """Where a background run's events go instead of to a listener."""

    @property
    def view(self) -> View:
        """How the client wants to see messages that are sent with a tool."""
        return View(
            self.use_assistant_message, self.assistant_message_tool_name, self.assistant_message_tool_kwarg
        )

    def config(self) -> dict[str, Any]:
        """What the run's row keeps of the request."""
        return {name: getattr(self, name) for name in PERSISTED}


@dataclass(frozen=True)
class ContextMessage:
    """A stored message that the model is to see."""

    seq: int
    role: str
    text: str | None
    created_at: datetime
    parts: list[dict[str, Any]] | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_returns: list[dict[str, Any]] | None = None
    approvals: list[dict[str, Any]] | None = None
    reasoning: str | None = None
    id: UUID | None = None
    run_id: UUID | None = None


@dataclass(frozen=True)
class OfferedTool:
    """A tool of the agent, as the model is told about it."""

    name: str
    schema: dict[str, Any]
    return_limit: int


@dataclass
class LoadedAgent:
    """An agent at the start of its turn; `messages` grows as the turn goes on."""

    llm_config: dict[str, Any]
    timezone: str
    response_format: dict[str, Any] | None
    tools: dict[str, OfferedTool]
    messages: list[ContextMessage]
    context_start: int
    rules: Rules
    talks_by_tools: bool = False
    """Whether it has to call a tool in each step, as MemGPT's kind does."""
    client_tools: dict[str, OfferedTool] = field(default_factory=dict[str, "OfferedTool"])
    compaction: CompactionSettings = field(default_factory=CompactionSettings)
    next_seq: int = 1
    """The sequence number of the next message when the agent was loaded."""
    pending_prompt: str | None = None
    """A newly compiled system prompt that the next commit must store, with its key."""
    pending_key: str | None = None

    def offered(self) -> list[str]:
        """The names of the tools that may be called now."""
        return self.rules.allowed(dict.fromkeys((*self.tools, *self.client_tools)))

    def tool(self, name: str) -> OfferedTool:
        """A tool by name; the client's own stands in for the agent's."""
        return self.client_tools.get(name) or self.tools[name]


@dataclass(frozen=True)
class Outcome:
    """How a turn ended well."""

    stop_reason: str
    usage: dict[str, Any]


@dataclass(frozen=True)
class Decision:
    """What follows a step, decided when its tools have returned."""

    stop: str | None
    """Why the turn ends; None to go on."""
    heartbeat: str | None = None
    """A reason to go on that the model is told; it is stored behind the step's messages."""


Decide = Callable[[list[dict[str, Any]]], Decision]
"""From the returns of a step's tools, as stored, to what follows; it may be asked again after a collision."""


STATUS_OF = {
    "end_turn": "completed",
    "max_steps": "completed",
    "tool_rule": "completed",
    "requires_approval": "completed",
    "no_tool_call": "failed",
    "invalid_tool_call": "failed",
    "context_window_overflow_in_system_prompt": "failed",
    "max_tokens_exceeded": "failed",
    "invalid_llm_response": "failed",
}
"""Stop reasons of the loop and the run status that goes with them."""
