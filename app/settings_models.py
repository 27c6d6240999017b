"""Settings of the models: which endpoints there are, how patient to be with them, and what they cost."""

from __future__ import annotations

from decimal import Decimal
from typing import Self

from pydantic import Field, Json, SecretStr, model_validator

from app.models.prices import Price
from app.settings_base import Environment

HANDLE = r"^[^/\s]+/\S+$"
PROVIDER = r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$"


class ModelSettings(Environment):
    """Endpoints of language models, several at once, and of one embedding model. Durations are seconds."""

    vllm_base_url: str | None = Field(
        default=None, alias="VLLM_API_BASE", pattern="^https?://",
        description="An OpenAI-compatible server of your own: vLLM, or anything that speaks the same.",
    )  # fmt: skip
    vllm_api_key: SecretStr | None = Field(default=None, alias="VLLM_API_KEY", description="Its key.")
    vllm_provider: str | None = Field(
        default=None, alias="VLLM_HANDLE_BASE", pattern=PROVIDER,
        description="First part of its models' handles. Absent, it is that of the default model's handle "
        "where no other endpoint has it, else `vllm`.",
    )  # fmt: skip
    openai_base_url: str = Field(
        default="https://api.openai.com/v1", alias="OPENAI_API_BASE", pattern="^https?://",
        description="OpenAI's API, or another OpenAI-compatible one. Setting it, or the key, switches it on.",
    )  # fmt: skip
    openai_api_key: SecretStr | None = Field(default=None, alias="OPENAI_API_KEY", description="Its key.")
    anthropic_base_url: str = Field(
        default="https://api.anthropic.com", alias="ANTHROPIC_BASE_URL", pattern="^https?://",
        description="Anthropic's API, or a gateway to it.",
    )  # fmt: skip
    anthropic_api_key: SecretStr | None = Field(
        default=None, alias="ANTHROPIC_API_KEY", description="Its key, which switches it on."
    )
    bedrock_region: str | None = Field(
        default=None, alias="BEDROCK_REGION", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$",
        description="Region of Amazon Bedrock; absent, it is AWS_REGION or AWS_DEFAULT_REGION. Bedrock is "
        "called with the pod's own role, or with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )  # fmt: skip
    bedrock_models: str = Field(
        default="", alias="BEDROCK_MODELS",
        description="Ids of the models that the role may call, with commas between. They switch Bedrock on.",
    )  # fmt: skip
    bedrock_url: str | None = Field(
        default=None, alias="AWS_ENDPOINT_URL_BEDROCK_RUNTIME", pattern="^https?://",
        description="Where Bedrock answers, if not at the region's public address.",
    )  # fmt: skip

    default_model: str | None = Field(
        default=None, alias="LETTA_DEFAULT_LLM_HANDLE", pattern=HANDLE,
        description="Model of agents that name none, as `provider/model`. Absent, it is the first one that "
        "an endpoint lists.",
    )  # fmt: skip
    context_window: int = Field(
        default=128_000, alias="GLOBAL_MAX_CONTEXT_WINDOW_LIMIT", ge=4096,
        description="Tokens that an agent may put before a model at most, whatever the model could take.",
    )  # fmt: skip
    model_timeout: float = Field(
        default=600, alias="LETTA_LLM_STREAM_TIMEOUT_SECONDS", ge=1, le=3600,
        description="Longest call of a model.",
    )  # fmt: skip
    model_idle_timeout: float = Field(
        default=60, alias="LETTA_LLM_REQUEST_TIMEOUT_SECONDS", ge=1, le=1800,
        description="Longest wait for the next byte of a model's answer.",
    )  # fmt: skip
    model_concurrency: int = Field(
        default=256, alias="ROOST_MODEL_CONCURRENCY", ge=1, le=10_000,
        description="Calls of one endpoint at once, per worker; more wait for their turn.",
    )  # fmt: skip

    embedding_base_url: str | None = Field(
        default=None, alias="EMBEDDING_API_BASE", pattern="^https?://",
        description="OpenAI-compatible server of the embedding model.",
    )  # fmt: skip
    embedding_api_key: SecretStr | None = Field(
        default=None, alias="EMBEDDING_API_KEY", description="Its key."
    )
    default_embedding: str | None = Field(
        default=None, alias="LETTA_DEFAULT_EMBEDDING_HANDLE", pattern=HANDLE,
        description="The embedding model, as `provider/model`.",
    )  # fmt: skip
    embedding_dim: int | None = Field(
        default=None, alias="LETTA_EMBEDDING_DIM", ge=1, le=16_000, description="Length of its vectors."
    )
    embed_messages: bool = Field(
        default=False,
        alias="LETTA_EMBED_ALL_MESSAGES",
        description="Messages get vectors too, in the background, so that searches find them by meaning.",
    )

    prices: Json[dict[str, list[Price]]] = Field(
        default_factory=dict[str, list[Price]], validate_default=False, alias="ROOST_MODEL_PRICES",
        description="What tokens cost, as JSON: handles, or beginnings of handles with `*`, each with a list "
        'of prices, as `{"openai/gpt-5*": [{"since": "2026-01-01", "input": 1.25, "output": 10, '
        '"cached_input": 0.125}]}`: USD for a million tokens. Models without a price count tokens only.',
    )  # fmt: skip
    agent_daily_budget: Decimal | None = Field(
        default=None, alias="ROOST_AGENT_DAILY_BUDGET_USD", gt=0,
        description="An agent that costs more within a day (of UTC) is reported in the log and the metrics.",
    )  # fmt: skip

    @model_validator(mode="after")
    def _embedding(self) -> Self:
        given = (self.embedding_base_url, self.default_embedding, self.embedding_dim)
        if any(given) and not all(given):
            raise ValueError(
                "EMBEDDING_API_BASE, LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM belong together: "
                "set all three for archival memory, or none."
            )
        return self

    @model_validator(mode="after")
    def _endpoints(self) -> Self:
        if self.bedrock_models and not self.bedrock_region:
            raise ValueError("BEDROCK_MODELS is set and BEDROCK_REGION is not; set the region, too.")
        names = self._hosted + ([self.vllm_name] if self.vllm_base_url else [])
        if not names:
            raise ValueError(
                "No model endpoint is set; set VLLM_API_BASE, OPENAI_API_KEY (or OPENAI_API_BASE), "
                "ANTHROPIC_API_KEY or BEDROCK_MODELS."
            )
        if len(set(names)) < len(names):
            raise ValueError(
                f"VLLM_HANDLE_BASE is {self.vllm_name!r}, which is another endpoint's name; choose another."
            )
        if self.default_model and self.default_model.partition("/")[0] not in names:
            raise ValueError(
                f"LETTA_DEFAULT_LLM_HANDLE is {self.default_model!r}, and no endpoint is called so; "
                f"there are: {', '.join(names)}."
            )
        return self

    @property
    def vllm_name(self) -> str:
        """Of VLLM_API_BASE, which may be any OpenAI-compatible server: the default handle may name it."""
        name = self.vllm_provider or (self.default_model or "vllm/").partition("/")[0]
        return "vllm" if name in self._hosted and not self.vllm_provider else name

    @property
    def _hosted(self) -> list[str]:
        given = (self.uses_openai, self.anthropic_api_key, self.bedrock_models)
        return [name for name, on in zip(("openai", "anthropic", "bedrock"), given, strict=True) if on]

    @property
    def uses_openai(self) -> bool:
        """Whether there is an OpenAI endpoint: a key is enough, and so is a URL that needs none."""
        return self.openai_api_key is not None or "openai_base_url" in self.model_fields_set

    @property
    def offered_by_bedrock(self) -> tuple[str, ...]:
        """Ids of models."""
        return tuple(filter(None, map(str.strip, self.bedrock_models.split(","))))
