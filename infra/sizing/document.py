"""The tables in docs/inference.md: what the sizing knows. Written by `python -m infra.sizing.document`."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from infra.sizing.gpu_instances import CAPTURED_AT, GPU_INSTANCES
from infra.sizing.model_parsers import parsers_of
from infra.sizing.model_shapes import EMBEDDING_DIMENSIONS, MODEL_SHAPES

TARGET = Path(__file__).resolve().parents[2] / "docs" / "inference.md"
BEGIN = "<!-- tables: written by `make docs` from infra/sizing -->"
END = "<!-- end of tables -->"


def tables() -> str:
    """Markdown: models, embedding models, instance types."""
    models = (
        [
            f"`{name}`",
            f"{shape.parameters / 1e9:.1f}",
            f"{shape.stored_gib:.1f} ({shape.quantization})",
            f"{shape.cache_bytes_per_token(element_bytes=2) / 1024:.0f}",
            f"{shape.max_context:,}",
            _parsers(name),
        ]
        for name, shape in MODEL_SHAPES.items()
    )
    embeddings = ([f"`{name}`", str(length)] for name, length in EMBEDDING_DIMENSIONS.items())
    instances = (
        [
            f"`{one.name}`",
            f"{one.gpus} x {one.gpu}",
            f"{one.visible_gib:g}",
            f"{one.vcpus} / {one.memory_gib}",
            f"{one.dollars_per_hour:.2f}",
            f"{one.dollars_per_month:,.0f}",
        ]
        for one in GPU_INSTANCES.values()
    )
    return "\n\n".join(
        [
            "### Models",
            _table(
                (
                    "model",
                    "billion parameters",
                    "GiB of weights",
                    "KiB a token",
                    "longest request",
                    "parsers",
                ),
                models,
            ),
            "### Embedding models",
            _table(("model", "dimensions"), embeddings),
            "### Instance types",
            f"USD on demand in us-east-1, captured {CAPTURED_AT}; a month has 730 hours.",
            _table(
                ("type", "GPUs", "visible GiB each", "vCPU / GiB", "USD an hour", "USD a month"), instances
            ),
        ]
    )


def _parsers(model: str) -> str:
    found = parsers_of(model)
    if found is None:
        return "-"
    return f"`{found.tool_call}`" + (f", `{found.reasoning}`" if found.reasoning else "")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def render(document: str) -> str:
    """`document` with the tables as they are now. ValueError if the marks are not there."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET.name} needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{tables()}\n\n{END}{tail}"


def main() -> int:
    """Write the tables into the document."""
    TARGET.write_text(render(TARGET.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
