"""The memory formula against what vLLM logged, and the gates in front of a GPU bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.settings import aws_versions
from infra.sizing.gpu import Fit, Serving, fit
from infra.sizing.gpu_choice import best, cheapest, choices
from infra.sizing.gpu_gates import Limits, judge
from infra.sizing.gpu_instances import CAPTURED_AT, GPU_INSTANCES, SETTINGS_AGE, TEST_AGE, GpuInstance, age
from infra.sizing.instance_types import has_nvidia_gpu
from infra.sizing.model_shapes import MODEL_SHAPES, PLAIN_ATTENTION
from tests.unit.refusals_inference import VLLM
from tests.unit.stacks import problems_of, settings_of

LLAMA_8B = "meta-llama/Llama-3.1-8B-Instruct"
LLAMA_3B = "meta-llama/Llama-3.2-3B-Instruct"
LLAMA_70B = "meta-llama/Llama-3.3-70B-Instruct"
SMALL = "Qwen/Qwen2.5-1.5B-Instruct"


def serving(model: str, context: int = 32_768, concurrency: int = 1) -> Serving:
    return Serving(
        model=model,
        shape=MODEL_SHAPES[model],
        context=context,
        concurrency=concurrency,
        tool_call_parser="hermes",
    )


def fitted(model: str, instance: str, gpus: int = 1, context: int = 32_768) -> Fit:
    return fit(serving(model, context), GPU_INSTANCES[instance], gpus)


# What vLLM said where somebody published its log; the formula may err by 15 % and only to the safe side.


def test_an_8b_model_on_an_a10g_as_logged() -> None:
    """ai-on-eks: 22.30 GiB visible, 14.99 of weights, 4.17 of cache for 34,160 tokens, four times 8,192."""
    predicted = fitted(LLAMA_8B, "g5.xlarge", context=8192)
    assert predicted.weights_gib == pytest.approx(14.99, rel=0.005)
    assert predicted.cache_gib == pytest.approx(3.6, abs=0.05)
    assert 0.85 * 4.17 < predicted.cache_gib < 4.17
    assert 0.85 * 34_160 < predicted.tokens < 34_160
    assert 3 < predicted.concurrency < 4.17


def test_a_3b_model_on_80_gb_as_logged() -> None:
    """vllm-project/vllm issue 20264: 3.4 GiB of weights, 613,024 tokens, 4.68 requests of 131,072."""
    shape = replace(MODEL_SHAPES[LLAMA_3B], checkpoint_gib=3.4)
    predicted = fit(replace(serving(LLAMA_3B, 131_072), shape=shape), GPU_INSTANCES["p5.4xlarge"], 1)
    assert shape.cache_bytes_per_token(element_bytes=2) == 112 * 1024
    assert predicted.cache_gib == pytest.approx(65.4, abs=0.05)
    assert predicted.tokens == pytest.approx(613_024, rel=0.01)
    assert predicted.concurrency == pytest.approx(4.68, abs=0.02)


def test_what_vllm_takes_of_an_a100_as_logged() -> None:
    """ovg-project/kvcached issue 110: 79.25 GiB in all, 71.33 at 0.9."""
    assert 0.90 * GPU_INSTANCES["p4de.24xlarge"].visible_gib == pytest.approx(71.33, rel=0.001)


def test_weights_as_logged() -> None:
    assert MODEL_SHAPES[LLAMA_8B].stored_gib == pytest.approx(14.99, rel=0.005)
    assert MODEL_SHAPES["openai/gpt-oss-120b"].stored_gib == 60.8


# Weights in GiB and KiB of cache for a token, then requests of 32,768 tokens at once by type and GPUs.
PLANNED: dict[str, tuple[float, int, dict[tuple[str, int], float]]] = {
    "Qwen/Qwen2.5-7B-Instruct": (
        14.2, 56, {("g6.xlarge", 1): 2.3, ("g5.xlarge", 1): 2.5, ("g6e.xlarge", 1): 13.3}
    ),
    LLAMA_8B: (15.0, 128, {("g6e.xlarge", 1): 5.6, ("g6.12xlarge", 2): 5.2, ("p5.4xlarge", 1): 13.5}),
    "Qwen/Qwen3-14B": (
        27.5, 160, {("g6e.xlarge", 1): 2.0, ("g6.12xlarge", 2): 1.6, ("p5.4xlarge", 1): 8.2}
    ),
    "Qwen/Qwen3-30B-A3B": (
        56.9, 96, {("g6.12xlarge", 4): 4.8, ("p5.4xlarge", 1): 4.0, ("g6e.12xlarge", 2): 5.7}
    ),
    "Qwen/Qwen3-32B": (
        61.0, 256, {("g6.12xlarge", 4): 1.3, ("g6e.12xlarge", 2): 1.6, ("p4de.24xlarge", 2): 9.4}
    ),
    "Qwen/Qwen3-32B-FP8": (
        32.3, 256, {("g6.12xlarge", 4): 4.9, ("p5.4xlarge", 1): 4.6, ("g6e.12xlarge", 2): 5.2}
    ),
    LLAMA_70B: (131.4, 320, {("g6e.12xlarge", 4): 1.6, ("p4d.24xlarge", 8): 12.8, ("p5.48xlarge", 4): 14.2}),
}  # fmt: skip


@pytest.mark.parametrize("model", PLANNED)
def test_the_planning_table(model: str) -> None:
    weights, token, cases = PLANNED[model]
    shape = MODEL_SHAPES[model]
    assert shape.stored_gib == pytest.approx(weights, abs=0.1)
    assert shape.cache_bytes_per_token(element_bytes=2) == token * 1024
    for (instance, gpus), concurrency in cases.items():
        found = fitted(model, instance, gpus).concurrency
        assert found == pytest.approx(concurrency, abs=0.06), (instance, gpus)
        # The smallest share that passes is the one that the table names.
        assert best(serving(model), GPU_INSTANCES[instance]).fit.tensor_parallel == gpus


def test_fp8_makes_70b_fit_four_cards_with_room() -> None:
    predicted = fit(replace(serving(LLAMA_70B), shrink=True), GPU_INSTANCES["g6e.12xlarge"], 4)
    assert predicted.weights_gib * 4 == pytest.approx(67.7, rel=0.02)
    assert predicted.concurrency == pytest.approx(8.0, rel=0.02)


def test_beyond_its_key_value_heads_a_cache_is_copied_and_not_split() -> None:
    """Four heads on eight GPUs: each GPU keeps a whole head, as on four."""
    four, eight = (fitted("Qwen/Qwen3-30B-A3B", "g6.48xlarge", gpus) for gpus in (4, 8))
    token = 96 * 1024 / 4
    assert four.tokens == int(four.cache_gib * 2**30 / token)
    assert eight.tokens == int(eight.cache_gib * 2**30 / token)


def test_8b_is_refused_on_24_gb_at_32k_and_served_at_16k() -> None:
    on_g5 = GPU_INSTANCES["g5.xlarge"]
    refused = judge(serving(LLAMA_8B), on_g5, 1)
    assert [finding.gate for finding in refused.refusals] == ["G3"]
    assert "29,597 tokens" in refused.refusals[0].text
    assert judge(serving(LLAMA_8B, 16_384), on_g5, 1).fits
    assert judge(replace(serving(LLAMA_8B), shrink=True), on_g5, 1).fits


# The gates that settings cannot reach, or that speak of accounts; the others are in refusals_inference.


def test_the_quota_covers_the_vcpus() -> None:
    wanted = replace(serving("Qwen/Qwen3-14B"), replicas=3)
    verdict = judge(wanted, GPU_INSTANCES["g6.12xlarge"], 2, Limits(vcpu_quota=64))
    assert [finding.gate for finding in verdict.refusals] == ["G8"]
    assert "2 g6.12xlarge have 96 vCPUs" in verdict.refusals[0].text
    assert "L-DB2E81BA is 64" in verdict.refusals[0].text
    assert judge(wanted, GPU_INSTANCES["g6.12xlarge"], 2, Limits(vcpu_quota=96)).fits


@pytest.mark.parametrize(
    ("wanted", "gate"),
    [
        (replace(serving(SMALL, 8192), utilization=1.0), "G5"),
        (replace(serving(SMALL, 8192), utilization=0.5), "G5"),
        (replace(serving(SMALL, 8192), tool_call_parser=None), "G11"),
    ],
)
def test_what_no_setting_allows_is_refused_all_the_same(wanted: Serving, gate: str) -> None:
    verdict = judge(wanted, GPU_INSTANCES["g6e.xlarge"], 1)
    assert [finding.gate for finding in verdict.refusals] == [gate]


def test_a_node_with_little_memory_is_refused() -> None:
    small = replace(GPU_INSTANCES["g6.xlarge"], memory_gib=12)
    verdict = judge(serving(SMALL, 8192), small, 1)
    assert [finding.gate for finding in verdict.refusals] == ["G6"]
    assert "needs 12 GiB of memory" in verdict.refusals[0].text


def test_a_gpu_without_bfloat16_is_refused() -> None:
    t4 = replace(GPU_INSTANCES["g6.xlarge"], gpu="T4", compute_capability=(7, 5))
    verdict = judge(serving(SMALL, 8192), t4, 1)
    assert [finding.gate for finding in verdict.refusals] == ["G7"]
    assert "T4 has no bfloat16 (compute capability 7.5)" in verdict.refusals[0].text


def test_what_is_tight_is_told() -> None:
    verdict = judge(serving("Qwen/Qwen3-14B-FP8", 8192), GPU_INSTANCES["g5.xlarge"], 1)
    assert verdict.fits
    assert [finding.gate for finding in verdict.warnings] == ["G4", "G6", "G7"]


models = st.sampled_from(sorted(MODEL_SHAPES))
instances = st.sampled_from(sorted(GPU_INSTANCES))
contexts = st.integers(2048, 262_144)


@given(models, instances, contexts, st.integers(1, 8))
def test_who_is_served_is_served_by_what_is_chosen(
    model: str, instance: str, context: int, concurrency: int
) -> None:
    wanted = serving(model, context, concurrency)
    verdict = best(wanted, GPU_INSTANCES[instance])
    chosen = cheapest(wanted)
    if verdict.fits:
        assert verdict.fit.tokens >= context * concurrency
        assert chosen is not None
        assert chosen.fit.dollars_per_month <= verdict.fit.dollars_per_month
    if chosen is not None:
        assert chosen.fits
        assert chosen.fit.tokens >= context * concurrency


@given(models, instances, contexts)
def test_a_shorter_request_never_fits_worse(model: str, instance: str, context: int) -> None:
    longer, shorter = (best(serving(model, tokens), GPU_INSTANCES[instance]) for tokens in (context, 2048))
    assert shorter.fits or not longer.fits


@given(models, instances)
def test_a_refusal_always_says_why(model: str, instance: str) -> None:
    verdict = best(serving(model, 40_960, 8), GPU_INSTANCES[instance])
    assert verdict.fits == (verdict.refusals == ())
    for finding in (*verdict.refusals, *verdict.warnings):
        assert finding.text
        assert not finding.text.endswith(".")


@given(st.integers(1, 20), instances)
def test_the_price_is_that_of_whole_nodes(replicas: int, instance: str) -> None:
    verdict = best(replace(serving(SMALL, 2048), replicas=replicas), GPU_INSTANCES[instance])
    fitting = verdict.fit
    assert fitting.nodes * fitting.replicas_per_node >= replicas
    assert (fitting.nodes - 1) * fitting.replicas_per_node < replicas
    assert fitting.dollars_per_month == pytest.approx(730 * fitting.dollars_per_hour)


def test_choices_are_by_price() -> None:
    prices = [verdict.fit.dollars_per_month for verdict in choices(serving(LLAMA_8B))]
    assert prices == sorted(prices)
    assert len(prices) == len(GPU_INSTANCES)


# The tables.


def test_somebody_looked_at_the_prices_not_long_ago() -> None:
    assert age(aws_versions.today()) <= TEST_AGE, (
        f"GPU prices are of {CAPTURED_AT}: compare infra/sizing/gpu_instances.py with the EC2 price list, "
        "correct it, and write the day into CAPTURED_AT"
    )


def test_old_prices_judge_no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    day = CAPTURED_AT + SETTINGS_AGE
    supported = dict.fromkeys(aws_versions.ADDONS, date.max)
    monkeypatch.setattr("infra.settings.aws_cluster.KUBERNETES_STANDARD_SUPPORT", supported)
    monkeypatch.setattr(aws_versions, "today", lambda: day)
    settings_of("prod", VLLM)
    monkeypatch.setattr(aws_versions, "today", lambda: date.fromordinal(day.toordinal() + 1))
    (problem,) = problems_of("prod", VLLM)
    assert f"compared with AWS's on {CAPTURED_AT}" in problem


@pytest.mark.parametrize("instance", GPU_INSTANCES.values(), ids=lambda instance: instance.name)
def test_instances_are_what_their_names_say(instance: GpuInstance) -> None:
    assert has_nvidia_gpu(instance.name)
    assert instance.architecture == "x86_64", "the images of EKS and vLLM that the stack uses"
    assert instance.quota_code == ("L-417A185B" if instance.family.startswith("p") else "L-DB2E81BA")
    assert instance.dollars_per_month == pytest.approx(730 * instance.dollars_per_hour)


def test_models_are_of_architectures_that_the_formula_knows() -> None:
    for name, shape in MODEL_SHAPES.items():
        assert shape.architecture in PLAIN_ATTENTION, name
        assert shape.attention_heads % shape.kv_heads == 0, name
        assert 0.4 < shape.parameters / 1e9 < 240, name
