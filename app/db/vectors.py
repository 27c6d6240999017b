"""pgvector values as text, and the one place that knows which dimensions have an index.

Own codec instead of `pgvector.sqlalchemy`, which would import numpy into the server.
"""

from __future__ import annotations

from collections.abc import Sequence

INDEXED_DIMENSIONS: dict[int, str] = {
    384: "vector",
    768: "vector",
    1024: "vector",
    1536: "vector",
    3072: "halfvec",
}
"""Dimension to the pgvector type of its HNSW index; `vector` indexes stop at 2,000 dimensions."""


def encode(values: Sequence[float]) -> str:
    """Render a vector for a `$n::text::vector` parameter."""
    return "[" + ",".join(map(repr, map(float, values))) + "]"


def typed(column: str, dimension: int) -> str:
    """SQL that casts a column to the dimension's indexed type, so that the partial index applies.

    `dimension` is an integer from our own configuration or table, never text from a client.
    """
    return f"{column}::{INDEXED_DIMENSIONS.get(dimension, 'vector')}({int(dimension)})"
