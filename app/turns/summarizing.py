"""A summary of messages that leave the view, written by a model: bounded in time and size, never fatal."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

import orjson

from app.agents.compaction import CompactionSettings
from app.agents.configs import sampling
from app.errors import AppError
from app.llm.client import Client
from app.llm.options import options
from app.llm.types import Request
from app.models.service import Models
from app.turns.rendering import render
from app.turns.requesting import offered
from app.turns.state import ContextMessage, LoadedAgent

log = logging.getLogger("roost.turns")

SECONDS = 60.0
MOST_TOKENS = 4096
"""Of a summary, unless the settings say otherwise."""
TRANSCRIPT_SHARE = 0.6
"""Of the summarising model's window that the messages may take; the middle of longer ones is left out."""

PROMPT = """\
The messages below are about to leave an agent's view. Write what the agent has to know to go on without \
them: who it talks to and what they want, facts, names, numbers and decisions, what was done with which \
result, and what is still open. Keep what an earlier summary says unless it is out of date. Write plain \
sentences, no more than about 300 words, in the language of the conversation, and nothing but the summary."""

ACKNOWLEDGED = "I will answer with the summary and nothing else."


async def summarize(
    llm: Client,
    models: Models,
    agent: LoadedAgent,
    settings: CompactionSettings,
    leaving: Sequence[ContextMessage],
) -> str | None:
    """The summary, or None when the model does not give one in time."""
    try:
        async with asyncio.timeout(SECONDS):
            config = await _config(models, agent, settings)
            request = _by_itself(agent, config, settings, leaving) if settings.by_itself else None
            request = request or _of_transcript(agent, config, settings, leaving)
            completion = await llm.complete(models.endpoint_of(request.provider), request)
    except (AppError, TimeoutError) as error:
        log.warning("no summary, old messages leave the view without one: %s", error)
        return None
    text = completion.text.replace("\x00", "").strip()
    # A summary must leave room for what comes after it: about a quarter of the window at most.
    return text[: min(settings.clip_chars or len(text), int(agent.llm_config["context_window"]))] or None


async def _config(models: Models, agent: LoadedAgent, settings: CompactionSettings) -> dict[str, Any]:
    config = agent.llm_config
    if settings.model and not settings.by_itself:
        config = await models.llm_config(settings.model)
    return config | sampling(settings.model_settings or {})


def _by_itself(
    agent: LoadedAgent,
    config: dict[str, Any],
    settings: CompactionSettings,
    leaving: Sequence[ContextMessage],
) -> Request:
    """The agent's own request with a question at its end, which finds the provider's cache warm."""
    asked = {"role": "user", "content": settings.prompt or PROMPT}
    messages = [*render([*agent.messages[:1], *leaving], agent.timezone), asked]
    tools = offered(agent)
    more = {"tool_choice": "none"} if tools else {}
    return Request(config["model"], messages, tools, options(config) | more, config.get("provider_name"))


def _of_transcript(
    agent: LoadedAgent,
    config: dict[str, Any],
    settings: CompactionSettings,
    leaving: Sequence[ContextMessage],
) -> Request:
    rendered = [orjson.dumps(one).decode() for one in render(leaving, agent.timezone)]
    transcript = _bounded("\n".join(rendered), int(config["context_window"] * TRANSCRIPT_SHARE * 2))
    messages = [{"role": "system", "content": settings.prompt or PROMPT}]
    if settings.prompt_acknowledgement:
        messages.append({"role": "assistant", "content": ACKNOWLEDGED})
    packed = orjson.dumps({"type": "transcript", "message": transcript}).decode()
    messages.append({"role": "user", "content": packed})
    found = {"max_tokens": MOST_TOKENS} | options(config)
    return Request(config["model"], messages, [], found, config.get("provider_name"))


def _bounded(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half} characters are left out …]\n{text[-half:]}"
