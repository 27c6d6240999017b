"""Draws the performance document's plots; run by the interpreter that has matplotlib.

`python plots.py SAMPLES.json DIRECTORY`: a picture per workload with kick-off timeline, histogram of
latencies, their cumulative distribution and concurrency over time. `python plots.py --curves CURVES.json
DIRECTORY`: a picture of each curve.
"""

# pyright: reportMissingImports=false

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

COLOURS = ("#1f77b4", "#ff7f0e")

Samples = list[dict[str, float]]
"""`start`, `first` and `end` of each request, in seconds."""


def workload(name: str, servers: dict[str, list[Samples]], directory: Path) -> None:
    """One picture: a column per server, four rows."""
    figure, axes = plt.subplots(4, len(servers), figsize=(6 * len(servers), 12), squeeze=False)
    for column, ((server, runs), colour) in enumerate(zip(servers.items(), COLOURS, strict=False)):
        samples = sorted(runs[-1], key=_start)
        _timeline(axes[0][column], samples, colour)
        _latencies(axes[1][column], axes[2][column], samples, colour)
        _concurrency(axes[3][column], samples, colour)
        axes[0][column].set_title(f"{name}: {server}")
    figure.tight_layout()
    figure.savefig(directory / f"{name.replace(' ', '-')}.png", dpi=80)
    plt.close(figure)


def _start(sample: dict[str, float]) -> float:
    return sample["start"]


def _timeline(axis: Any, samples: Samples, colour: str) -> None:
    rows = range(len(samples))
    axis.hlines(rows, [s["start"] for s in samples], [s["end"] for s in samples], colors=colour, lw=1)
    axis.set(xlabel="seconds", ylabel="request, by kick-off")


def _latencies(histogram: Any, cumulative: Any, samples: Samples, colour: str) -> None:
    times = sorted(1000 * (s["end"] - s["start"]) for s in samples)
    histogram.hist(times, bins=30, color=colour)
    histogram.set(xlabel="ms", ylabel="requests")
    parts = [(n + 1) / len(times) for n in range(len(times))]
    cumulative.step(times, parts, where="post", color=colour)
    cumulative.set(xlabel="ms", ylabel="part of requests", ylim=(0, 1))


def _concurrency(axis: Any, samples: Samples, colour: str) -> None:
    changes = sorted([(s["start"], 1) for s in samples] + [(s["end"], -1) for s in samples])
    moments: list[float] = []
    running: list[int] = []
    now = 0
    for moment, change in changes:
        now += change
        moments.append(moment)
        running.append(now)
    axis.step(moments, running, where="post", color=colour)
    axis.set(xlabel="seconds", ylabel="requests in flight", ylim=(0, None))


def curve(one: dict[str, Any], directory: Path) -> None:
    """Lines over a logarithmic axis."""
    figure, axis = plt.subplots(figsize=(7, 4))
    for label, points in one["lines"].items():
        axis.plot([x for x, _ in points], [y for _, y in points], marker="o", label=label)
    if one["logarithmic"]:
        axis.set_xscale("log")
    axis.set(title=one["title"], xlabel=one["x"], ylabel=one["y"], ylim=(0, None))
    axis.legend()
    figure.tight_layout()
    figure.savefig(directory / f"{one['file']}.png", dpi=80)
    plt.close(figure)


def main(arguments: list[str]) -> None:
    """Draw everything that the file holds."""
    curves = arguments[0] == "--curves"
    source, target = map(Path, arguments[-2:])
    found = json.loads(source.read_text())
    target.mkdir(parents=True, exist_ok=True)
    if curves:
        for one in found:
            curve(one, target)
        return
    for name in next(iter(found.values())):
        servers = {server: runs[name] for server, runs in found.items() if name in runs}
        workload(name, servers, target)


if __name__ == "__main__":
    main(sys.argv[1:])
