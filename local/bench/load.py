"""Drives a server with a number of connections, and says what it took."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

import uvloop

from local.bench import usage
from local.bench.http import Answer, Connection
from local.bench.subjects import Subject

RUN_SECONDS = 300.0

T = TypeVar("T")


@dataclass(frozen=True)
class Call:
    """One request. `token` marks the first event that counts in a stream."""

    method: str
    path: str
    body: object = None
    token: bytes = b""


@dataclass(frozen=True)
class Sample:
    """One request's times, in seconds since the run began."""

    start: float
    first: float
    end: float


@dataclass(frozen=True)
class Result:
    """A run: its samples, and the CPU seconds of server and Postgres meanwhile."""

    samples: list[Sample]
    seconds: float
    server_cpu: float
    postgres_cpu: float


def run(subject: Subject, postgres_id: int, lanes: Sequence[Sequence[Call]]) -> Result:
    """Each lane is a connection that sends its calls one after the other; all begin together.

    Raises HttpError when a call failed, TimeoutError after RUN_SECONDS.
    """
    before = usage.cpu_seconds(subject.process_id), usage.cpu_seconds(postgres_id)
    samples, seconds = uvloop.run(_drive(subject, lanes))
    after = usage.cpu_seconds(subject.process_id), usage.cpu_seconds(postgres_id)
    return Result(samples, seconds, after[0] - before[0], after[1] - before[1])


def ask(subject: Subject, calls: Sequence[Call], read: Callable[[bytes], T]) -> list[T]:
    """What the server answers to some calls, in order; for preparation."""

    async def all_of_them() -> list[T]:
        connection = Connection("127.0.0.1", subject.port, subject.headers)
        try:
            return [read((await _send(connection, call)).body) for call in calls]
        finally:
            connection.close()

    return uvloop.run(all_of_them())


async def _drive(subject: Subject, lanes: Sequence[Sequence[Call]]) -> tuple[list[Sample], float]:
    samples: list[Sample] = []
    connections = [Connection("127.0.0.1", subject.port, subject.headers) for _ in lanes]

    async def lane(connection: Connection, calls: Sequence[Call]) -> None:
        for call in calls:
            start = perf_counter()
            answer = await _send(connection, call)
            samples.append(Sample(start - began, answer.first - began, perf_counter() - began))

    try:
        async with asyncio.timeout(RUN_SECONDS):
            began = perf_counter()
            async with asyncio.TaskGroup() as group:
                for connection, calls in zip(connections, lanes, strict=True):
                    group.create_task(lane(connection, calls))
            return samples, perf_counter() - began
    finally:
        for connection in connections:
            connection.close()


async def _send(connection: Connection, call: Call) -> Answer:
    return await connection.request(call.method, call.path, call.body, call.token)
