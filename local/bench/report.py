"""What was measured as numbers, as a table in markdown, and as JSON for the plots."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

from local.bench.compare import Measured
from local.bench.load import Result, Sample
from local.bench.workloads import WORKLOADS, Workload

CPU_TARGET = 10
START_TARGET = 15
MEMORY_TARGET = 4
MIB = 1024 * 1024
COLUMNS = (
    "workload", "req/s", "peer", "times", "target", "p50/p95/p99 ms", "peer",
    "CPU ms, server + Postgres", "peer", "a", "target",
)  # fmt: skip


@dataclass(frozen=True)
class Numbers:
    """All runs of one workload on one server. Times in milliseconds, for one request."""

    requests: int
    rate: float
    p50: float
    p95: float
    p99: float
    first_p50: float
    server_cpu: float
    postgres_cpu: float

    @property
    def cpu(self) -> float:
        """Of server and Postgres together."""
        return self.server_cpu + self.postgres_cpu


def numbers(runs: Sequence[Result]) -> Numbers:
    """Runs put together: all their requests over all their seconds."""
    samples = [sample for run in runs for sample in run.samples]
    times = sorted((sample.end - sample.start) * 1000 for sample in samples)
    first = sorted((sample.first - sample.start) * 1000 for sample in samples)
    count = len(samples)
    return Numbers(
        requests=count,
        rate=count / sum(run.seconds for run in runs),
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        p99=percentile(times, 99),
        first_p50=percentile(first, 50),
        server_cpu=1000 * sum(run.server_cpu for run in runs) / count,
        postgres_cpu=1000 * sum(run.postgres_cpu for run in runs) / count,
    )


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The value that `percent` of the ordered values do not exceed (nearest rank)."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, int(rank) - 1)]


def compared(both: Sequence[Measured]) -> tuple[str, bool]:
    """Markdown with ours beside the peer, and whether every target was reached."""
    ours, peer = both
    good = True
    lines = [
        f"Machine: {machine()}. One worker each, {ours.subject.name} beside {peer.subject.name}.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        "|---" * len(COLUMNS) + "|",
    ]
    for workload in WORKLOADS:
        line, reached = _row(workload, ours, peer)
        good = good and reached
        lines.append(line)
    more, reached = _whole(ours, peer)
    return "\n".join([*lines, "", *more]), good and reached


def _row(workload: Workload, ours: Measured, peer: Measured) -> tuple[str, bool]:
    for one in (ours, peer):
        if fault := one.faults.get(workload.name):
            return f"| {workload.name} | {one.subject.name} failed: {fault[:300]} |" + " |" * 9, False
    mine, theirs = (numbers(one.runs[workload.name]) for one in (ours, peer))
    times, part = mine.rate / theirs.rate, theirs.cpu / mine.cpu if mine.cpu else float("inf")
    reached = times >= workload.target, part >= CPU_TARGET
    cells = [
        workload.name, f"{mine.rate:.0f}", f"{theirs.rate:.1f}", f"{times:.1f}{_mark(reached[0])}",
        f"≥ {workload.target}", _times(mine, streams=workload.streams),
        _times(theirs, streams=workload.streams), f"{mine.server_cpu:.1f} + {mine.postgres_cpu:.1f}",
        f"{theirs.server_cpu:.0f} + {theirs.postgres_cpu:.0f}", f"{part:.1f}th{_mark(reached[1])}",
        f"≤ {CPU_TARGET}th",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |", all(reached)


def _whole(ours: Measured, peer: Measured) -> tuple[list[str], bool]:
    """Start and memory."""
    mine, theirs = ours.subject, peer.subject
    rows = [
        ("cold start, CPU s", mine.start_cpu, theirs.start_cpu, START_TARGET, "{:.2f}"),
        ("memory after start, MiB", mine.start_memory / MIB, theirs.start_memory / MIB, MEMORY_TARGET,
            "{:.0f}"),
        ("memory after load, MiB", ours.end_memory / MIB, peer.end_memory / MIB, MEMORY_TARGET, "{:.0f}"),
    ]  # fmt: skip
    lines = ["| | ours | peer | a | target |", "|---|---|---|---|---|"]
    good = True
    for name, left, right, target, form in rows:
        reached = right / left >= target
        good = good and reached
        part = f"{right / left:.1f}th{_mark(reached)}"
        lines.append(f"| {name} | {form.format(left)} | {form.format(right)} | {part} | ≤ {target}th |")
    return lines, good


def _times(one: Numbers, *, streams: bool) -> str:
    first = f", first token {one.first_p50:.0f}" if streams else ""
    return f"{one.p50:.0f}/{one.p95:.0f}/{one.p99:.0f}{first}"


def _mark(reached: bool) -> str:
    return " ✓" if reached else " ✗"


def machine() -> str:
    """Cores, memory and Python, since numbers without them say little; and how busy it was."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


def save(both: Iterable[Measured], table: str, directory: Path) -> Path:
    """The table and the raw samples; returns the file that the plots are drawn from."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "peer.md").write_text(table + "\n", encoding="utf-8")
    raw: dict[str, Any] = {
        one.subject.name: {
            name: [[_plain(sample) for sample in run.samples] for run in runs]
            for name, runs in one.runs.items()
        }
        for one in both
    }
    target = directory / "peer.json"
    target.write_bytes(orjson.dumps(raw))
    return target


def _plain(sample: Sample) -> dict[str, float]:
    return {name: round(value, 5) for name, value in asdict(sample).items()}
