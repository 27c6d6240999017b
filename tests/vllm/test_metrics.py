"""The metrics that scaling and alerts read, by name, type and label, and that they move when they should."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from infra.sizing.model_shapes import ModelShape
from infra.workloads import vllm_metrics
from tests.support import tiny_model
from tests.support.vllm import CACHE_MIB, MIB, Vllm

_SAMPLE = re.compile(r"^([\w:]+)(?:\{(.*)\})? (\S+)$", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
LONG = {"max_tokens": 600, "ignore_eos": True}


def samples(server: Vllm) -> dict[str, list[tuple[dict[str, str], float]]]:
    """What a scrape reads, which has no key."""
    status, text = server.ask("/metrics", key=None)
    assert status == 200
    found: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)
    for name, labels, value in _SAMPLE.findall(text):
        found[name].append((dict(_LABEL.findall(labels)), float(value)))
    return found


def value(server: Vllm, name: str, **labels: str) -> float:
    """The sum of a metric over the samples that have these labels."""
    return sum(number for own, number in samples(server)[name] if labels.items() <= own.items())


def types(server: Vllm) -> dict[str, str]:
    """Type by name, as the scrape declares them."""
    return dict(re.findall(r"^# TYPE (\S+) (\S+)$", server.ask("/metrics", key=None)[1], re.MULTILINE))


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("gauge", vllm_metrics.GAUGES),
        ("counter", vllm_metrics.COUNTERS),
        ("histogram", vllm_metrics.HISTOGRAMS),
    ],
)
def test_every_name_is_scraped(chat: Vllm, kind: str, names: frozenset[str]) -> None:
    chat.chat()
    declared, scraped = types(chat), samples(chat)
    for name in names:
        assert declared.get(name) == kind, name
        for suffix in ("_bucket", "_sum", "_count") if kind == "histogram" else ("",):
            assert scraped[f"{name}{suffix}"], name
            for labels, _ in scraped[f"{name}{suffix}"]:
                assert labels.keys() >= vllm_metrics.LABELS, name
                assert labels["model_name"] == chat.served_name


def test_counters_count(chat: Vllm) -> None:
    before = {name: value(chat, name) for name in vllm_metrics.COUNTERS}
    stopped = value(chat, vllm_metrics.FINISHED, finished_reason="stop")
    usage = chat.chat()["usage"]
    assert value(chat, vllm_metrics.FINISHED, finished_reason="stop") == stopped + 1
    for name, tokens in (
        (vllm_metrics.PROMPT_TOKENS, usage["prompt_tokens"]),
        (vllm_metrics.GENERATION_TOKENS, usage["completion_tokens"]),
    ):
        assert value(chat, name) == before[name] + tokens


@pytest.mark.parametrize("name", sorted(vllm_metrics.HISTOGRAMS))
def test_latencies_are_observed(chat: Vllm, name: str) -> None:
    before = value(chat, f"{name}_count")
    chat.chat()
    assert value(chat, f"{name}_count") == before + 1


def test_gauges_show_what_runs(chat: Vllm) -> None:
    assert value(chat, vllm_metrics.RUNNING) == 0
    stream = chat.stream(**LONG)
    for _ in range(20):
        next(stream)
    seen = [(value(chat, vllm_metrics.RUNNING), value(chat, vllm_metrics.KV_CACHE_USAGE))]
    for number, _ in enumerate(stream):
        if number % 20 == 0:
            seen.append((value(chat, vllm_metrics.RUNNING), value(chat, vllm_metrics.KV_CACHE_USAGE)))
    assert (1, True) in {(running, 0 < usage < 1) for running, usage in seen}


def test_a_repeated_prompt_is_found_in_the_prefix_cache(chat: Vllm) -> None:
    """Agents send the same instructions with each turn: the flag must have an effect."""
    prompt = "The same long instructions, turn by turn. " * 20
    chat.chat(prompt)
    before = value(chat, vllm_metrics.PREFIX_HITS)
    chat.chat(prompt)
    assert value(chat, vllm_metrics.PREFIX_HITS) - before > len(prompt) / 2


def test_the_cache_holds_as_many_tokens_as_the_sizing_says(chat: Vllm) -> None:
    shape = ModelShape(
        architecture="Qwen2ForCausalLM",
        parameters=1_000_000,
        embedding_parameters=100_000,
        layers=tiny_model.LAYERS,
        attention_heads=10,
        kv_heads=tiny_model.KV_HEADS,
        head_dim=tiny_model.HEAD_DIM,
        max_context=tiny_model.CONTEXT,
    )
    ((labels, _),) = samples(chat)["vllm:cache_config_info"]
    assert int(labels["kv_cache_size_tokens"]) == CACHE_MIB * MIB // shape.cache_bytes_per_token(
        element_bytes=2
    )
