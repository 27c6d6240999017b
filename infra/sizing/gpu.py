"""Whether a model fits a GPU, and how many tokens its cache then holds.

    W        = parameters x bytes of one; embeddings and output layer stay in bf16
    overhead = 1.5 GiB on cards below 30 GiB, else 2.5, and 0.5 more if GPUs share the model
    cache    = utilization x visible - W / TP - overhead     of each GPU
    token    = 2 x layers x kv_heads x head_dim x bytes / min(TP, kv_heads)
    tokens   = cache / token;  concurrency = tokens / context

The overhead is activations, CUDA graphs and NCCL at vLLM's default number of batched tokens. Beyond kv_heads
GPUs the cache is copied, not split. Against vLLM's logs the formula errs by at most 15 %, to the safe side
(tests/unit/test_sizing_gpu.py has the cases).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from infra.sizing.gpu_instances import GpuInstance
from infra.sizing.model_shapes import ModelShape

CACHE_ELEMENT_BYTES = {"bf16": 2, "fp8": 1}
SMALL_CARD_GIB = 30
_SMALL_OVERHEAD, _LARGE_OVERHEAD, _SHARING_OVERHEAD = 1.5, 2.5, 0.5


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What is to be served, and how."""

    model: str
    shape: ModelShape
    context: int
    """Tokens of the longest request: `--max-model-len`."""
    concurrency: int
    """Requests of that length that the cache of one replica must hold at once."""
    replicas: int = 1
    utilization: float = 0.90
    """Share of a GPU's memory that vLLM takes."""
    shrink: bool = False
    """Turn bf16 weights into fp8 while loading."""
    cache: Literal["bf16", "fp8"] = "bf16"
    tool_call_parser: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fit:
    """The result for one instance type; GiB are of each GPU."""

    instance: GpuInstance
    tensor_parallel: int
    weights_gib: float
    overhead_gib: float
    cache_gib: float
    tokens: int
    """That the cache of one replica holds."""
    concurrency: float
    """Requests of full length."""
    replicas: int

    @property
    def replicas_per_node(self) -> int:
        """Whole groups of GPUs on one instance."""
        return self.instance.gpus // self.tensor_parallel

    @property
    def nodes(self) -> int:
        """Instances that the replicas need."""
        return -(-self.replicas // max(1, self.replicas_per_node))

    @property
    def dollars_per_month(self) -> float:
        """Of all those instances, running all the time."""
        return self.nodes * self.instance.dollars_per_month

    @property
    def dollars_per_hour(self) -> float:
        """Of all those instances."""
        return self.nodes * self.instance.dollars_per_hour


def fit(serving: Serving, instance: GpuInstance, tensor_parallel: int) -> Fit:
    """Apply the formula; the result may be negative, which the gates judge."""
    weights = serving.shape.loaded_gib(shrink=serving.shrink) / tensor_parallel
    overhead = overhead_gib(instance, tensor_parallel)
    cache = serving.utilization * instance.visible_gib - weights - overhead
    token = serving.shape.cache_bytes_per_token(element_bytes=CACHE_ELEMENT_BYTES[serving.cache])
    tokens = cache * 2**30 * min(tensor_parallel, serving.shape.kv_heads) / token
    return Fit(
        instance=instance,
        tensor_parallel=tensor_parallel,
        weights_gib=weights,
        overhead_gib=overhead,
        cache_gib=cache,
        tokens=int(tokens),
        concurrency=tokens / serving.context,
        replicas=serving.replicas,
    )


def overhead_gib(instance: GpuInstance, tensor_parallel: int) -> float:
    """What vLLM needs of each GPU besides weights and cache."""
    own = _SMALL_OVERHEAD if instance.visible_gib < SMALL_CARD_GIB else _LARGE_OVERHEAD
    return own + (_SHARING_OVERHEAD if tensor_parallel > 1 else 0)
