"""Which parsers vLLM needs to read a model's tool calls and its reasoning.

Without a tool-call parser vLLM answers a request with `tool_choice: auto` with 400, so an agent's model
always has one. Names are those that vLLM 0.33 registers (vllm/tool_parsers, vllm/reasoning); which model
speaks which dialect is from vLLM's page on tool calling and from the makers' model cards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_EXAMPLES = "/vllm-workspace/examples"
"""Where vLLM's image keeps the chat templates that some parsers ask for."""

TOOL_CALL_PARSERS = frozenset(
    {
        "apertus", "cohere_command3", "cohere_command4", "deepseek_v3", "deepseek_v31", "deepseek_v32",
        "deepseek_v4", "ernie45", "functiongemma", "gemma4", "gigachat3", "glm45", "glm47", "granite",
        "granite-20b-fc", "granite4", "hermes", "hunyuan_a13b", "hy_v3", "internlm", "jamba", "kimi_k2",
        "kimi_k3", "lfm2", "llama3_json", "llama4_json", "llama4_pythonic", "longcat", "mimo", "minicpm5",
        "minimax_m2", "minimax_m3", "mistral", "olmo3", "openai", "phi4_mini_json", "poolside_v1", "pythonic",
        "qwen3_coder", "qwen3_xml", "seed_oss", "step3", "step3p5", "xlam",
    }
)  # fmt: skip

REASONING_PARSERS = frozenset(
    {
        "cohere_command3", "cohere_command4", "deepseek_r1", "deepseek_v3", "deepseek_v4", "ernie45",
        "gemma4", "glm45", "glm47", "granite", "holo2", "hunyuan_a13b", "hy_v3", "kimi_k2", "kimi_k3", "mimo",
        "minimax_m2", "minimax_m2_append_think", "minimax_m3", "mistral", "nemotron_v3", "olmo3",
        "openai_gptoss", "poolside_v1", "qwen3", "seed_oss", "step3", "step3p5",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Parsers:
    """What one model needs."""

    tool_call: str
    reasoning: str | None = None
    chat_template: str | None = None


_BY_NAME: tuple[tuple[str, Parsers], ...] = (
    (r"Hermes-[23]", Parsers(tool_call="hermes")),
    (r"Qwen3-Coder", Parsers(tool_call="qwen3_xml")),
    (r"Qwen3-.*-Instruct-2507", Parsers(tool_call="hermes")),
    (r"Qwen3-", Parsers(tool_call="hermes", reasoning="qwen3")),
    (r"Qwen2\.5", Parsers(tool_call="hermes")),
    (r"QwQ", Parsers(tool_call="hermes", reasoning="deepseek_r1")),
    (
        r"Llama-3\.2",
        Parsers(tool_call="llama3_json", chat_template=f"{_EXAMPLES}/tool_chat_template_llama3.2_json.jinja"),
    ),
    (
        r"Llama-3\.[13]",
        Parsers(tool_call="llama3_json", chat_template=f"{_EXAMPLES}/tool_chat_template_llama3.1_json.jinja"),
    ),
    (
        r"Llama-4",
        Parsers(
            tool_call="llama4_pythonic",
            chat_template=f"{_EXAMPLES}/tool_chat_template_llama4_pythonic.jinja",
        ),
    ),
    (r"Magistral", Parsers(tool_call="mistral", reasoning="mistral")),
    (r"Mistral", Parsers(tool_call="mistral")),
    (r"gpt-oss", Parsers(tool_call="openai", reasoning="openai_gptoss")),
    (
        r"DeepSeek-V3\.1",
        Parsers(
            tool_call="deepseek_v31",
            reasoning="deepseek_v3",
            chat_template=f"{_EXAMPLES}/tool_chat_template_deepseekv31.jinja",
        ),
    ),
    (
        r"DeepSeek-V3",
        Parsers(tool_call="deepseek_v3", chat_template=f"{_EXAMPLES}/tool_chat_template_deepseekv3.jinja"),
    ),
    (r"GLM-4\.7", Parsers(tool_call="glm47", reasoning="glm47")),
    (r"GLM-4\.[56]", Parsers(tool_call="glm45", reasoning="glm45")),
    (r"Kimi-K2-Thinking", Parsers(tool_call="kimi_k2", reasoning="kimi_k2")),
    (r"Kimi-K2", Parsers(tool_call="kimi_k2")),
    (r"granite-4", Parsers(tool_call="granite4")),
    (r"granite-3\.[23]", Parsers(tool_call="granite", reasoning="granite")),
    (r"granite-3", Parsers(tool_call="granite")),
    (r"xLAM", Parsers(tool_call="xlam")),
    (r"Hunyuan-A13B", Parsers(tool_call="hunyuan_a13b", reasoning="hunyuan_a13b")),
    (r"Olmo-3.*Think", Parsers(tool_call="olmo3", reasoning="olmo3")),
    (r"Olmo-3", Parsers(tool_call="olmo3")),
    (r"functiongemma", Parsers(tool_call="functiongemma")),
)
"""The first pattern that the model's id contains counts, whatever its case."""


def parsers_of(model: str) -> Parsers | None:
    """Parsers of a model by its id on Hugging Face; None where nobody wrote them down."""
    for pattern, parsers in _BY_NAME:
        if re.search(pattern, model, re.IGNORECASE):
            return parsers
    return None
