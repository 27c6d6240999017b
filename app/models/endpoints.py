"""The endpoints that the settings describe, by the provider's name: the first part of handles."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from app.llm.client import endpoint
from app.llm.types import Endpoint
from app.settings import Settings


def endpoints(settings: Settings) -> dict[str, Endpoint]:
    """All of them, in the order in which a default model is looked for."""
    patience = {
        "timeout": settings.model_timeout,
        "idle_timeout": settings.model_idle_timeout,
        "concurrency": settings.model_concurrency,
    }
    found: dict[str, Endpoint] = {}
    if settings.uses_openai:
        found["openai"] = endpoint(settings.openai_base_url, _text(settings.openai_api_key), **patience)
    if settings.anthropic_api_key:
        url, key = settings.anthropic_base_url, _text(settings.anthropic_api_key)
        found["anthropic"] = endpoint(url, key, kind="anthropic", provider="anthropic", **patience)
    if settings.bedrock_models:
        found["bedrock"] = _bedrock(settings, patience)
    if settings.vllm_base_url is None:
        return found
    name = settings.vllm_name
    key = _text(settings.vllm_api_key)
    return {name: endpoint(settings.vllm_base_url, key, kind="vllm", provider=name, **patience), **found}


def _bedrock(settings: Settings, patience: dict[str, Any]) -> Endpoint:
    region = settings.bedrock_region or ""
    url = settings.bedrock_url or f"https://bedrock-runtime.{region}.amazonaws.com"
    return Endpoint(
        url.rstrip("/"),
        None,
        kind="bedrock",
        provider="bedrock",
        region=region,
        offered=settings.offered_by_bedrock,
        **patience,
    )


def _text(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
