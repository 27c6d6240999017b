"""What an agent's LLMConfig says about how its model answers, as options of a request."""

from __future__ import annotations

import re
from typing import Any

PASSED = ("temperature", "max_tokens", "frequency_penalty")

ADAPTIVE = re.compile(r"claude-(?:(?:opus|sonnet)-4-[6-9]|[a-z]+-[5-9])")
"""Models that decide themselves how long to think; they refuse a budget, or will."""

LEAST_BUDGET = 1024
"""Tokens of thinking that Anthropic takes as a budget at least."""


def options(config: dict[str, Any]) -> dict[str, Any]:
    """Options in OpenAI's names, and `thinking` in Anthropic's."""
    found: dict[str, Any] = {name: config[name] for name in PASSED if config.get(name) is not None}
    if config.get("model_endpoint_type") == "openai":
        if effort := config.get("reasoning_effort"):
            found["reasoning_effort"] = effort
    elif config.get("enable_reasoner"):
        found["thinking"] = _thinking(config)
    return found


def _thinking(config: dict[str, Any]) -> dict[str, Any]:
    if ADAPTIVE.search(config["model"]):
        return {"type": "adaptive"}
    return {
        "type": "enabled",
        "budget_tokens": max(config.get("max_reasoning_tokens") or 0, LEAST_BUDGET),
    }
