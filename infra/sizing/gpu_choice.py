"""Which instance types would serve a model, the cheapest first."""

from __future__ import annotations

from infra.sizing.gpu import Serving
from infra.sizing.gpu_gates import NO_LIMITS, TENSOR_PARALLEL, Limits, Verdict, judge
from infra.sizing.gpu_instances import GPU_INSTANCES, GpuInstance


def best(serving: Serving, instance: GpuInstance, limits: Limits = NO_LIMITS) -> Verdict:
    """The fewest GPUs of an instance type that serve the model; where none do, the verdict on all of them."""
    verdicts = [
        judge(serving, instance, share, limits) for share in TENSOR_PARALLEL if share <= instance.gpus
    ]
    return next((verdict for verdict in verdicts if verdict.fits), verdicts[-1])


def choices(serving: Serving, limits: Limits = NO_LIMITS) -> list[Verdict]:
    """One verdict for each type of the table, by the price of all replicas."""
    verdicts = [best(serving, instance, limits) for instance in GPU_INSTANCES.values()]
    return sorted(verdicts, key=lambda verdict: verdict.fit.dollars_per_month)


def cheapest(serving: Serving, limits: Limits = NO_LIMITS) -> Verdict | None:
    """The cheapest that fits; None where nothing of the table does."""
    return next((verdict for verdict in choices(serving, limits) if verdict.fits), None)
