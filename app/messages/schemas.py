"""Bodies of the message routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from app.http.fields import Body, Text, refuse
from app.messages.answers import ApprovalCreate, ToolReturnCreate
from app.messages.content import Content, parts_of, text_of
from app.turns.state import PERSISTED

MESSAGE_TYPES = (
    "system_message", "user_message", "assistant_message", "reasoning_message", "hidden_reasoning_message",
    "tool_call_message", "tool_return_message", "approval_request_message", "approval_response_message",
    "summary_message", "event_message",
)  # fmt: skip


class MessageCreate(Body):
    """One message to an agent."""

    type: Literal["message"] | None = "message"
    role: Literal["user", "system", "assistant"]
    content: Content
    name: Text | None = None
    otid: Text | None = Field(default=None, max_length=200)
    sender_id: Text | None = None

    def split(self) -> tuple[str, list[dict[str, Any]] | None]:
        """The text, and the parts when there is more than text."""
        return text_of(self.content), parts_of(self.content)


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if kind in {"approval", "tool_return"} else "message"


AnyMessage = Annotated[
    Annotated[MessageCreate, Tag("message")]
    | Annotated[ApprovalCreate, Tag("approval")]
    | Annotated[ToolReturnCreate, Tag("tool_return")],
    Discriminator(_kind),
]


class ClientTool(Body):
    """A tool that the client runs when the agent calls it."""

    name: Text = Field(min_length=1, max_length=64, pattern=r"^[a-zA-Z0-9_-]+$")
    description: Text | None = None
    parameters: dict[str, Any] | None = None


class MessageRequest(Body):
    """Letta's LettaRequest with the streaming flags."""

    messages: list[AnyMessage] | None = None
    input: Content | None = None
    max_steps: int = Field(default=50, ge=1, le=1000)
    include_return_message_types: list[str] | None = None
    streaming: bool = False
    stream_tokens: bool = False
    include_pings: bool = True
    background: bool = False
    callback_url: Text | None = Field(default=None, max_length=2000)
    client_tools: list[ClientTool] | None = None
    client_skills: list[Any] | None = None
    override_model: Text | None = None
    override_system: Text | None = None
    include_compaction_messages: bool = False
    use_assistant_message: bool = True
    assistant_message_tool_name: Text = "send_message"
    assistant_message_tool_kwarg: Text = "message"
    return_logprobs: bool = False
    return_token_ids: bool = False

    @model_validator(mode="after")
    def _one_of(self) -> MessageRequest:
        if (self.messages is None) == (self.input is None):
            raise ValueError("give exactly one of `messages` and `input`")
        if self.messages is not None and not self.messages:
            raise ValueError("`messages` is empty; send at least one message")
        return self

    def in_background(self) -> MessageRequest:
        """The same without anybody who listens to it."""
        return self.model_copy(update={"background": True, "stream_tokens": False, "include_pings": True})

    def options(self) -> dict[str, Any]:
        """What the turn keeps of the request, under the names of its own fields."""
        kept = self.model_dump(include=set(PERSISTED))
        return kept | {"client_tools": kept["client_tools"] or None}

    def check(self, *, streaming: bool) -> Sequence[MessageCreate | ApprovalCreate | ToolReturnCreate]:
        """The messages to send. Raises NotServed, or ValueError with a sentence, for what cannot be done."""
        refuse(
            self, "client_skills", "return_logprobs", "return_token_ids",
        )  # fmt: skip
        if not streaming and (self.stream_tokens or self.background or not self.include_pings):
            raise ValueError(
                "`stream_tokens`, `background` and `include_pings` need `streaming`: set it to true"
            )
        if self.input is not None:
            return [MessageCreate(role="user", content=self.input)]
        return self.messages or ()
