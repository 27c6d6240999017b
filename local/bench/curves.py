"""`make bench-curves`: our server alone, as histories, archives, workers and time grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from local.bench import growth, report
from local.bench.growth import Curve, Wish
from local.progress import Progress

__all__ = ["Curve", "Wish", "measure", "save", "table"]


def measure(progress: Progress, wish: Wish) -> list[Curve]:
    """Every curve. Raises PhaseError when the server cannot be started, HttpError when it fails."""
    return [
        *growth.histories(progress, wish),
        *growth.archives(progress, wish),
        growth.workers(progress, wish),
        growth.memory(progress, wish),
    ]


def table(curves: Sequence[Curve]) -> tuple[str, bool]:
    """Markdown, and whether every curve is within its bounds."""
    lines = [
        f"Machine: {report.machine()}.",
        "",
        "| curve | | points | must be | |",
        "|---|---|---|---|---|",
    ]
    good = True
    for curve in curves:
        for label, points in curve.lines.items():
            kept = curve.kept(points)
            good = good and kept
            shown = " · ".join(f"{x:g}: {y:.3g}" for x, y in points)
            mark = "✓" if kept else "✗"
            cells = (f"{curve.title}, {curve.y}", label, shown, curve.bound, mark if curve.bound else "")
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines), good


@dataclass(frozen=True)
class _Drawn:
    file: str
    title: str
    x: str
    y: str
    logarithmic: bool
    lines: dict[str, list[tuple[float, float]]]


def save(curves: Sequence[Curve], markdown: str, directory: Path) -> Path:
    """The table and the points; returns the file that the plots are drawn from."""
    (directory / "curves.md").write_text(markdown + "\n", encoding="utf-8")
    drawn = [_Drawn(c.file, c.title, c.x, c.y, c.logarithmic, c.lines) for c in curves]
    target = directory / "curves.json"
    target.write_bytes(orjson.dumps([asdict(one) for one in drawn]))
    return target
