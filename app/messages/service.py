"""Sending messages to agents, and listing what was said."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any
from uuid import UUID

from app.db.pool import Database, UniqueViolation, to_json
from app.errors import AppError, Conflict, Unprocessable
from app.http import ids, sse
from app.messages import ended, follow, queries, replies, wire
from app.messages.ended import Replay
from app.messages.rows import NewMessage, rows
from app.messages.schemas import MESSAGE_TYPES, MessageRequest
from app.messages.starting import Thread
from app.telemetry import logs, metrics
from app.turns import endings
from app.turns import queries as turn_queries
from app.turns.events import Recorder
from app.turns.leases import LEASE_SECONDS
from app.turns.loop import Loop
from app.turns.state import Outcome, Turn, TurnInterruptedError
from app.turns.supervisor import Turns

BUSY_POLL_SECONDS = 0.4


@dataclass(frozen=True)
class Sender:
    """The parts of the server that a message needs."""

    db: Database
    loop: Loop
    turns: Turns
    recorder: Recorder
    busy_seconds: float
    """How long a request waits for its agent to be free before it is refused."""

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
            given = body.check(streaming=streaming)
        except ValueError as error:
            raise Unprocessable(f"The request is not valid: {error}.") from None
        thread = Thread(self.db, org_id, agent_id, conversation_id)
        rows_given = await thread.rows(given)
        if isinstance(rows_given, Replay):
            return rows_given
        messages, answers = rows_given
        turn = Turn(
            org_id=org_id,
            agent_id=agent_id,
            run_id=ids.new(),
            token=ids.new(),
            request_id=logs.request_id.get(),
            started=perf_counter(),
            conversation_id=conversation_id,
            **body.options(),
        )
        turn.totals.run_ids.append(f"run-{turn.run_id}")
        if (replay := await self._insert(turn, thread, messages, answers, body)) is not None:
            return replay
        metrics.USER_MESSAGES.inc(sum(message.role == "user" for message in messages))
        return replace(turn, log=self.recorder.open(turn.run_id, turn.token)) if body.background else turn

    async def _insert(
        self,
        turn: Turn,
        thread: Thread,
        messages: list[NewMessage],
        answers: str | None,
        body: MessageRequest,
    ) -> Replay | None:
        """Begin the turn, when its agent is free; or the answer to messages that we have already.

        `answers` is the request for approval that the messages answer.
        """
        otids = [message.otid for message in messages if message.otid]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.busy_seconds
        while True:
            try:
                row = await self.db.row(
                    turn_queries.START, turn.org_id, turn.agent_id, turn.run_id, turn.token,
                    self.turns.owner, LEASE_SECONDS, to_json(turn.config()), to_json(rows(messages)),
                    len(messages), turn.conversation_id, body.background, body.callback_url, answers,
                )  # fmt: skip
            except UniqueViolation:
                replay = await ended.of_otids(self.db, turn.org_id, turn.agent_id, otids)
                if replay is not None:
                    return replay
                if loop.time() >= deadline:
                    raise await self._busy(turn) from None
                await asyncio.sleep(random.uniform(0.5, 1) * BUSY_POLL_SECONDS)  # noqa: S311
                continue
            if row is not None:
                return None
            refusal = await thread.refused()
            replay = await ended.of_otids(self.db, turn.org_id, turn.agent_id, otids)
            if replay is None:
                raise refusal
            return replay

    async def _busy(self, turn: Turn) -> Conflict:
        """The refusal of a turn while another one of the agent runs."""
        row = await self.db.row(queries.RUNNING, turn.org_id, turn.agent_id)
        by = f" (run-{row['id']})" if row else ""
        return Conflict(f"The agent is busy with another request{by}; wait until it is done and send again.")

    async def answer(self, turn: Turn | Replay, types: frozenset[str] | None) -> bytes:
        """Letta's LettaResponse. The turn goes on if the caller stops waiting."""
        if isinstance(turn, Replay):
            return replies.response(_wanted(turn.events, types), turn.outcome)
        events: list[dict[str, Any]] = []
        task = self.turns.spawn(turn, self.loop.run(turn, events.append))
        try:
            outcome = await asyncio.shield(task)
        except TurnInterruptedError as error:
            replay = await ended.elsewhere(self.db, turn.org_id, turn.run_id, error)
            return replies.response(_wanted(replay.events, types), replay.outcome)
        except asyncio.CancelledError:
            if task.cancelled():
                raise replies.stopped() from None
            raise
        return replies.response(_wanted(events, types), outcome)

    async def stream(
        self, turn: Turn | Replay, types: frozenset[str] | None, *, pings: bool, seconds: float
    ) -> sse.StreamResponse:
        """The same as server-sent events; returns the response."""
        if isinstance(turn, Turn) and turn.log is not None:
            self.turns.spawn(turn, self.loop.run(turn, turn.log.put))
            wanted = follow.Wanted(turn.org_id, turn.run_id, pings=pings)
            return await follow.stream(self.db, self.recorder, wanted, seconds)
        channel = sse.Channel()
        ping = replies.ping(turn.run_id, wanted=pings)
        if pings:
            channel.put(ping())

        def emit(event: dict[str, Any]) -> None:
            if types is None or event["message_type"] in types:
                channel.put(sse.event(event))

        if isinstance(turn, Replay):
            for event in turn.events:
                emit(event)
            replies.end(channel, turn.outcome)
        else:
            task = self.turns.spawn(turn, self.loop.run(turn, emit))
            task.add_done_callback(lambda done: _finish(channel, turn.run_id, done))
        return sse.StreamResponse(channel, ping=ping, ping_seconds=seconds)

    def leave(self, turn: Turn | Replay) -> UUID:
        """Let a background turn run without a listener; its run's id."""
        if isinstance(turn, Turn):
            emit = turn.log.put if turn.log else _nobody
            self.turns.spawn(turn, self.loop.run(turn, emit))
        return turn.run_id

    async def cancel(
        self, org_id: UUID, *, agent_id: UUID | None = None, run_ids: list[UUID] | None = None
    ) -> list[UUID]:
        """Cancel running ones of an agent's runs or of given runs, on whichever server; the ids of those."""
        cancelled = await endings.cancel(self.db, org_id, agent_id=agent_id, run_ids=run_ids)
        self.turns.cancel(cancelled)
        return cancelled


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


def _finish(channel: sse.Channel, run_id: UUID, task: asyncio.Task[Outcome]) -> None:
    error = None if task.cancelled() else task.exception()
    if task.cancelled() or error is not None:
        replies.end_badly(channel, run_id, error if isinstance(error, AppError) else replies.stopped())
    else:
        replies.end(channel, task.result())


def _nobody(_: dict[str, Any]) -> None:
    """Nobody listens."""
