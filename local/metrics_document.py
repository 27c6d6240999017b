"""Writes docs/metrics.md from the server's own instruments: `python -m local.metrics_document`."""

from __future__ import annotations

import sys
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from app.telemetry import metrics

TARGET = Path(__file__).resolve().parents[1] / "docs" / "metrics.md"

HEADER = """# Metrics of the server

<!-- Written by `make docs` from app/telemetry/metrics.py. A test fails when the two differ. -->

The agent server's metrics, as `/metrics` shows them to Prometheus or to a collector that scrapes. Names that
do not begin with `roost_` are Letta's, so that its dashboards work; [telemetry.md](telemetry.md) says what
differs. A counter's sample ends in `_total`; a histogram has `_bucket`, `_sum` and `_count`. Labels come from
bounded sets: templates of routes, models, tools that the server knows, never ids.

With `LETTA_UVICORN_WORKERS` above 1 each worker counts for itself, and a scrape meets one of them: scale by
replicas where metrics matter, as the stack does.
"""

UNITS = {"_ms": "ms", "_seconds": "s", "_usd": "USD", "_bytes": "bytes", "_ratio": "0 to 1"}

Instrument = Counter | Gauge | Histogram


def instruments() -> list[Instrument]:
    """Every instrument of the server, in the order of the module."""
    return [one for one in vars(metrics).values() if isinstance(one, Instrument)]


def exposed(instrument: Instrument) -> str:
    """The name under which dashboards find it."""
    (family,) = instrument.describe()
    return f"{family.name}_total" if isinstance(instrument, Counter) else family.name


def render() -> str:
    """The whole document."""
    rows = sorted(map(_row, instruments()))
    own = [row for row in rows if row.startswith("| `roost_")]
    upstream = [row for row in rows if row not in own]
    head = "| Name | Kind | Unit | Labels | Meaning |\n| --- | --- | --- | --- | --- |\n"
    return (
        f"{HEADER}\n## Letta's\n\n{head}"
        + "\n".join(upstream)
        + f"\n\n## Our own\n\n{head}"
        + "\n".join(own)
        + "\n"
    )


def _row(instrument: Instrument) -> str:
    (family,) = instrument.describe()
    unit = next((unit for ending, unit in UNITS.items() if family.name.endswith(ending)), "-")
    labels = ", ".join(f"`{label}`" for label in _labels(instrument)) or "-"
    cells = f"`{exposed(instrument)}`", family.type, unit, labels, family.documentation
    return f"| {' | '.join(cells)} |"


def _labels(instrument: Instrument) -> tuple[str, ...]:
    return instrument._labelnames  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def main() -> int:
    """Write it, or with `--check` only compare."""
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(render(), encoding="utf-8")
    elif not TARGET.is_file() or TARGET.read_text(encoding="utf-8") != render():
        print("docs/metrics.md is not what the instruments say: run `make docs`.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
