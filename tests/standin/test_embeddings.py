"""The embedding model is the real one: its numbers are those of sentence-transformers on the same weights."""

from __future__ import annotations

import base64

import httpx
import numpy as np
import pytest

from local.standin.standin import EMBEDDING_MODEL
from local.standin.standin.bert import SentenceEncoder

# From sentence-transformers 6.2.0 with torch 2.15.0 (CPU): the first eight components, and the sum of all.
REFERENCE = [
    (
        "A cat sits on the mat.",
        [0.126535, -0.032851, -0.02906, 0.044407, -0.043445, 0.032097, 0.048111, 0.027675],
        0.07862,
    ),
    (
        "Ein Café für Zoë in São Paulo — 東京 ☕",
        [0.049068, 0.020544, 0.045024, 0.015452, -0.049678, 0.037879, 0.009961, -0.038188],
        -0.11936,
    ),
    (
        "word " * 400,
        [-0.008124, -0.095586, -0.038673, 0.049662, -0.043794, 0.02372, -0.018142, -0.020207],
        -0.78597,
    ),
]


@pytest.mark.parametrize(("text", "first", "total"), REFERENCE, ids=["english", "unicode", "truncated"])
def test_numbers_are_those_of_the_reference(
    encoder: SentenceEncoder, text: str, first: list[float], total: float
) -> None:
    vectors, _ = encoder.encode([text])
    np.testing.assert_allclose(vectors[0, :8], first, atol=2e-6)
    assert vectors[0].sum() == pytest.approx(total, abs=2e-5)


def test_related_sentences_are_nearer_than_unrelated_ones(encoder: SentenceEncoder) -> None:
    vectors, _ = encoder.encode(
        ["The kingfisher is my favourite bird.", "Which birds do I like?", "The invoice is due on Friday."]
    )
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3


def test_a_batch_gives_what_its_texts_give_alone(encoder: SentenceEncoder) -> None:
    texts = [("words of many lengths " * n).strip() for n in (0, 1, 40, 3, 2, 15, 9, 30, 5, 1)]
    together, tokens = encoder.encode(texts)
    alone = [encoder.encode([text]) for text in texts]
    np.testing.assert_allclose(together, np.concatenate([vector for vector, _ in alone]), atol=1e-6)
    assert tokens == sum(count for _, count in alone)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-6)


async def test_base64_holds_the_same_floats(client: httpx.AsyncClient) -> None:
    body = {"model": EMBEDDING_MODEL, "input": ["one", "two"]}
    floats = (await client.post("/v1/embeddings", json=body)).json()
    packed = (await client.post("/v1/embeddings", json={**body, "encoding_format": "base64"})).json()
    assert [entry["index"] for entry in floats["data"]] == [0, 1]
    assert floats["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    for plain, encoded in zip(floats["data"], packed["data"], strict=True):
        assert len(plain["embedding"]) == 384
        unpacked = np.frombuffer(base64.b64decode(encoded["embedding"]), "<f4")
        np.testing.assert_allclose(unpacked, plain["embedding"], atol=1e-7)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"input": []}, 400, "non-empty list of strings"),
        ({"input": [[1, 2]]}, 400, "token ids"),
        ({"input": ["x"] * 513}, 400, "at most 512"),
        ({"dimensions": 100}, 400, "384"),
        ({"encoding_format": "int8"}, 400, "float or base64"),
        ({"model": "text-embedding-3-small"}, 404, EMBEDDING_MODEL),
    ],
)
async def test_refusals_say_what_would_work(
    client: httpx.AsyncClient, change: dict[str, object], status: int, words: str
) -> None:
    body = {"model": EMBEDDING_MODEL, "input": "fine", **change}
    answer = await client.post("/v1/embeddings", json=body)
    assert answer.status_code == status
    assert words in answer.json()["error"]["message"]
