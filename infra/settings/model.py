"""Settings of the language model and of the embedding model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, field_validator

from infra.settings.base import Section
from infra.settings.urls import endpoint

Endpoint = Annotated[str, AfterValidator(endpoint)]
"""Base URL of an OpenAI-compatible API, as in `https://host/v1`; never with a key in it."""

STAND_IN_MODEL = "scripted-stand-in"
STAND_IN_EMBEDDING = "all-minilm-l6-v2"
STAND_IN_DIMENSIONS = 384

LARGEST_INDEXABLE = 4000
"""pgvector's HNSW takes 2,000 dimensions as `vector` and 4,000 as `halfvec`."""

_PROVIDERS = {"scripted": "scripted", "external": "openai", "vllm": "vllm"}
_PROVIDER = r"^[a-z0-9][a-z0-9_-]*$"


class EmbeddingSettings(Section):
    """The embedding model: what memories are found by. Changing it means embedding everything anew."""

    base_url: Endpoint | None = Field(
        default=None,
        description=(
            "OpenAI-compatible URL of an external embedding model. Absent in `local`, the stand-in embeds; "
            "with kind `vllm` it has to be absent, as the server of inference.embedding does."
        ),
    )
    provider: str | None = Field(
        default=None,
        pattern=_PROVIDER,
        description="First part of the handle; absent means `local` without a URL, else `openai`.",
    )
    name: str = Field(default=STAND_IN_EMBEDDING, min_length=1, description="Model id at that URL.")
    dimensions: int = Field(
        default=STAND_IN_DIMENSIONS,
        ge=1,
        description=f"Length of its vectors, at most {LARGEST_INDEXABLE:,}: longer ones cannot be indexed.",
    )
    api_key: SecretStr | None = Field(default=None, description="Bearer key; set it with `--secret`.")

    @field_validator("dimensions")
    @classmethod
    def _can_be_indexed(cls, dimensions: int) -> int:
        if dimensions > LARGEST_INDEXABLE:
            raise ValueError(
                f"{dimensions:,} dimensions cannot be indexed, so every search would read every memory; "
                f"pgvector's HNSW takes at most {LARGEST_INDEXABLE:,}: choose a smaller model, or one that "
                "can shorten its vectors"
            )
        return dimensions

    @property
    def handle(self) -> str:
        """Letta handle: `<provider>/<name>`."""
        provider = self.provider or ("local" if self.base_url is None else "openai")
        return f"{provider}/{self.name}"


class HostedSettings(Section):
    """Providers whose models agents may use besides, as `openai/…` and `anthropic/…`; the keys cost money."""

    openai_api_key: SecretStr | None = Field(
        default=None, description="Key of OpenAI's API; set it with `--secret`."
    )
    anthropic_api_key: SecretStr | None = Field(
        default=None, description="Key of Anthropic's API; set it with `--secret`."
    )


class ModelSettings(Section):
    """The model that agents think with."""

    kind: Literal["scripted", "external", "vllm"] = Field(
        default="scripted",
        description=(
            "`scripted`: a stand-in that follows simple rules, local only. `external`: an "
            "OpenAI-compatible endpoint at baseUrl, yours (vLLM, Ollama) or someone's. `vllm`: vLLM on the "
            "stack's own GPU nodes, which `roost:inference` describes; dev and prod only."
        ),
    )
    base_url: Endpoint | None = Field(
        default=None,
        description=(
            "URL of an external model, as `https://api.example.com/v1`; `external` needs it. In `local`, "
            "`localhost` means this machine: it becomes the address where pods reach it, so the model has "
            "to listen there (or on 0.0.0.0)."
        ),
    )
    provider: str | None = Field(
        default=None,
        pattern=_PROVIDER,
        description="First part of the handle; absent means `scripted`, `openai` or `vllm`, by kind.",
    )
    name: str = Field(default=STAND_IN_MODEL, min_length=1, description="Model id at that URL.")
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

    hosted: HostedSettings = Field(
        default_factory=HostedSettings, description="Models of providers, besides this one."
    )

    @property
    def handle(self) -> str:
        """Letta handle of the default model: `<provider>/<name>`."""
        return f"{self.provider or _PROVIDERS[self.kind]}/{self.name}"

    @property
    def needs_stand_in(self) -> bool:
        """Whether the stand-in has to run: for the model, or only for embeddings."""
        return self.kind == "scripted" or (self.kind == "external" and self.embedding.base_url is None)
