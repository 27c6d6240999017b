"""The embedding model, served as the program renders it on a processor: the real one of the stand-in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from infra.workloads.model_pod import ModelPod
from local.standin.standin.bert import SentenceEncoder
from tests.support import vllm
from tests.support.vllm import Vllm

TEXTS = ["The ferry leaves at nine.", "When does the boat depart?", "Granite is an igneous rock."]


def test_health_and_list(embeddings: Vllm) -> None:
    assert embeddings.ask("/health", key=None)[0] == 200
    (model,) = embeddings.ask("/v1/models")[1]["data"]
    assert model["id"] == embeddings.served_name


def test_it_asks_for_the_key(embeddings: Vllm) -> None:
    assert (
        embeddings.ask("/v1/embeddings", {"model": embeddings.served_name, "input": "x"}, key=None)[0] == 401
    )


def test_vectors_are_those_of_the_reference(embeddings: Vllm) -> None:
    body = {"model": embeddings.served_name, "input": TEXTS, "encoding_format": "float"}
    status, answer = embeddings.ask("/v1/embeddings", body)
    assert status == 200, answer
    rows = sorted(answer["data"], key=lambda row: row["index"])
    vectors = np.array([row["embedding"] for row in rows])
    expected, _ = SentenceEncoder().encode(TEXTS)
    assert vectors.shape == expected.shape == (3, 384)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-3)
    assert (vectors * expected).sum(axis=1) == pytest.approx(1, abs=5e-3)


def test_it_does_not_chat(embeddings: Vllm) -> None:
    assert embeddings.ask("/v1/chat/completions", embeddings.request("Hi."))[0] >= 400


def test_a_decoder_makes_vectors_too(
    executable: Path, pods: tuple[ModelPod, ModelPod], model: Path, tmp_path: Path
) -> None:
    """Prod's embedding model is one (Qwen3-Embedding), and has a KV cache; here the tiny chat model is it."""
    pod = vllm.with_model(pods[1], model)
    with vllm.serving(executable, pod, tmp_path, tmp_path / "cache") as server:
        status, answer = server.ask("/v1/embeddings", {"model": server.served_name, "input": TEXTS})
    assert status == 200, answer
    vectors = np.array([row["embedding"] for row in answer["data"]])
    assert len(vectors) == 3
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-2)
