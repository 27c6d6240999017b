"""Bodies of the message routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from app.errors import NotServed
from app.http.fields import Body, Text, refuse

MESSAGE_TYPES = (
    "system_message", "user_message", "assistant_message", "reasoning_message", "hidden_reasoning_message",
    "tool_call_message", "tool_return_message", "approval_request_message", "approval_response_message",
    "summary_message", "event_message",
)  # fmt: skip


class TextPart(Body):
    """A piece of text."""

    type: Literal["text"] = "text"
    text: Text


class ImagePart(Body):
    """An image, by URL or as base64 data."""

    type: Literal["image"] = "image"
    source: dict[str, Any]


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]
Content = Text | list[Part]


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
        if isinstance(self.content, str):
            return self.content, None
        text = "\n".join(part.text for part in self.content if isinstance(part, TextPart))
        if all(isinstance(part, TextPart) for part in self.content):
            return text, None
        return text, [part.model_dump() for part in self.content]


class Unserved(Body):
    """Approvals and results of client-side tools: recognised, and refused with a sentence."""

    type: Literal["approval", "tool_return"]


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "unserved" if kind in {"approval", "tool_return"} else "message"


AnyMessage = Annotated[
    Annotated[MessageCreate, Tag("message")] | Annotated[Unserved, Tag("unserved")], Discriminator(_kind)
]


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
    client_tools: list[Any] | None = None
    client_skills: list[Any] | None = None
    override_model: str | None = None
    override_system: str | None = None
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

    def check(self, *, streaming: bool) -> list[MessageCreate]:
        """The messages to send. Raises NotServed, or ValueError with a sentence, for what cannot be done."""
        refuse(
            self, "client_tools", "client_skills", "override_model", "override_system",
            "return_logprobs", "return_token_ids",
        )  # fmt: skip
        if not streaming and (self.stream_tokens or self.background or not self.include_pings):
            raise ValueError(
                "`stream_tokens`, `background` and `include_pings` need `streaming`: set it to true"
            )
        if self.input is not None:
            return [MessageCreate(role="user", content=self.input)]
        wanted: list[MessageCreate] = []
        for message in self.messages or ():
            if isinstance(message, Unserved):
                raise NotServed(f"Messages of type {message.type!r} are not served by this server yet.")
            wanted.append(message)
        return wanted
