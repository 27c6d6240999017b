"""Settings of the language model and of the embedding model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from infra.settings.base import Section
from infra.settings.urls import endpoint

Endpoint = Annotated[str, AfterValidator(endpoint)]
"""Base URL of an OpenAI-compatible API, as in `https://host/v1`; never with a key in it."""


class EmbeddingSettings(Section):
    """The embedding model: what memories are found by. Changing it means embedding everything anew."""

    base_url: Endpoint | None = Field(
        default=None,
        description="OpenAI-compatible URL; absent means the stand-in's small real model (local) or the stack's own.",
    )
    provider: str = Field(default="local", pattern=r"^[a-z0-9-]+$", description="First part of the handle.")
    name: str = Field(default="all-minilm-l6-v2", min_length=1, description="Model id at that URL.")
    dimensions: int = Field(
        default=384, ge=1, le=4000, description="Length of a vector; 4,000 is what can be indexed."
    )
    api_key: SecretStr | None = Field(default=None, description="Bearer key; set it with `--secret`.")

    @property
    def handle(self) -> str:
        """Letta handle: `<provider>/<name>`."""
        return f"{self.provider}/{self.name}"


class ModelSettings(Section):
    """The model that agents think with."""

    kind: Literal["scripted", "external", "vllm"] = Field(
        default="scripted",
        description=(
            "`scripted`: a stand-in that follows simple rules, local only. `external`: an OpenAI-compatible "
            "endpoint at baseUrl. `vllm`: served by the stack on GPU nodes."
        ),
    )
    base_url: Endpoint | None = Field(
        default=None,
        description=(
            "URL of an external model, as `https://api.example.com/v1`. In `local`, `localhost` means this machine: "
            "it is translated to the address where pods reach it, on which the model has to listen."
        ),
    )
    provider: str = Field(
        default="scripted", pattern=r"^[a-z0-9-]+$", description="First part of the handle."
    )
    name: str = Field(default="scripted-stand-in", min_length=1, description="Model id at that URL.")
    api_key: SecretStr | None = Field(default=None, description="Bearer key; set it with `--secret`.")
    context_window: int = Field(
        default=32_768,
        ge=2048,
        le=2_000_000,
        description="Tokens that the agent loop may put before the model.",
    )
    embedding: EmbeddingSettings = Field(
        default_factory=EmbeddingSettings, description="The embedding model."
    )

    @property
    def handle(self) -> str:
        """Letta handle of the default model: `<provider>/<name>`."""
        return f"{self.provider}/{self.name}"

    @property
    def needs_stand_in(self) -> bool:
        """Whether the stand-in has to run: for the model, or only for embeddings."""
        return self.kind == "scripted" or (self.kind == "external" and self.embedding.base_url is None)
