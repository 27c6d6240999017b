"""Sending messages to agents, and listing what was said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import UUID

import orjson

from app.db import keyset
from app.db.pool import Database, UniqueViolation, to_json
from app.errors import AppError, Conflict, NotFound, Unavailable, Unprocessable
from app.http import ids, sse
from app.messages import queries, wire
from app.messages.rows import NewMessage, rows
from app.messages.schemas import MESSAGE_TYPES, MessageRequest
from app.telemetry import logs, metrics
from app.turns import queries as turn_queries
from app.turns.loop import Loop
from app.turns.state import Emit, Outcome, Turn
from app.turns.supervisor import LEASE_SECONDS, Turns


@dataclass(frozen=True)
class Replay:
    """A request that was answered before: its run, and what to answer again."""

    run_id: UUID
    outcome: Outcome
    events: list[dict[str, Any]]


@dataclass(frozen=True)
class Sender:
    """The parts of the server that a message needs."""

    db: Database
    loop: Loop
    turns: Turns

    async def start(
        self,
        org_id: UUID,
        agent_id: UUID,
        body: MessageRequest,
        *,
        streaming: bool,
        conversation_id: UUID | None = None,
    ) -> Turn | Replay:
        """Store the messages and lease a run for them, in one statement.

        Raises NotFound; Conflict while another turn of the agent runs; Unprocessable for a request that
        contradicts itself. A repeated `otid` gives the earlier answer instead of a second turn.
        """
        try:
            messages = [NewMessage.of(message) for message in body.check(streaming=streaming)]
        except ValueError as error:
            raise Unprocessable(f"The request is not valid: {error}.") from None
        turn = Turn(
            org_id=org_id,
            agent_id=agent_id,
            run_id=ids.new(),
            token=ids.new(),
            max_steps=body.max_steps,
            stream_tokens=body.stream_tokens,
            request_id=logs.request_id.get(),
            started=perf_counter(),
            conversation_id=conversation_id,
        )
        config = to_json(
            {"max_steps": body.max_steps, "streaming": streaming, "stream_tokens": body.stream_tokens}
        )
        try:
            row = await self.db.row(
                turn_queries.START, org_id, agent_id, turn.run_id, turn.token, self.turns.owner,
                LEASE_SECONDS,
                config, to_json(rows(messages)), len(messages), conversation_id,
            )  # fmt: skip
        except UniqueViolation as error:
            otids = [message.otid for message in messages if message.otid]
            return await self._repeated(org_id, agent_id, otids, error)
        if row is None:
            raise NotFound(f"There is no agent agent-{agent_id}, or it has no such conversation.")
        metrics.USER_MESSAGES.inc(sum(message.role == "user" for message in messages))
        return turn

    async def answer(self, turn: Turn | Replay, types: frozenset[str] | None) -> bytes:
        """Letta's LettaResponse. The turn goes on if the caller stops waiting."""
        if isinstance(turn, Replay):
            return _response(_wanted(turn.events, types), turn.outcome)
        events: list[dict[str, Any]] = []
        task = self.turns.spawn(turn.token, self.loop.run(turn, events.append))
        try:
            outcome = await asyncio.shield(task)
        except asyncio.CancelledError:
            if task.cancelled():
                raise _stopped() from None
            raise
        return _response(_wanted(events, types), outcome)

    def stream(
        self, turn: Turn | Replay, types: frozenset[str] | None, *, pings: bool, seconds: float
    ) -> Any:
        """The same as server-sent events; returns the response."""
        channel = sse.Channel()
        ping = _ping(turn.run_id) if pings else lambda: b": keepalive\n\n"
        if pings:
            channel.put(ping())

        def emit(event: dict[str, Any]) -> None:
            if types is None or event["message_type"] in types:
                channel.put(sse.event(event))

        if isinstance(turn, Replay):
            for event in turn.events:
                emit(event)
            _end(channel, turn.outcome)
        else:
            self.turns.spawn(turn.token, self._streamed(turn, emit, channel))
        return sse.StreamResponse(channel, ping=ping, ping_seconds=seconds)

    async def _streamed(self, turn: Turn, emit: Emit, channel: sse.Channel) -> Outcome:
        try:
            outcome = await self.loop.run(turn, emit)
        except AppError as error:
            _end_badly(channel, turn.run_id, error)
            raise
        except asyncio.CancelledError:
            _end_badly(channel, turn.run_id, _stopped())
            raise
        else:
            _end(channel, outcome)
            return outcome
        finally:
            channel.close()

    async def _repeated(
        self, org_id: UUID, agent_id: UUID, otids: list[str], error: UniqueViolation
    ) -> Replay:
        """What to do with a message that we have already, or with an agent that is busy."""
        row = await self.db.row(queries.BY_OTID, org_id, agent_id, otids) if otids else None
        if row is None:
            raise error  # the agent is busy with something else, which the error renderer says
        if row["status"] == "running":
            raise Conflict(
                f"This message (same `otid`) is being answered by run-{row['run_id']}; list messages later."
            )
        if row["status"] != "completed":
            raise Conflict(
                f"This message (same `otid`) was received before and its run-{row['run_id']} {row['status']};"
                " send it with a new `otid` to try again."
            )
        page = keyset.Page(None, None, 1000, descending=False)
        found = await keyset.fetch(self.db, queries.LIST_OF_RUN, page, [org_id, row["run_id"]], [])
        stored = [wire.Stored.from_row(one) for one in found]
        events = [event for one in stored if one.role in {"assistant", "tool"} for event in wire.expand(one)]
        return Replay(row["run_id"], Outcome(row["stop_reason"], orjson.loads(row["usage"])), events)


def expanded(found: list[Any], *, descending: bool, types: frozenset[str] | None) -> list[dict[str, Any]]:
    """Rows as wire messages in the order of the rows."""
    events: list[dict[str, Any]] = []
    for row in found:
        parts = wire.expand(wire.Stored.from_row(row))
        events += reversed(parts) if descending else parts
    return _wanted(events, types)


def types_of(names: list[str] | None) -> frozenset[str] | None:
    """The message types to return; None is all of them. Raises Unprocessable for an unknown one."""
    if names is None:
        return None
    unknown = sorted(set(names) - set(MESSAGE_TYPES))
    if unknown:
        raise Unprocessable(
            f"{', '.join(map(repr, unknown))} is no message type; there are {', '.join(MESSAGE_TYPES)}."
        )
    return frozenset(names)


def _wanted(events: list[dict[str, Any]], types: frozenset[str] | None) -> list[dict[str, Any]]:
    return events if types is None else [event for event in events if event["message_type"] in types]


def _response(events: list[dict[str, Any]], outcome: Outcome) -> bytes:
    stop = {"message_type": "stop_reason", "stop_reason": outcome.stop_reason}
    body = {"messages": events, "stop_reason": stop, "usage": outcome.usage, "logprobs": None, "turns": None}
    return orjson.dumps(body)


def _ping(run_id: UUID) -> Callable[[], bytes]:
    def ping() -> bytes:
        return sse.event(
            {
                "message_type": "ping",
                "id": f"message-{ids.new()}",
                "date": datetime.now(UTC).isoformat(),
                "run_id": f"run-{run_id}",
            }
        )

    return ping


def _end(channel: sse.Channel, outcome: Outcome) -> None:
    channel.put(sse.event({"message_type": "stop_reason", "stop_reason": outcome.stop_reason}))
    channel.put(sse.event(outcome.usage))
    channel.put(sse.DONE)
    channel.close()


def _end_badly(channel: sse.Channel, run_id: UUID, error: AppError) -> None:
    kind = getattr(error, "kind", "internal_error")
    reason = "error" if kind == "internal_error" else "llm_api_error"
    channel.put(sse.event({"message_type": "stop_reason", "stop_reason": reason}))
    body = {
        "message_type": "error_message",
        "run_id": f"run-{run_id}",
        "error_type": kind,
        "message": error.message,
        "detail": None,
    }
    channel.put(sse.event(body, "error"))
    channel.put(sse.DONE)
    channel.close()


def _stopped() -> Unavailable:
    error = Unavailable("The server stopped before the turn was done; list the messages, then send again.")
    error.retry = False
    return error
