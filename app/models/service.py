"""Which models the server offers: what the configured endpoints list, and the configs that agents keep."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from app.errors import BadRequest, NotFound
from app.llm.client import Client, endpoint
from app.llm.types import Endpoint, Listed, ModelError
from app.models.catalogue import Catalogue
from app.models.endpoints import endpoints
from app.settings import Settings
from app.usage.spending import Spending

MAX_OUTPUT = 16_384
"""Tokens of an answer of a model that can write more, unless the agent's settings say so."""


@dataclass(frozen=True)
class Embedding:
    """The embedding model of the server: its endpoint, handle and dimension."""

    endpoint: Endpoint
    handle: str
    dimension: int

    @property
    def model(self) -> str:
        """The name without the provider."""
        return self.handle.partition("/")[2]

    def config(self) -> dict[str, Any]:
        """Letta's EmbeddingConfig."""
        return {
            "handle": self.handle,
            "embedding_model": self.model,
            "embedding_dim": self.dimension,
            "embedding_endpoint_type": "openai",
            "embedding_endpoint": self.endpoint.base_url,
            "embedding_chunk_size": 300,
            "batch_size": 32,
        }


class Models:
    """The catalogue of all endpoints. What the settings do not say, the endpoints are asked for."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._default = settings.default_model
        self._window = settings.context_window
        self._catalogues = {
            name: Catalogue(client, endpoint) for name, endpoint in endpoints(settings).items()
        }
        self.embedding = _embedding(settings)
        self.spending = Spending(settings)
        self.message_embedding = self.embedding if settings.embed_messages else None

    async def llm_config(self, handle: str | None, window: int | None = None) -> dict[str, Any]:
        """Letta's LLMConfig for a handle, or for the default one. Raises NotFound for an unknown handle."""
        handle = handle or await self.default()
        provider, _, name = handle.partition("/")
        catalogue = self._catalogues.get(provider)
        if catalogue is None or not name:
            offered = ", ".join(f"{one}/…" for one in self._catalogues)
            raise NotFound(f"The model {handle!r} is not offered here; offered: {offered}.")
        model = await catalogue.model(name, trusted=handle == self._default)
        largest = min(model.context_window or self._window, self._window)
        if window is not None and window > largest:
            raise BadRequest(f"context_window_limit is {window}; {handle} has at most {largest} here.")
        return _config(catalogue.endpoint, model, window or largest)

    async def default(self) -> str:
        """The handle of agents that name no model. Raises BadRequest when there is none."""
        if self._default:
            return self._default
        for provider, catalogue in self._catalogues.items():
            if known := await catalogue.models():
                return f"{provider}/{min(known)}"
        raise BadRequest(
            "No model is given, there is no default (LETTA_DEFAULT_LLM_HANDLE), and no endpoint has one now."
        )

    async def handle_of(self, model: str) -> str:
        """The handle of a model that is given without its provider: the default's provider is meant."""
        return f"{(await self.default()).partition('/')[0]}/{model}"

    def endpoint_of(self, provider: str | None) -> Endpoint:
        """Where a provider's models answer. Raises ModelError when the settings have it no more."""
        catalogue = self._catalogues.get(provider or "")
        if catalogue is None:
            raise ModelError(
                "llm_not_found",
                f"The agent's model is of {provider!r}, and no endpoint is called so any more; there are: "
                f"{', '.join(self._catalogues)}. Give the agent another model.",
                status=404,
            )
        return catalogue.endpoint

    async def models(self) -> list[dict[str, Any]]:
        """Letta's Model objects."""
        lists = await asyncio.gather(*(catalogue.models() for catalogue in self._catalogues.values()))
        shown: list[dict[str, Any]] = []
        for catalogue, known in zip(self._catalogues.values(), lists, strict=True):
            for model in sorted({**self._trusted(catalogue), **known}.values(), key=lambda one: one.name):
                shown.append(self._shown(catalogue.endpoint, model))
        return shown

    def _trusted(self, catalogue: Catalogue) -> dict[str, Listed]:
        """The default model, which is there even if its endpoint does not say so."""
        provider, _, name = (self._default or "").partition("/")
        return {name: Listed(name)} if provider == catalogue.endpoint.provider else {}

    def _shown(self, endpoint: Endpoint, model: Listed) -> dict[str, Any]:
        window = model.context_window or self._window
        return _config(endpoint, model, min(window, self._window)) | {
            "name": model.name,
            "display_name": model.name,
            "provider_type": "openai" if endpoint.kind == "vllm" else endpoint.kind,
            "max_context_window": window,
            "model_type": "llm",
        }

    def embeddings(self) -> list[dict[str, Any]]:
        """Letta's EmbeddingModel objects."""
        if self.embedding is None:
            return []
        model = self.embedding
        return [
            model.config()
            | {
                "name": model.model,
                "display_name": model.model,
                "provider_name": model.handle.partition("/")[0],
                "provider_type": "openai",
                "model_type": "embedding",
            }
        ]

    def embedding_for(self, handle: str | None) -> Embedding | None:
        """The embedding model of a handle, or the default one (None when none is configured)."""
        if handle is None or (self.embedding and handle == self.embedding.handle):
            return self.embedding
        offered = self.embedding.handle if self.embedding else "none"
        raise NotFound(f"The embedding model {handle!r} is not offered here; offered: {offered}.")

    async def embed(self, texts: list[str]) -> list[list[float]]:
        """Vectors of the server's embedding model. Raises BadRequest when there is none."""
        if self.embedding is None:
            raise BadRequest(
                "This server has no embedding model, which archival memory needs; set EMBEDDING_API_BASE,"
                " LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM."
            )
        vectors = await self._client.embed(self.embedding.endpoint, self.embedding.model, texts)
        if wrong := next((len(v) for v in vectors if len(v) != self.embedding.dimension), None):
            raise ModelError(
                "llm_error",
                f"The embedding model gave {wrong} dimensions;"
                f" LETTA_EMBEDDING_DIM says {self.embedding.dimension}.",
                status=502,
            )
        return vectors


def _config(endpoint: Endpoint, model: Listed, window: int) -> dict[str, Any]:
    config = {
        "handle": f"{endpoint.provider}/{model.name}",
        "model": model.name,
        "model_endpoint_type": "openai" if endpoint.kind == "vllm" else endpoint.kind,
        "model_endpoint": endpoint.base_url,
        "provider_name": endpoint.provider,
        "provider_category": "base",
        "context_window": window,
        "temperature": 1.0,
        "enable_reasoner": False,
        "put_inner_thoughts_in_kwargs": False,
        "parallel_tool_calls": True,
    }
    return config if model.max_output is None else config | {"max_tokens": min(model.max_output, MAX_OUTPUT)}


def _embedding(settings: Settings) -> Embedding | None:
    url, handle, dimension = settings.embedding_base_url, settings.default_embedding, settings.embedding_dim
    if url is None or handle is None or dimension is None:
        return None
    key = settings.embedding_api_key
    return Embedding(endpoint(url, key.get_secret_value() if key else None), handle, dimension)
