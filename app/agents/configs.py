"""Which model an agent uses: Letta's several ways to say so, folded into the columns that we keep."""

from __future__ import annotations

from typing import Any

from app.agents.schemas import CreateAgent, UpdateAgent
from app.models.service import Models

SAMPLING = (
    "temperature",
    "max_tokens",
    "frequency_penalty",
    "parallel_tool_calls",
    "response_format",
    "strict",
    "enable_reasoner",
    "max_reasoning_tokens",
    "reasoning_effort",
)
"""Keys of an LLMConfig that a client may choose; the rest follows from the handle."""

MODEL_FIELDS = frozenset({
    "model", "llm_config", "model_settings", "context_window_limit", "max_tokens", "parallel_tool_calls",
})  # fmt: skip
"""Fields of a request that change which model an agent uses, or how."""


async def changed_columns(models: Models, body: UpdateAgent, current: dict[str, Any]) -> dict[str, Any]:
    """What a change of an agent says about its models; what it does not mention stays as in `current`."""
    kept = body.model_copy(update={"llm_config": current | (body.llm_config or {})})
    if body.model is not None:
        kept = body  # another model brings its own window and defaults
    columns = await model_columns(models, kept)
    named = body.model_fields_set
    if not named & {"embedding", "embedding_config"}:
        del columns["embedding"], columns["embedding_config"]
    if not named & MODEL_FIELDS:
        return {name: columns[name] for name in columns if name.startswith("embedding")}
    return columns


async def model_columns(models: Models, body: CreateAgent | UpdateAgent) -> dict[str, Any]:
    """`model`, `llm_config`, `model_settings`, `embedding` and `embedding_config` of a request.

    Raises NotFound for a model that is not offered, BadRequest for too large a context window.
    """
    given = body.llm_config or {}
    handle = body.model or given.get("handle")
    if handle is None and isinstance(given.get("model"), str):
        handle = await models.handle_of(given["model"])
    window = body.context_window_limit or given.get("context_window")
    config = await models.llm_config(handle, window)
    config |= {name: given[name] for name in SAMPLING if given.get(name) is not None}
    settings = dict(body.model_settings or {})
    config |= sampling(settings)
    if body.max_tokens is not None:
        config["max_tokens"] = body.max_tokens
    if body.parallel_tool_calls is not None:
        config["parallel_tool_calls"] = body.parallel_tool_calls
    embedding = models.embedding_for(body.embedding or (body.embedding_config or {}).get("handle"))
    return {
        "model": config["handle"],
        "llm_config": config,
        "model_settings": settings | _settings(config),
        "embedding": embedding.handle if embedding else None,
        "embedding_config": embedding.config() if embedding else None,
    }


def sampling(settings: dict[str, Any]) -> dict[str, Any]:
    """What Letta's model settings say about sampling, under the names of an LLMConfig."""
    thinking, reasoning = settings.get("thinking") or {}, settings.get("reasoning") or {}
    renamed = settings | {
        "max_tokens": settings.get("max_output_tokens"),
        "enable_reasoner": thinking["type"] == "enabled" if thinking.get("type") else None,
        "max_reasoning_tokens": thinking.get("budget_tokens"),
        "reasoning_effort": reasoning.get("reasoning_effort"),
    }
    return {name: renamed[name] for name in SAMPLING if renamed.get(name) is not None}


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "provider_type": config["model_endpoint_type"],
        "temperature": config.get("temperature"),
        "max_output_tokens": config.get("max_tokens"),
        "parallel_tool_calls": config.get("parallel_tool_calls"),
    }
