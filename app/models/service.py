"""Which models the server offers: what the configured endpoints list, and the configs that agents keep."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from time import monotonic
from typing import Any

from app.errors import BadRequest, NotFound
from app.llm.client import Client, endpoint
from app.llm.types import Endpoint, ModelError
from app.settings import Settings

log = logging.getLogger("roost.models")

LIST_SECONDS = 60.0
"""How long a list of models is believed."""
LIST_TIMEOUT = 5.0


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
    """The catalogue. Caches the endpoint's list briefly; everything else comes from the settings."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._default = settings.default_model
        self._window = settings.context_window
        key = settings.model_api_key
        self.endpoint = endpoint(
            settings.model_base_url,
            key.get_secret_value() if key else None,
            timeout=settings.model_timeout,
            idle_timeout=settings.model_idle_timeout,
        )
        self.embedding = _embedding(settings)
        self._listed: dict[str, int] | None = None
        self._listed_at = float("-inf")
        self._lock = asyncio.Lock()

    @property
    def provider(self) -> str:
        """The provider's name, the first part of every handle."""
        return self._default.partition("/")[0]

    async def llm_config(self, handle: str | None, window: int | None = None) -> dict[str, Any]:
        """Letta's LLMConfig for a handle, or for the default one. Raises NotFound for an unknown handle."""
        handle = handle or self._default
        provider, _, name = handle.partition("/")
        listed = await self._list()
        if (
            provider != self.provider
            or not name
            or (listed and name not in listed and handle != self._default)
        ):
            offered = ", ".join(f"{self.provider}/{model}" for model in sorted(listed or {}))
            raise NotFound(f"The model {handle!r} is not offered here; offered: {offered or self._default}.")
        largest = min((listed or {}).get(name, self._window), self._window)
        if window is not None and window > largest:
            raise BadRequest(f"context_window_limit is {window}; {handle} has at most {largest} here.")
        return self._config(name, window or largest)

    async def models(self) -> list[dict[str, Any]]:
        """Letta's Model objects."""
        listed = await self._list() or {self._default.partition("/")[2]: self._window}
        return [
            self._config(name, min(window, self._window))
            | {
                "name": name,
                "display_name": name,
                "provider_type": "openai",
                "max_context_window": window,
                "model_type": "llm",
            }
            for name, window in sorted(listed.items())
        ]

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

    async def _list(self) -> dict[str, int] | None:
        """Model name to context window, or None when the endpoint does not say."""
        if monotonic() - self._listed_at < LIST_SECONDS:
            return self._listed
        async with self._lock:
            if monotonic() - self._listed_at < LIST_SECONDS:
                return self._listed
            try:
                found = await self._client.models(self.endpoint, seconds=LIST_TIMEOUT)
                self._listed = {model.name: model.context_window or self._window for model in found}
            except ModelError as error:
                log.warning("cannot list models: %s", error.message)
                self._listed = None
            self._listed_at = monotonic()
            return self._listed

    def _config(self, name: str, window: int) -> dict[str, Any]:
        return {
            "handle": f"{self.provider}/{name}",
            "model": name,
            "model_endpoint_type": "openai",
            "model_endpoint": self.endpoint.base_url,
            "provider_name": self.provider,
            "provider_category": "base",
            "context_window": window,
            "temperature": 1.0,
            "enable_reasoner": False,
            "put_inner_thoughts_in_kwargs": False,
            "parallel_tool_calls": True,
        }


def _embedding(settings: Settings) -> Embedding | None:
    url, handle, dimension = settings.embedding_base_url, settings.default_embedding, settings.embedding_dim
    if url is None or handle is None or dimension is None:
        return None
    key = settings.embedding_api_key
    return Embedding(endpoint(url, key.get_secret_value() if key else None), handle, dimension)
