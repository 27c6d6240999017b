"""The eleven gates between a wish for a model and a GPU bill.

G1  the attention heads divide among the GPUs, and the instance has that many
G2  the weights leave room for a cache
G3  the cache holds one request of full length, and the model was made for that length; else vLLM exits
G4  the cache holds as many requests as are wanted at once
G5  vLLM takes 70 to 95 % of the GPU: with more, it runs out of memory
G6  the node's memory holds the pod
G7  the GPU multiplies what the weights and the cache are stored as
G8  the account's quota covers the vCPUs
G9  the monthly limit covers the price
G10 the node's disk holds image and weights
G11 a parser reads the model's tool calls
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

from infra.sizing.gpu import Fit, Serving, fit
from infra.sizing.gpu_instances import GpuInstance
from infra.sizing.model_shapes import PLAIN_ATTENTION, ModelShape
from infra.sizing.vllm_pod import vllm_pod

TENSOR_PARALLEL = (1, 2, 4, 8)
LEAST_UTILIZATION, MOST_UTILIZATION = 0.70, 0.95
COMFORTABLE_CONCURRENCY = 4
IMAGE_GIB = 20
DISK_FACTOR = 1.2
READ_AHEAD_FACTOR = 1.3
"""Node memory by weights with which a second start reads nothing from the disk."""

_NODE_RESERVE_GIB = 1.0
_NODE_RESERVE_SHARE = 0.05
"""Of a node's memory: kernel, kubelet and the daemons of every node (EKS reserves 255 MiB + 11 MiB a pod)."""

_BFLOAT16 = (8, 0)
_FP8 = (8, 9)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is there besides the GPU; None means that nobody knows or nobody has set one."""

    disk_gib: int | None = None
    vcpu_quota: int | None = None
    dollars_per_month: float | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one gate has to say, as a clause without a full stop."""

    gate: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A model on an instance type: it fits when nothing is refused."""

    fit: Fit
    refusals: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def fits(self) -> bool:
        """Nothing stands against it."""
        return not self.refusals


def judge(
    serving: Serving, instance: GpuInstance, tensor_parallel: int, limits: Limits = NO_LIMITS
) -> Verdict:
    """All gates for one instance type and one number of GPUs."""
    result = fit(serving, instance, tensor_parallel)
    shares = list(_shares(serving.shape, result))
    # What a share of a head would need, nobody can say.
    refusals = shares or [*_memory(serving, result), *_node(serving, result, limits)]
    refusals += [*_numbers(serving, result), *_bounds(result, limits), *_parser(serving)]
    return Verdict(fit=result, refusals=tuple(refusals), warnings=tuple(_warnings(serving, result)))


def unknown_architecture(shape: ModelShape) -> str | None:
    """Why the formula does not hold for a model; None where it does."""
    if shape.architecture in PLAIN_ATTENTION:
        return None
    return (
        f"the memory of a token of {shape.architecture} is not known here, and guessing it is how GPU hours "
        f"are wasted: known are {', '.join(sorted(PLAIN_ATTENTION))}"
    )


def disk_gib(shape: ModelShape) -> int:
    """What a node's disk has to hold: image, weights, and room for both to be unpacked."""
    return ceil(DISK_FACTOR * shape.stored_gib + IMAGE_GIB)


def _shares(shape: ModelShape, result: Fit) -> Iterator[Finding]:
    gpus, tp = result.instance.gpus, result.tensor_parallel
    if tp not in TENSOR_PARALLEL or tp > gpus:
        yield Finding(gate="G1", text=f"{result.instance.name} has {_gpus(gpus)}, and {tp} are to share it")
    if shape.attention_heads % tp:
        yield Finding(
            gate="G1", text=f"{shape.attention_heads} attention heads do not divide among {tp} GPUs"
        )
    elif shape.kv_heads % tp and tp % shape.kv_heads:
        yield Finding(gate="G1", text=f"{shape.kv_heads} key-value heads do not divide among {tp} GPUs")


def _memory(serving: Serving, result: Fit) -> Iterator[Finding]:
    each = " on each GPU" if result.tensor_parallel > 1 else ""
    wanted, length = serving.concurrency, f"{serving.context:,}"
    if result.cache_gib <= 0:
        taken = serving.utilization * result.instance.visible_gib
        yield Finding(
            gate="G2",
            text=(
                f"its weights take {result.weights_gib:.1f} GiB{each} and vLLM itself {result.overhead_gib}, "
                f"and that leaves nothing of {taken:.1f} for a cache"
            ),
        )
        return
    if serving.context > serving.shape.max_context:
        longest = serving.shape.max_context
        yield Finding(gate="G3", text=f"it was made for requests of {longest:,} tokens, not of {length}")
    if result.tokens < serving.context:
        yield Finding(
            gate="G3",
            text=(
                f"its cache of {result.cache_gib:.1f} GiB{each} holds {result.tokens:,} tokens, less than "
                f"one request of {length}"
            ),
        )
    elif result.concurrency < wanted:
        yield Finding(
            gate="G4",
            text=(
                f"its cache holds {result.concurrency:.1f} requests of {length} tokens at once, and {wanted} "
                "are wanted"
            ),
        )


def _numbers(serving: Serving, result: Fit) -> Iterator[Finding]:
    capability, gpu = result.instance.compute_capability, result.instance.gpu
    if not LEAST_UTILIZATION <= serving.utilization <= MOST_UTILIZATION:
        yield Finding(
            gate="G5",
            text=f"vLLM takes {LEAST_UTILIZATION} to {MOST_UTILIZATION} of a GPU, not {serving.utilization}",
        )
    if capability < _BFLOAT16:
        yield Finding(gate="G7", text=f"{gpu} has no bfloat16 (compute capability {_dotted(capability)})")
    elif serving.cache == "fp8" and capability < _FP8:
        yield Finding(
            gate="G7",
            text=f"{gpu} cannot keep its cache in fp8: that needs 8.9, and it has {_dotted(capability)}",
        )


def _node(serving: Serving, result: Fit, limits: Limits) -> Iterator[Finding]:
    node, needed = result.instance, vllm_pod(result.tensor_parallel).memory_gib
    memory = node.memory_gib * (1 - _NODE_RESERVE_SHARE) - _NODE_RESERVE_GIB
    for_it = memory * result.tensor_parallel / node.gpus
    if needed > for_it:
        yield Finding(
            gate="G6",
            text=f"its pod needs {needed} GiB of memory, and {node.name} has {for_it:.0f} for it",
        )
    if limits.disk_gib is not None:
        disk = disk_gib(serving.shape)
        if limits.disk_gib < disk:
            yield Finding(
                gate="G10",
                text=f"image and weights need {disk} GiB of disk, and the nodes have {limits.disk_gib}",
            )


def _bounds(result: Fit, limits: Limits) -> Iterator[Finding]:
    vcpus, price = result.nodes * result.instance.vcpus, result.dollars_per_month
    if limits.vcpu_quota is not None and vcpus > limits.vcpu_quota:
        yield Finding(
            gate="G8",
            text=(
                f"{result.nodes} {result.instance.name} have {vcpus} vCPUs, and the account's quota "
                f"{result.instance.quota_code} is {limits.vcpu_quota}"
            ),
        )
    if limits.dollars_per_month is not None and price > limits.dollars_per_month:
        yield Finding(
            gate="G9",
            text=(
                f"{result.nodes} of it cost {price:,.0f} USD a month, and the limit is "
                f"{limits.dollars_per_month:,.0f}"
            ),
        )


def _parser(serving: Serving) -> Iterator[Finding]:
    if serving.tool_call_parser is None:
        yield Finding(
            gate="G11",
            text="nobody knows which parser reads its tool calls, without which an agent cannot use tools",
        )


def _warnings(serving: Serving, result: Fit) -> Iterator[Finding]:
    weights, node = serving.shape.stored_gib, result.instance
    if 1 <= result.concurrency < COMFORTABLE_CONCURRENCY:
        yield Finding(
            gate="G4", text=f"it holds only {result.concurrency:.1f} requests of full length at once"
        )
    if node.memory_gib < READ_AHEAD_FACTOR * weights:
        yield Finding(
            gate="G6",
            text=f"{node.name} has less memory than 1.3 times the weights, so every start reads the disk",
        )
    quantized = serving.shrink or serving.shape.quantization == "fp8"
    if quantized and _BFLOAT16 <= node.compute_capability < _FP8:
        yield Finding(gate="G7", text=f"{node.gpu} stores fp8 and computes in 16 bits: smaller, not faster")


def _gpus(count: int) -> str:
    return "one GPU" if count == 1 else f"{count} GPUs"


def _dotted(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"
