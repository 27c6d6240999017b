"""pgvector values as text, and nearest rows by cosine distance: exactly in few rows, by index in many.

Own codec instead of `pgvector.sqlalchemy`, which would import numpy into the server.
"""

from __future__ import annotations

from collections.abc import Sequence

LARGEST_VECTOR, LARGEST_INDEXED = 2000, 4000
"""Dimensions up to which pgvector's HNSW takes `vector`, and `halfvec`."""

EXACT_ROWS = 2000
"""Up to so many rows of one owner are sorted by distance: quicker than an index that others' rows fill."""


def encode(values: Sequence[float]) -> str:
    """Render a vector for a `$n::text::vector` parameter."""
    return "[" + ",".join(map(repr, map(float, values))) + "]"


def typed(value: str, dimension: int) -> str:
    """SQL that casts to the type of the dimension's index, so that the partial index applies.

    `dimension` is an integer from our own configuration or table, never text from a client.
    """
    kind = "vector" if dimension <= LARGEST_VECTOR else "halfvec"
    return f"{value}::{kind}({int(dimension)})"


def nearest(
    dimension: int,
    *,
    fields: str,
    source: str,
    where: str,
    owner: tuple[str, str],
    size: str,
    vector: str,
    limit: str,
    exact: bool = False,
) -> str:
    """The nearest rows of one owner, over alias `p`, each with `approximate`: whether an index chose it.

    `owner` is a column and its value, `size` about how many rows the owner has. An index holds the rows of
    all owners: it gives up before it has found enough of a small one's, so few rows are sorted instead. It
    may give up on rare matches in many rows, too: then ask again with `exact`.
    """
    common = f"{where} AND p.embedding_dim = {int(dimension)}"
    # Read once, in a query of its own: a parameter's cast is done again for every row.
    true_distance = f"p.embedding <=> (SELECT {vector}::text::vector)"
    few = f"SELECT {fields}, false AS approximate, {true_distance} AS distance FROM {source}"
    few += f" WHERE {common} AND {owner[0]} = {owner[1]}"
    last = f" ORDER BY distance LIMIT {limit}"
    if exact or dimension > LARGEST_INDEXED:
        return few + last
    # Not `=`: that would let the planner take the owner's rows and sort them all.
    many = f"""SELECT {fields}, true AS approximate, {true_distance} AS distance FROM {source}
        WHERE {common} AND {owner[0]} IS NOT DISTINCT FROM {owner[1]} AND {size} > {EXACT_ROWS}
        ORDER BY {typed("p.embedding", dimension)} <=> {typed(f"{vector}::text", dimension)} LIMIT {limit}"""
    return f"({few} AND {size} <= {EXACT_ROWS}{last}) UNION ALL ({many}){last}"
