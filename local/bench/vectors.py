"""Vectors that are like embeddings: points of few dimensions laid out in many, the same in every run.

Points spread evenly over hundreds of dimensions are all about equally far apart, which no text's are.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

LATENT = 24
NOISE = 0.2
BLOCK = 1000
QUERIES = 64
FIRST_QUERY = 1 << 40
"""Queries are vectors from far behind all stored ones."""


def made(dimension: int, start: int, count: int) -> Array:
    """The unit vectors `start` to `start + count`."""
    blocks = range(start // BLOCK, (start + count - 1) // BLOCK + 1)
    rows = np.concatenate([_block(dimension, block) for block in blocks])
    first = start - blocks[0] * BLOCK
    return rows[first : first + count]


def queries(dimension: int) -> Array:
    """The vectors that the stub model gives to texts, by their checksum."""
    return made(dimension, FIRST_QUERY, QUERIES)


def nearest(dimension: int, stored: int, wanted: int) -> list[set[int]]:
    """For each query the numbers of the stored vectors that are nearest by cosine, found exactly."""
    asked = queries(dimension)
    best = [(np.full(0, 0.0, np.float32), np.full(0, 0)) for _ in asked]
    for start in range(0, stored, 10 * BLOCK):
        chunk = made(dimension, start, min(10 * BLOCK, stored - start))
        likeness = asked @ chunk.T
        for number, row in enumerate(likeness):
            values = np.concatenate([best[number][0], row])
            ids = np.concatenate([best[number][1], np.arange(start, start + len(row))])
            top = np.argsort(-values)[:wanted]
            best[number] = values[top], ids[top]
    return [set(map(int, ids)) for _, ids in best]


def _block(dimension: int, block: int) -> Array:
    layout = np.random.default_rng(dimension).standard_normal((LATENT, dimension), np.float32)
    source = np.random.default_rng([dimension, block])
    rows = source.standard_normal((BLOCK, LATENT), np.float32) @ layout
    rows += NOISE * LATENT**0.5 * (source.random((BLOCK, dimension), np.float32) - 0.5)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
