"""`make size` says what a model needs, the cheapest first, and what would be refused why."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from infra.sizing.model_shapes import MODEL_SHAPES
from local.cli.size import Wish, size
from local.progress import PhaseError


def said(**given: str) -> tuple[int, str]:
    wish = {"model": "", "context": "", "concurrency": "", "replicas": "", "fp8": "", **given}
    out = io.StringIO()
    return size(Console(file=out, width=100), Wish(**wish)), out.getvalue()


def test_the_choices_by_price_with_the_cheapest_as_settings() -> None:
    code, text = said(model="Qwen/Qwen2.5-7B-Instruct", context="32k", concurrency="2")
    assert code == 0
    rows = [line.split() for line in text.splitlines()]
    (first,) = [row for row in rows if row and row[0] == "g6.xlarge"]
    assert first == ["g6.xlarge", "1", "x", "L4", "1", "1", "77,034", "2.4", "0.80", "588"]
    prices = [float(row[-1].replace(",", "")) for row in rows if len(row) > 8 and row[2] == "x"]
    assert len(prices) == 8
    assert prices == sorted(prices)
    assert "and, for more: g6.12xlarge" in text
    assert "instanceTypes: [g6.xlarge]" in text
    assert "captured 2026-" in text
    assert max(map(len, text.splitlines())) <= 100


def test_what_is_refused_is_told_once_for_each_reason() -> None:
    code, text = said(model="llama-3.1-8b-instruct", concurrency="4")
    assert code == 0
    assert "meta-llama/Llama-3.1-8B-Instruct" in text
    assert text.count("27,385 tokens, less than one request of 32,768 (G3)") == 1
    assert "  g6.xlarge, g6.2xlarge\n" in text


def test_replicas_and_fp8_are_counted() -> None:
    _, text = said(model="meta-llama/Llama-3.3-70B-Instruct", replicas="2", fp8="both")
    assert "replicas: {min: 2, max: 2}" in text
    assert "quantization: fp8" in text
    assert "kvCache: fp8" in text
    assert "160 KiB of cache a token" in text


def test_nothing_fits_and_that_is_an_error() -> None:
    code, text = said(model="Qwen/Qwen3-32B", context="64k")
    assert code == 1
    assert "Nothing fits" in text
    assert "made for requests of 40,960 tokens, not of 65,536 (G3)" in text


def test_without_a_model_it_lists_them() -> None:
    code, text = said()
    assert code == 0
    for name in MODEL_SHAPES:
        assert name in text


@pytest.mark.parametrize(
    ("given", "problem", "remedy"),
    [
        ({"model": "qwen3-15b"}, "not a model whose memory is known", "Did you mean Qwen/Qwen3-14B"),
        ({"model": "acme/Qwen3-14B"}, "acme/Qwen3-14B is not a model", "roost:inference.shape"),
        ({"model": "qwen3-14b", "context": "much"}, "CONTEXT must be a number", "For example"),
        ({"model": "qwen3-14b", "concurrency": "0"}, "CONCURRENCY must be a number", "For example"),
        ({"model": "qwen3-14b", "fp8": "yes"}, "FP8 must be weights, cache or both", "For example"),
        ({"model": "qwen3-14b-fp8", "fp8": "weights"}, "stored in fp8 already", "FP8=cache"),
    ],
)
def test_what_cannot_be_understood_is_explained(given: dict[str, str], problem: str, remedy: str) -> None:
    with pytest.raises(PhaseError) as caught:
        said(**given)
    assert problem in caught.value.message
    assert remedy in caught.value.remedy
