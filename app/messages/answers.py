"""What a client answers to a request for approval: its word on each call, or the result of its own tool."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from app.errors import BadRequest, Conflict
from app.http.fields import Body, Text
from app.messages.content import Content, text_of
from app.messages.rows import NewMessage


class Approval(Body):
    """Whether a call may run."""

    type: Literal["approval"] = "approval"
    tool_call_id: Text
    approve: bool
    reason: Text | None = None


class ToolReturn(Body):
    """What the client's own tool returned."""

    type: Literal["tool"] = "tool"
    tool_call_id: Text
    status: Literal["success", "error"]
    tool_return: Content
    stdout: list[Text] | None = None
    stderr: list[Text] | None = None


def _kind(value: Any) -> str:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "tool" if kind == "tool" else "approval"


Answer = Annotated[
    Annotated[Approval, Tag("approval")] | Annotated[ToolReturn, Tag("tool")], Discriminator(_kind)
]


class ApprovalCreate(Body):
    """Answers to all calls of a request; `approve` and `reason` alone answer all of them alike."""

    type: Literal["approval"]
    approvals: list[Answer] | None = None
    approve: bool | None = None
    approval_request_id: Text | None = None
    reason: Text | None = None
    otid: Text | None = Field(default=None, max_length=200)

    @model_validator(mode="after")
    def _answers(self) -> ApprovalCreate:
        if not self.approvals and self.approve is None:
            raise ValueError("an approval needs `approvals`, one for each call that waits")
        return self


class ToolReturnCreate(Body):
    """Results of client-side tools."""

    type: Literal["tool_return"]
    tool_returns: list[ToolReturn] = Field(min_length=1)
    otid: Text | None = Field(default=None, max_length=200)


def ids_of(message: ApprovalCreate | ToolReturnCreate) -> list[str]:
    """The calls that are answered by name."""
    given = message.approvals or () if isinstance(message, ApprovalCreate) else message.tool_returns
    return [one.tool_call_id for one in given]


def row(message: ApprovalCreate | ToolReturnCreate, pending: dict[str, Any]) -> NewMessage:
    """The answer as it is stored. Raises BadRequest when it does not fit the request that waits."""
    waiting = [call["tool_call_id"] for call in pending["tool_calls"]]
    if isinstance(message, ApprovalCreate) and not message.approvals:
        if message.approval_request_id not in {None, pending["id"]}:
            raise BadRequest(f"The request for approval that waits is {pending['id']}.")
        approve = bool(message.approve)
        answers: list[Approval | ToolReturn] = [
            Approval(tool_call_id=one, approve=approve, reason=message.reason) for one in waiting
        ]
    else:
        given = message.approvals if isinstance(message, ApprovalCreate) else message.tool_returns
        answers = [*(given or ())]
    if sorted(one.tool_call_id for one in answers) != sorted(waiting):
        raise BadRequest(
            f"Answer each call that waits for approval once: {', '.join(waiting)};"
            f" answered were {', '.join(one.tool_call_id for one in answers)}."
        )
    return NewMessage(role="approval", approvals=[_stored(one) for one in answers], otid=message.otid)


def waits(pending: dict[str, Any]) -> Conflict:
    """The refusal of messages while a request for approval waits."""
    message = (
        "The agent waits for an answer to its request for approval; send an `approval` message that approves"
        " or denies its calls before anything else."
    )
    detail = {"code": "PENDING_APPROVAL", "message": message, "pending_request_id": pending["id"]}
    return Conflict(message, body={"detail": detail})


def _stored(answer: Approval | ToolReturn) -> dict[str, Any]:
    if isinstance(answer, Approval):
        return answer.model_dump()
    return answer.model_dump(exclude={"tool_return"}) | {"tool_return": text_of(answer.tool_return)}
