"""What a turn comes to on the wire: Letta's response, or the last events of a stream."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson

from app.errors import AppError, Unavailable
from app.http import ids, sse
from app.turns.state import Outcome


def response(events: list[dict[str, Any]], outcome: Outcome) -> bytes:
    """Letta's LettaResponse."""
    stop = {"message_type": "stop_reason", "stop_reason": outcome.stop_reason}
    body = {"messages": events, "stop_reason": stop, "usage": outcome.usage, "logprobs": None, "turns": None}
    return orjson.dumps(body)


def ping(run_id: UUID, *, wanted: bool) -> Callable[[], bytes]:
    """What keeps a stream alive: a ping event that tells the run, or a comment."""

    def event() -> bytes:
        return sse.event(
            {
                "message_type": "ping",
                "id": f"message-{ids.new()}",
                "date": datetime.now(UTC).isoformat(),
                "run_id": f"run-{run_id}",
            }
        )

    return event if wanted else lambda: b": keepalive\n\n"


def end(channel: sse.Channel, outcome: Outcome) -> None:
    """The last events of a turn, and the end of the stream."""
    channel.put(sse.event({"message_type": "stop_reason", "stop_reason": outcome.stop_reason}))
    channel.put(sse.event(outcome.usage))
    channel.put(sse.DONE)
    channel.close()


def end_badly(channel: sse.Channel, run_id: UUID, error: AppError) -> None:
    """The last events of a turn that failed."""
    kind = getattr(error, "kind", "internal_error")
    failed(channel, run_id, "error" if kind == "internal_error" else "llm_api_error", kind, error.message)


def failed(channel: sse.Channel, run_id: UUID, reason: str, kind: str, message: str) -> None:
    """The last events of a run that failed for the reason that its row tells."""
    channel.put(sse.event({"message_type": "stop_reason", "stop_reason": reason}))
    body = {
        "message_type": "error_message",
        "run_id": f"run-{run_id}",
        "error_type": kind,
        "message": message,
        "detail": None,
    }
    channel.put(sse.event(body, "error"))
    channel.put(sse.DONE)
    channel.close()


def stopped() -> Unavailable:
    """This server stops, or lost the run; another one goes on with the turn."""
    error = Unavailable("The turn goes on at another server; list the messages in a moment.")
    error.retry = False
    return error
