"""The request to the model for the next step: what it reads, and which tools it may call now."""

from __future__ import annotations

from typing import Any

from app.llm.options import options as options_of
from app.llm.types import Request
from app.turns import thoughts
from app.turns.rendering import render
from app.turns.state import LoadedAgent


def request(agent: LoadedAgent, system: str | None = None) -> Request:
    """The next model call; `system` stands in for the agent's own prompt."""
    config = agent.llm_config
    options = options_of(config)
    response_format = agent.response_format or config.get("response_format")
    if response_format and response_format.get("type") != "text":
        options["response_format"] = response_format
    tools = offered(agent)
    if tools:
        must = agent.talks_by_tools or agent.rules.must_call(agent.offered())
        options["tool_choice"] = "required" if must else "auto"
        if agent.talks_by_tools or agent.rules.in_order:
            options["parallel_tool_calls"] = False
        elif config.get("parallel_tool_calls") is not None:
            options["parallel_tool_calls"] = config["parallel_tool_calls"]
    messages = render(agent.messages, agent.timezone)
    if system is not None:
        messages[:1] = [{"role": "system", "content": system}]
    return Request(config["model"], messages, tools, options, config.get("provider_name"))


def offered(agent: LoadedAgent) -> list[dict[str, Any]]:
    """The tools that may be called now, as the model is told about them."""
    reasons = bool(agent.llm_config.get("enable_reasoner"))
    shown: list[dict[str, Any]] = []
    for name in agent.offered():
        schema = agent.tool(name).schema
        if agent.talks_by_tools:
            schema = thoughts.extended(schema, reasons=reasons, ends=agent.rules.ends(name))
        shown.append({"type": "function", "function": schema})
    return shown
