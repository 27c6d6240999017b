"""The single curves: each starts what it needs and measures a few points."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from local.bench import load, report, rows, stub, subjects, usage, vectors
from local.bench.load import Call
from local.bench.subjects import Place, Subject
from local.progress import Progress

FLAT = 1.5
"""A curve is flat when its last point is at most this many times its first."""
RECALL = 0.95
NEAREST = 10
HISTORIES = (100, 10_000, 1_000_000)
ARCHIVES = (10_000, 100_000)
LARGEST_ARCHIVE = 1_000_000
DIMENSIONS = (384, 1536)
WORKERS = (1, 2, 4)
LANES = 8
SAMPLE_SECONDS = 5.0
MIB = 1024 * 1024

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class Wish:
    """What was asked for: few small points, the largest archive, minutes of load."""

    quick: bool = False
    large: bool = False
    minutes: float = 2.0

    @property
    def histories(self) -> tuple[int, ...]:
        return HISTORIES[:2] if self.quick else HISTORIES

    @property
    def archives(self) -> tuple[int, ...]:
        if self.quick:
            return (2_500, 5_000)
        return (*ARCHIVES, LARGEST_ARCHIVE) if self.large else ARCHIVES

    @property
    def requests(self) -> int:
        return 20 if self.quick else 200


@dataclass(frozen=True)
class Curve:
    """Lines by name; `flat` and `least` are what its points are judged by."""

    file: str
    title: str
    x: str
    y: str
    logarithmic: bool = True
    flat: bool = False
    least: float | None = None
    lines: dict[str, Points] = field(default_factory=dict[str, Points])

    @property
    def bound(self) -> str:
        """What is asked of the points, in words."""
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"flat (≤ {FLAT:g} times the first)" if self.flat else ""

    def kept(self, points: Points) -> bool:
        """Whether the points are within the bound."""
        values = [y for _, y in points]
        if self.least is not None:
            return min(values) >= self.least
        return not self.flat or values[-1] <= FLAT * values[0]


def histories(progress: Progress, wish: Wish) -> list[Curve]:
    """Latency of a turn and of a listing by the length of the history."""
    p50 = Curve("history-p50", "history", "messages", "p50 ms", flat=True)
    p95 = Curve("history-p95", "history", "messages", "p95 ms")
    with subjects.place(progress) as where, subjects.ours(where, progress) as subject:
        agents = {count: _agent(subject) for count in wish.histories}
        for count, agent in agents.items():
            progress.note(f"writing a history of {count:,} messages")
            rows.history(where.cluster, subject.database, agent.removeprefix("agent-"), count)
        for name, call in (("turn", _turn), ("list of 100", _list)):
            for agent in agents.values():
                load.run(subject, where.cluster.process_id, [[call(agent)] * 10])
            for count, agent in agents.items():
                progress.note(f"{name} with {count:,} messages")
                result = load.run(subject, where.cluster.process_id, [[call(agent)] * wish.requests])
                found = report.numbers([result])
                p50.lines.setdefault(name, []).append((count, found.p50))
                p95.lines.setdefault(name, []).append((count, found.p95))
    return [p50, p95]


def archives(progress: Progress, wish: Wish) -> list[Curve]:
    """Latency and recall of a search by the number of passages and the vectors' dimension."""
    latency = Curve("archive-p95", "archival search", "passages", "p95 ms")
    recall = Curve("archive-recall", "archival search", "passages", f"recall@{NEAREST}", least=RECALL)
    for dimension in DIMENSIONS:
        for count in wish.archives:
            with _archive(progress, dimension, count) as (where, subject, agent):
                progress.note(f"searching {count:,} passages of {dimension} dimensions")
                calls = [_search(agent, text) for text in _texts()]
                load.run(subject, where.cluster.process_id, [calls[:10]])
                repeated = calls * max(1, wish.requests // len(calls))
                found = report.numbers([load.run(subject, where.cluster.process_id, [repeated])])
                line = f"{dimension} dimensions"
                latency.lines.setdefault(line, []).append((count, found.p95))
                recall.lines.setdefault(line, []).append((count, _recall(subject, calls, dimension, count)))
    return [latency, recall]


def workers(progress: Progress, wish: Wish) -> Curve:
    """Throughput of turns by the number of workers."""
    curve = Curve("workers", "workers", "workers", "requests/s", logarithmic=False)
    for count in WORKERS:
        with subjects.place(progress) as where, subjects.ours(where, progress, count) as subject:
            agents = [_agent(subject) for _ in range(2 * LANES)]
            for name, call in (("turn", _turn), ("list of 100", _list)):
                progress.note(f"{name}s with {count} workers")
                lanes = [[call(agent)] * (wish.requests // 4 + 1) for agent in agents]
                load.run(subject, where.cluster.process_id, [lane[:5] for lane in lanes])
                result = load.run(subject, where.cluster.process_id, lanes)
                curve.lines.setdefault(name, []).append((count, report.numbers([result]).rate))
    return curve


def memory(progress: Progress, wish: Wish) -> Curve:
    """Memory of the server under turns and listings."""
    curve = Curve("memory", "memory under load", "seconds", "MiB", logarithmic=False, flat=True)
    seconds = 10.0 if wish.quick else 60 * wish.minutes
    with subjects.place(progress) as where, subjects.ours(where, progress) as subject:
        agents = [_agent(subject) for _ in range(LANES)]
        lanes = [[_turn(agent), _list(agent)] * 10 for agent in agents]
        load.run(subject, where.cluster.process_id, lanes)  # what is built once is no growth
        points: Points = []
        began = time.monotonic()
        while not points or points[-1][0] < seconds:
            passed = time.monotonic() - began
            points.append((round(passed, 1), usage.memory(subject.process_id) / MIB))
            progress.advance(int(min(passed, seconds)), int(seconds), "seconds of load")
            until = time.monotonic() + SAMPLE_SECONDS
            while time.monotonic() < until:
                load.run(subject, where.cluster.process_id, lanes)
        curve.lines["server"] = points
    return curve


@contextmanager
def _archive(progress: Progress, dimension: int, count: int) -> Generator[tuple[Place, Subject, str]]:
    with subjects.place(progress, dimension) as where, subjects.ours(where, progress) as subject:
        agent = _agent(subject)
        # The first passage makes the archive, and the server's start has made the index of its dimension.
        load.ask(subject, [Call("POST", f"/v1/agents/{agent}/archival-memory", {"text": "first"})], len)
        progress.note(f"writing {count:,} passages of {dimension} dimensions")
        raw = agent.removeprefix("agent-")
        rows.archive(where.cluster, subject.database, raw, dimension, count)
        yield where, subject, agent


def _recall(subject: Subject, calls: list[Call], dimension: int, count: int) -> float:
    """Which part of the truly nearest passages the searches find."""
    exact = vectors.nearest(dimension, count, NEAREST)
    found = load.ask(subject, calls, orjson.loads)
    hits = 0
    for text, answer in zip(_texts(), found, strict=True):
        wanted = {f"passage-{rows.passage_id(number)}" for number in exact[stub.number(text)]}
        hits += len(wanted & {one["id"] for one in answer["results"]})
    return hits / (len(calls) * NEAREST)


def _texts() -> list[str]:
    """One text for each vector of the stub."""
    by_vector: dict[int, str] = {}
    number = 0
    while len(by_vector) < vectors.QUERIES:
        by_vector.setdefault(stub.number(f"question-{number}"), f"question-{number}")
        number += 1
    return list(by_vector.values())


def _agent(subject: Subject) -> str:
    body = {
        "model": subject.model,
        "embedding": subject.embedding,
        "memory_blocks": [{"label": "human", "value": "Name: Una."}],
    }
    return load.ask(subject, [Call("POST", "/v1/agents/", body)], lambda raw: orjson.loads(raw)["id"])[0]


def _turn(agent: str) -> Call:
    return Call("POST", f"/v1/agents/{agent}/messages", {"messages": [{"role": "user", "content": "Hi."}]})


def _list(agent: str) -> Call:
    return Call("GET", f"/v1/agents/{agent}/messages?limit=100")


def _search(agent: str, text: str) -> Call:
    return Call("GET", f"/v1/agents/{agent}/archival-memory/search?query={text}&top_k={NEAREST}")
