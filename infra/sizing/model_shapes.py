"""Language models and embedding models as the sizing needs them: the figures of their config.json.

The memory of a token is known for plain attention alone: keys and values of every layer, for every token. A
model that attends otherwise (sliding windows, MLA, state spaces) needs a formula of its own, so its
architecture is not listed and the sizing refuses it. The exception is gpt-oss, half of whose layers see a
short window: counting all of them is wrong to the safe side.

Sources: the models' config.json and safetensors index on Hugging Face; for gpt-oss the model card's
checkpoint sizes. Parameters are all of them, of a mixture of experts too: every expert lies in memory.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Quantization = Literal["bf16", "fp8", "int4", "mxfp4"]
"""How weights are stored; `int4` is AWQ or GPTQ."""

BYTES_PER_PARAMETER: dict[Quantization, float] = {"bf16": 2.0, "fp8": 1.01, "int4": 0.53, "mxfp4": 0.55}
"""With scales and zero points. The embeddings, and the output layer that mirrors them, stay in bf16."""

PLAIN_ATTENTION = frozenset(
    {
        "GptOssForCausalLM", "GraniteForCausalLM", "LlamaForCausalLM", "MistralForCausalLM",
        "Qwen2ForCausalLM", "Qwen3ForCausalLM", "Qwen3MoeForCausalLM",
    }
)  # fmt: skip
"""Architectures whose cache the formula describes."""

_GIB = 2**30


@dataclass(frozen=True, kw_only=True)
class ModelShape:
    """One model."""

    architecture: str
    parameters: int
    embedding_parameters: int
    """How many of them are embeddings and output layer: `vocab_size` x `hidden_size`, twice if not tied."""
    layers: int
    attention_heads: int
    kv_heads: int
    head_dim: int
    max_context: int
    """Longest sequence that it was made for; vLLM refuses a longer one."""
    quantization: Quantization = "bf16"
    """How its checkpoint stores the weights."""
    checkpoint_gib: float | None = None
    """Where it is known better than the factor says."""

    @property
    def stored_gib(self) -> float:
        """Size of the checkpoint: what is fetched and read."""
        if self.checkpoint_gib is not None:
            return self.checkpoint_gib
        return self._weights_gib(self.quantization)

    def loaded_gib(self, *, shrink: bool) -> float:
        """Size of the weights on the GPUs; `shrink` turns bf16 into fp8 while loading."""
        if shrink and self.quantization == "bf16":
            return self._weights_gib("fp8")
        return self.stored_gib

    def _weights_gib(self, quantization: Quantization) -> float:
        full = self.embedding_parameters * BYTES_PER_PARAMETER["bf16"]
        return (
            full + (self.parameters - self.embedding_parameters) * BYTES_PER_PARAMETER[quantization]
        ) / _GIB

    def cache_bytes_per_token(self, *, element_bytes: int) -> int:
        """Keys and values of one token in all layers."""
        return 2 * self.layers * self.kv_heads * self.head_dim * element_bytes


def _shape(
    architecture: str,
    billions: tuple[float, float],
    layers: int,
    heads: tuple[int, int],
    context: int,
    head_dim: int = 128,
) -> ModelShape:
    """`billions` of parameters and how many of them embed; `heads` that ask and that are kept."""
    return ModelShape(
        architecture=f"{architecture}ForCausalLM",
        parameters=round(billions[0] * 1e9),
        embedding_parameters=round(billions[1] * 1e9),
        layers=layers,
        attention_heads=heads[0],
        kv_heads=heads[1],
        head_dim=head_dim,
        max_context=context,
    )


_LLAMA_8B = _shape("Llama", (8.030, 1.051), 32, (32, 8), 131_072)
_LLAMA_70B = _shape("Llama", (70.554, 2.101), 80, (64, 8), 131_072)
_QWEN3_30B = _shape("Qwen3Moe", (30.532, 0.622), 48, (32, 4), 40_960)
_QWEN3_30B_2507 = replace(_QWEN3_30B, max_context=262_144)
_QWEN3_4B = _shape("Qwen3", (4.022, 0.389), 36, (32, 8), 40_960)

_BASE: dict[str, ModelShape] = {
    "Qwen/Qwen2.5-0.5B-Instruct": _shape("Qwen2", (0.494, 0.136), 24, (14, 2), 32_768, 64),
    "Qwen/Qwen2.5-1.5B-Instruct": _shape("Qwen2", (1.544, 0.233), 28, (12, 2), 32_768),
    "Qwen/Qwen2.5-3B-Instruct": _shape("Qwen2", (3.086, 0.311), 36, (16, 2), 32_768),
    "Qwen/Qwen2.5-7B-Instruct": _shape("Qwen2", (7.616, 1.090), 28, (28, 4), 32_768),
    "Qwen/Qwen2.5-14B-Instruct": _shape("Qwen2", (14.770, 1.557), 48, (40, 8), 32_768),
    "Qwen/Qwen2.5-32B-Instruct": _shape("Qwen2", (32.764, 1.557), 64, (40, 8), 32_768),
    "Qwen/Qwen2.5-72B-Instruct": _shape("Qwen2", (72.706, 2.491), 80, (64, 8), 32_768),
    "Qwen/QwQ-32B": _shape("Qwen2", (32.764, 1.557), 64, (40, 8), 40_960),
    "Qwen/Qwen3-0.6B": _shape("Qwen3", (0.752, 0.311), 28, (16, 8), 40_960),
    "Qwen/Qwen3-1.7B": _shape("Qwen3", (2.032, 0.622), 28, (16, 8), 40_960),
    "Qwen/Qwen3-4B": _QWEN3_4B,
    "Qwen/Qwen3-4B-Instruct-2507": replace(_QWEN3_4B, max_context=262_144),
    "Qwen/Qwen3-8B": _shape("Qwen3", (8.191, 1.245), 36, (32, 8), 40_960),
    "Qwen/Qwen3-14B": _shape("Qwen3", (14.768, 1.556), 40, (40, 8), 40_960),
    "Qwen/Qwen3-32B": _shape("Qwen3", (32.762, 1.556), 64, (64, 8), 40_960),
    "Qwen/Qwen3-30B-A3B": _QWEN3_30B,
    "Qwen/Qwen3-30B-A3B-Instruct-2507": _QWEN3_30B_2507,
    "Qwen/Qwen3-30B-A3B-Thinking-2507": _QWEN3_30B_2507,
    "Qwen/Qwen3-Coder-30B-A3B-Instruct": _QWEN3_30B_2507,
    "Qwen/Qwen3-235B-A22B": _shape("Qwen3Moe", (235.094, 1.245), 94, (64, 4), 40_960),
    "meta-llama/Llama-3.1-8B-Instruct": _LLAMA_8B,
    "meta-llama/Llama-3.1-70B-Instruct": _LLAMA_70B,
    "meta-llama/Llama-3.2-1B-Instruct": _shape("Llama", (1.236, 0.263), 16, (32, 8), 131_072, 64),
    "meta-llama/Llama-3.2-3B-Instruct": _shape("Llama", (3.213, 0.394), 28, (24, 8), 131_072),
    "meta-llama/Llama-3.3-70B-Instruct": _LLAMA_70B,
    "NousResearch/Hermes-3-Llama-3.1-8B": _LLAMA_8B,
    "NousResearch/Hermes-3-Llama-3.1-70B": _LLAMA_70B,
    "mistralai/Mistral-7B-Instruct-v0.3": _shape("Mistral", (7.248, 0.268), 32, (32, 8), 32_768),
    "mistralai/Mistral-Nemo-Instruct-2407": _shape("Mistral", (12.248, 1.342), 40, (32, 8), 131_072),
    "mistralai/Mistral-Small-24B-Instruct-2501": _shape("Mistral", (23.572, 1.342), 40, (32, 8), 32_768),
    "ibm-granite/granite-3.3-8b-instruct": _shape("Granite", (8.171, 0.201), 40, (32, 8), 131_072),
}

_QUANTIZED: dict[str, tuple[str, Quantization]] = {
    "Qwen/Qwen2.5-7B-Instruct-AWQ": ("Qwen/Qwen2.5-7B-Instruct", "int4"),
    "Qwen/Qwen2.5-14B-Instruct-AWQ": ("Qwen/Qwen2.5-14B-Instruct", "int4"),
    "Qwen/Qwen2.5-32B-Instruct-AWQ": ("Qwen/Qwen2.5-32B-Instruct", "int4"),
    "Qwen/Qwen2.5-72B-Instruct-AWQ": ("Qwen/Qwen2.5-72B-Instruct", "int4"),
    "Qwen/Qwen3-4B-FP8": ("Qwen/Qwen3-4B", "fp8"),
    "Qwen/Qwen3-8B-FP8": ("Qwen/Qwen3-8B", "fp8"),
    "Qwen/Qwen3-8B-AWQ": ("Qwen/Qwen3-8B", "int4"),
    "Qwen/Qwen3-14B-FP8": ("Qwen/Qwen3-14B", "fp8"),
    "Qwen/Qwen3-14B-AWQ": ("Qwen/Qwen3-14B", "int4"),
    "Qwen/Qwen3-32B-FP8": ("Qwen/Qwen3-32B", "fp8"),
    "Qwen/Qwen3-32B-AWQ": ("Qwen/Qwen3-32B", "int4"),
    "Qwen/Qwen3-30B-A3B-FP8": ("Qwen/Qwen3-30B-A3B", "fp8"),
    "Qwen/Qwen3-30B-A3B-Instruct-2507-FP8": ("Qwen/Qwen3-30B-A3B-Instruct-2507", "fp8"),
    "Qwen/Qwen3-Coder-30B-A3B-Instruct-FP8": ("Qwen/Qwen3-Coder-30B-A3B-Instruct", "fp8"),
    "Qwen/Qwen3-235B-A22B-FP8": ("Qwen/Qwen3-235B-A22B", "fp8"),
}
"""Checkpoints of the same shapes that their makers have quantised."""

_GPT_OSS: dict[str, ModelShape] = {
    "openai/gpt-oss-20b": replace(
        _shape("GptOss", (20.91, 1.158), 24, (64, 8), 131_072, 64), quantization="mxfp4", checkpoint_gib=12.8
    ),
    "openai/gpt-oss-120b": replace(
        _shape("GptOss", (116.83, 1.158), 36, (64, 8), 131_072, 64), quantization="mxfp4", checkpoint_gib=60.8
    ),
}

MODEL_SHAPES: dict[str, ModelShape] = {
    **_BASE,
    **{name: replace(_BASE[base], quantization=kind) for name, (base, kind) in _QUANTIZED.items()},
    **_GPT_OSS,
}
"""By id on Hugging Face."""

EMBEDDING_DIMENSIONS: dict[str, int] = {
    "BAAI/bge-base-en-v1.5": 768,
    "BAAI/bge-large-en-v1.5": 1024,
    "BAAI/bge-m3": 1024,
    "BAAI/bge-small-en-v1.5": 384,
    "Qwen/Qwen3-Embedding-0.6B": 1024,
    "Qwen/Qwen3-Embedding-4B": 2560,
    "Qwen/Qwen3-Embedding-8B": 4096,
    "Snowflake/snowflake-arctic-embed-l-v2.0": 1024,
    "Snowflake/snowflake-arctic-embed-m-v1.5": 768,
    "intfloat/e5-large-v2": 1024,
    "intfloat/multilingual-e5-large": 1024,
    "intfloat/multilingual-e5-small": 384,
    "sentence-transformers/all-MiniLM-L6-v2": 384,
}
"""Length of the vectors (`hidden_size`) of embedding models that vLLM serves, by id on Hugging Face."""
