"""Settings of the stack's own inference servers: vLLM for the model, and one for the embedding model.

What has a place already is not asked for twice. The name that a model is served under is
`roost:model.name` (`roost:model.embedding.name`), the longest request is `roost:model.contextWindow`, and the
machines are those of `roost:aws.cluster.gpuNodes`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from infra.settings.base import ComputeResources, Section

VLLM_VERSION = "v0.33.0"
VLLM_FLOOR = (0, 18)
"""The first version with `--shutdown-timeout`, without which a rollout cuts every stream."""

_COMMIT = r"^[0-9a-f]{40}$"
_HUB_ID = r"^[A-Za-z0-9][\w.-]*/[\w.-]+$"
_CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"
_VERSION = re.compile(r"^v?(\d+)\.(\d+)")


def _pinned_image(image: str) -> str:
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest and tag in {"", "latest"}:
        raise ValueError(f"{image!r} names no fixed version: give a tag other than `latest`, or a digest")
    version = _VERSION.match(tag)
    if version and (int(version[1]), int(version[2])) < VLLM_FLOOR:
        raise ValueError(
            f"{image!r} is too old: vLLM cuts the streams of a stopping pod before "
            f"{'.'.join(map(str, VLLM_FLOOR))}; use {VLLM_VERSION}"
        )
    return image


VllmImage = Annotated[str, AfterValidator(_pinned_image)]
"""Full reference of a vLLM image, by tag or by digest."""


class ShapeSettings(Section):
    """What the sizing must know of a model, as its config.json states it."""

    architecture: str = Field(description="`architectures` in config.json, as `Qwen3ForCausalLM`.")
    parameters: int = Field(ge=1_000_000, description="All of them, of a mixture of experts too.")
    vocab_size: int = Field(ge=1000, le=2_000_000, description="`vocab_size`.")
    hidden_size: int = Field(ge=64, le=65_536, description="`hidden_size`.")
    layers: int = Field(ge=1, le=1000, description="`num_hidden_layers`.")
    attention_heads: int = Field(ge=1, le=1024, description="`num_attention_heads`.")
    kv_heads: int = Field(ge=1, le=1024, description="`num_key_value_heads`.")
    head_dim: int = Field(ge=16, le=1024, description="`head_dim`, or `hidden_size` by attention heads.")
    max_context: int = Field(ge=2048, description="`max_position_embeddings`.")
    quantization: Literal["bf16", "fp8", "int4", "mxfp4"] = Field(
        default="bf16", description="How the checkpoint stores its weights; `int4` is AWQ or GPTQ."
    )


class WeightsSettings(Section):
    """How the weights get to the GPU: by a prefix of the stack's bucket, from which the pods stream them."""

    source: Literal["hub", "bucket"] = Field(
        default="hub",
        description=(
            "`hub`: a Job fetches the pinned revision from Hugging Face into the bucket, once. `bucket`: "
            "somebody has put it there."
        ),
    )
    prefix: str = Field(
        default="models",
        pattern=r"^[a-zA-Z0-9._-]+(/[a-zA-Z0-9._-]+)*$",
        description="The weights lie under `<prefix>/<model id>/<revision>/`.",
    )
    hub_token_secret: str | None = Field(
        default=None,
        description=(
            "ARN of a Secrets Manager secret that holds a Hugging Face token, for models that need one; only "
            "the Job that fetches sees it."
        ),
    )
    mib_per_second: int = Field(
        default=250,
        ge=50,
        le=20_000,
        description=(
            "How fast a pod reads weights, at the least: the startup budget follows from it. The default is "
            "below the network baseline of the smallest GPU instances (2.5 Gbit/s)."
        ),
    )

    @field_validator("hub_token_secret")
    @classmethod
    def _is_a_secrets_arn(cls, arn: str | None) -> str | None:
        if arn is not None and not re.fullmatch(r"arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:.+", arn):
            raise ValueError(
                "hubTokenSecret is the ARN of a secret in Secrets Manager, never the token: "
                "`aws secretsmanager create-secret` prints it"
            )
        return arn

    @model_validator(mode="after")
    def _token_is_used(self) -> Self:
        if self.hub_token_secret is not None and self.source == "bucket":
            raise ValueError(
                "hubTokenSecret would be read by nobody: with source `bucket` nothing is fetched; remove it"
            )
        return self


class InferenceReplicaSettings(Section):
    """How many vLLM pods run; the autoscaler moves between the two."""

    min: int = Field(default=1, ge=1, le=50, description="Never fewer pods, while the schedule is on.")
    max: int = Field(default=1, ge=1, le=50, description="Never more pods.")

    @model_validator(mode="after")
    def _are_ordered(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"replicas.min ({self.min}) is above replicas.max ({self.max})")
        return self


class InferenceScalingSettings(Section):
    """When KEDA adds a pod: what waits and what the cache holds, never CPU or GPU use."""

    keda_namespace: str = Field(
        default="keda", description="Where KEDA runs, 2.20 or newer; the stack does not install it."
    )

    waiting_requests: int = Field(
        default=5, ge=1, le=1000, description="Requests that wait, for each replica."
    )
    cache_percent: int = Field(default=60, ge=10, le=95, description="Average use of the KV cache.")


class ScheduleSettings(Section):
    """When the model runs; at other times neither pods nor GPU nodes exist."""

    start: str = Field(default="07:00", pattern=_CLOCK, description="Time of day when it comes up.")
    stop: str = Field(default="19:00", pattern=_CLOCK, description="Time of day when it goes.")
    days: str = Field(
        default="MON-FRI",
        pattern=r"^(SUN|MON|TUE|WED|THU|FRI|SAT)([-,](SUN|MON|TUE|WED|THU|FRI|SAT))*$",
        description="Days of the week, as in cron.",
    )
    time_zone: str = Field(
        default="Etc/UTC", pattern=r"^[A-Za-z_]+(/[A-Za-z_+-]+)*$", description="As in the tz database."
    )

    @model_validator(mode="after")
    def _starts_before_it_stops(self) -> Self:
        if self.start >= self.stop:
            raise ValueError(f"schedule.start ({self.start}) must be before schedule.stop ({self.stop})")
        return self


class EmbeddingServerSettings(Section):
    """The embedding model's own Deployment. Another model or revision means embedding everything anew."""

    model: str = Field(pattern=_HUB_ID, description="Id on Hugging Face, as `BAAI/bge-m3`.")
    revision: str = Field(pattern=_COMMIT, description="Commit of the model's repository.")
    dimensions: int | None = Field(
        default=None,
        ge=1,
        description="`hidden_size` in config.json of a model that docs/inference.md does not list.",
    )
    device: Literal["cpu", "gpu"] = Field(
        default="cpu", description="`gpu` takes one GPU of cluster.gpuNodes for each replica."
    )
    image: VllmImage | None = Field(
        default=None,
        description="Absent: on `gpu` the model's image, on `cpu` vLLM's own for the nodes' processors.",
    )
    replicas: int = Field(default=1, ge=1, le=20, description="How many pods.")
    resources: ComputeResources = Field(
        default=ComputeResources(cpu_request="1", memory_request="3Gi", memory_limit="6Gi", disk_limit="8Gi"),
        description="CPU and memory of each pod.",
    )


class InferenceSettings(Section):
    """vLLM on GPU nodes, there exactly when `roost:model.kind` is `vllm`."""

    model: str = Field(pattern=_HUB_ID, description="Id on Hugging Face, as `Qwen/Qwen3-32B`.")
    revision: str = Field(
        pattern=_COMMIT, description="Commit of the model's repository: the same weights tomorrow."
    )
    shape: ShapeSettings | None = Field(
        default=None, description="For a model that docs/inference.md does not list; absent for the others."
    )
    image: VllmImage = Field(
        default=f"docker.io/vllm/vllm-openai:{VLLM_VERSION}",
        description="vLLM's image; name it by digest once you have tested it.",
    )
    quantization: Literal["checkpoint", "fp8"] = Field(
        default="checkpoint",
        description="`checkpoint`: as the weights are stored. `fp8`: vLLM shrinks bf16 weights as it loads.",
    )
    kv_cache: Literal["bf16", "fp8"] = Field(
        default="bf16", description="`fp8` holds twice the tokens, a little less exactly."
    )
    tensor_parallel: Literal[1, 2, 4, 8] = Field(
        default=1, description="GPUs that share one replica's weights."
    )
    gpu_memory_utilization: float = Field(
        default=0.90, ge=0.70, le=0.95, description="Share of each GPU's memory that vLLM takes."
    )
    concurrency: int = Field(
        default=4,
        ge=1,
        le=1000,
        description="Requests of full contextWindow that each replica's cache must hold at once.",
    )
    replicas: InferenceReplicaSettings = Field(
        default_factory=InferenceReplicaSettings, description="How many pods."
    )
    scaling: InferenceScalingSettings | None = Field(
        default=None, description="When to add pods, between replicas.min and max; absent: never."
    )
    schedule: ScheduleSettings | None = Field(
        default=None, description="Hours of work; absent: always on. For stacks that nobody uses at night."
    )
    tool_call_parser: str | None = Field(
        default=None, description="vLLM's parser of tool calls; absent: the one known for the model."
    )
    reasoning_parser: str | None = Field(
        default=None, description="vLLM's parser of reasoning; absent: the one known for the model, if any."
    )
    chat_template: str | None = Field(
        default=None,
        description="Path of a template in the image; absent: the one that the tool-call parser asks for.",
    )
    weights: WeightsSettings = Field(default_factory=WeightsSettings, description="Where weights are from.")
    compile_cache_gib: int = Field(
        default=10, ge=1, le=100, description="Volume on which compiled kernels outlive a pod."
    )
    pre_stop_seconds: int = Field(
        default=15, ge=3, le=120, description="How long a stopping pod still takes requests."
    )
    drain_seconds: int = Field(
        default=120, ge=1, le=3300, description="How long it then finishes what it streams."
    )
    termination_grace_seconds: int | None = Field(
        default=None,
        ge=1,
        le=3600,
        description="When Kubernetes kills a pod that still has not stopped; absent computes it.",
    )
    progress_deadline_seconds: int | None = Field(
        default=None,
        ge=60,
        le=14_400,
        description="When a rollout that does not get ahead counts as failed; absent computes it.",
    )
    embedding: EmbeddingServerSettings = Field(description="The embedding model's server.")
