"""Messages on their way into the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from app.http import ids

if TYPE_CHECKING:
    from app.messages.schemas import MessageCreate


@dataclass(frozen=True)
class NewMessage:
    """A row to insert. Which run and step it belongs to is decided by the statement."""

    role: str
    text: str | None = None
    parts: list[dict[str, Any]] | None = None
    reasoning: str | None = None
    tool_calls: list[dict[str, Any]] | None = None
    """`{id, name, arguments}`, arguments as JSON text."""
    tool_returns: list[dict[str, Any]] | None = None
    """`{tool_call_id, name, status, text}`, in the order of the calls."""
    approvals: list[dict[str, Any]] | None = None
    """A client's answers to calls that waited for it, as Letta writes them."""
    name: str | None = None
    otid: str | None = None
    sender_id: str | None = None
    model: str | None = None
    is_err: bool = False
    created_at: datetime | None = None
    """When it was said, if not now."""
    id: UUID = field(default_factory=ids.new)

    @classmethod
    def of(cls, message: MessageCreate) -> NewMessage:
        """The row of a client's message."""
        text, parts = message.split()
        return cls(
            role=message.role,
            text=text,
            parts=parts,
            name=message.name,
            otid=message.otid,
            sender_id=message.sender_id,
        )


def rows(messages: Sequence[NewMessage]) -> list[dict[str, Any]]:
    """JSON rows for `queries.INSERTED`, in order."""
    return [
        {
            "n": n,
            "id": str(message.id),
            "role": message.role,
            "text": message.text,
            "parts": message.parts,
            "reasoning": message.reasoning,
            "tool_calls": message.tool_calls,
            "tool_returns": message.tool_returns,
            "approvals": message.approvals,
            "name": message.name,
            "otid": message.otid,
            "sender_id": message.sender_id,
            "model": message.model,
            "is_err": message.is_err,
            "created_at": message.created_at,
        }
        for n, message in enumerate(messages)
    ]
