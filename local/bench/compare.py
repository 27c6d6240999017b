"""`make bench-peer`: both servers up at once, each workload in turns, one table of ratios."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

from local.bench import load, subjects, usage, workloads
from local.bench.http import HttpError
from local.bench.load import Result
from local.bench.subjects import Place, Subject
from local.bench.workloads import WORKLOADS, Stock, Workload
from local.progress import Progress

ROUNDS = 2
WARM_UP = 0.1


@dataclass
class Measured:
    """All of one server: its start, the runs of each workload, its memory at the end."""

    subject: Subject
    runs: dict[str, list[Result]] = field(default_factory=dict[str, list[Result]])
    faults: dict[str, str] = field(default_factory=dict[str, str])
    end_memory: int = 0


def measure(progress: Progress, *, quick: bool) -> list[Measured]:
    """Ours first, then the peer. Raises PhaseError when one of them cannot be started."""
    scale, rounds = (0.1, 1) if quick else (1.0, ROUNDS)
    with ExitStack() as stack:
        where = stack.enter_context(subjects.place(progress))
        both = [
            stack.enter_context(subjects.ours(where, progress)),
            stack.enter_context(subjects.peer(where, progress)),
        ]
        measured = [Measured(subject) for subject in both]
        progress.note("making users' blocks and agents")
        stocks = [workloads.stock(subject) for subject in both]
        _rounds(where, list(zip(measured, stocks, strict=True)), scale, rounds, progress)
        for one in measured:
            one.end_memory = usage.memory(one.subject.process_id)
        return measured


def _rounds(
    where: Place,
    pairs: Sequence[tuple[Measured, Stock]],
    scale: float,
    rounds: int,
    progress: Progress,
) -> None:
    total, done = len(WORKLOADS) * rounds * len(pairs), 0
    for workload in WORKLOADS:
        for number in range(rounds):
            # Who goes first alternates: a machine that slows down meanwhile is not always the same one's.
            for measured, stock in pairs if number % 2 else reversed(pairs):
                progress.advance(done, total, f"{workload.name}, {measured.subject.name}")
                _run(where, measured, stock, workload, scale, warm=number > 0)
                done += 1


def _run(
    where: Place, measured: Measured, stock: Stock, workload: Workload, scale: float, *, warm: bool
) -> None:
    count = workloads.measured_calls(workload, measured.subject, scale)
    database = where.cluster.process_id
    try:
        if not warm:
            load.run(measured.subject, database, workload.lanes(stock, round(count * WARM_UP) + 10))
        result = load.run(measured.subject, database, workload.lanes(stock, count))
    except* (HttpError, TimeoutError) as errors:
        measured.faults[workload.name] = str(_first(errors))
    else:
        measured.runs.setdefault(workload.name, []).append(result)


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    one: BaseException = errors
    while isinstance(one, BaseExceptionGroup):
        one = one.exceptions[0]
    return one
