"""Rules on the GPUs: the model fits them (the gates of infra/sizing/gpu_gates.py), and there are enough."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings import aws_versions
from infra.settings.aws import AwsSettings
from infra.settings.aws_cluster import NodeGroupSettings
from infra.settings.inference import InferenceSettings
from infra.settings.inference_plan import serving_of, shape_of
from infra.settings.settings import Settings
from infra.sizing.gpu import Serving
from infra.sizing.gpu_choice import cheapest
from infra.sizing.gpu_gates import Limits, Verdict, disk_gib, judge, unknown_architecture
from infra.sizing.gpu_instances import CAPTURED_AT, GPU_INSTANCES, NOT_ON_DEMAND, SETTINGS_AGE, age

_TOLD_ELSEWHERE = {"G10", "G11"}
"""Gates with rules of their own, which are told once and not for every instance type."""


def model_fits_the_gpus(settings: Settings) -> Iterator[str]:
    """Gates G1 to G9 for every instance type of gpuNodes; says which one would be the cheapest."""
    inference, aws = settings.inference, settings.aws
    if inference is None or aws is None:
        return
    if aws.cluster.gpu_nodes is None:
        yield (
            "`roost:model.kind` is `vllm`, and there are no GPU nodes to run it: set "
            "`roost:aws.cluster.gpuNodes`" + _suggestion(settings, inference)
        )
        return
    for name in aws.cluster.gpu_nodes.instance_types:
        if name not in GPU_INSTANCES:
            why = NOT_ON_DEMAND.get(name, "it is not in the table of infra/sizing/gpu_instances.py")
            yield (
                f"`roost:aws.cluster.gpuNodes.instanceTypes`: whether {inference.model} fits {name} is not "
                f"known, as {why}" + _suggestion(settings, inference)
            )
    for verdict in _verdicts(settings, inference, aws):
        reasons = [
            f"{finding.text} ({finding.gate})"
            for finding in verdict.refusals
            if finding.gate not in _TOLD_ELSEWHERE
        ]
        if reasons:
            yield (
                f"{inference.model} cannot be served on {verdict.fit.instance.name} with tensorParallel "
                f"{inference.tensor_parallel}: {'; '.join(reasons)}" + _suggestion(settings, inference)
            )


def gpus_alone_exceed_the_limit(settings: Settings) -> bool:
    """Whether gate G9 refuses them; then nobody has to add up the rest."""
    inference, aws = settings.inference, settings.aws
    if inference is None or aws is None:
        return False
    verdicts = _verdicts(settings, inference, aws)
    return any(finding.gate == "G9" for verdict in verdicts for finding in verdict.refusals)


def _verdicts(settings: Settings, inference: InferenceSettings, aws: AwsSettings) -> list[Verdict]:
    """One for each type of gpuNodes that the table has; none where the model's figures are not known."""
    shape, nodes = shape_of(inference), aws.cluster.gpu_nodes
    if shape is None or nodes is None or unknown_architecture(shape) is not None:
        return []
    serving, limits = serving_of(settings, shape), _limits(aws, inference)
    known = [GPU_INSTANCES[name] for name in nodes.instance_types if name in GPU_INSTANCES]
    return [judge(serving, instance, inference.tensor_parallel, limits) for instance in known]


def _limits(aws: AwsSettings, inference: InferenceSettings) -> Limits:
    """The monthly limit, for GPUs that always run; what a schedule costs, the stack's estimate says."""
    budget = aws.budget
    if budget is None or inference.schedule is not None:
        return Limits()
    return Limits(dollars_per_month=budget.refused_above)


def _suggestion(settings: Settings, inference: InferenceSettings) -> str:
    """How the sentence ends: what would serve it, for how much."""
    shape = shape_of(inference)
    if shape is None or unknown_architecture(shape) is not None:
        return "."
    serving = serving_of(settings, shape)
    found = cheapest(serving)
    if found is None:
        return f". No instance type of the table serves {_wish(serving)}: lower contextWindow or concurrency."
    fit = found.fit
    count = f" for {fit.nodes} of them" if fit.nodes > 1 else ""
    return (
        f". The cheapest that serves {_wish(serving)} is {fit.instance.name} with tensorParallel "
        f"{fit.tensor_parallel}, {fit.dollars_per_month:,.0f} USD a month{count}."
    )


def _wish(serving: Serving) -> str:
    return f"{serving.concurrency} x {serving.context:,} tokens"


def weights_fit_the_disk(settings: Settings) -> Iterator[str]:
    """Gate G10: the GPU nodes' disks hold vLLM's image and the weights."""
    inference, aws = settings.inference, settings.aws
    shape = shape_of(inference) if inference is not None else None
    nodes = aws.cluster.gpu_nodes if aws is not None else None
    if shape is None or nodes is None:
        return
    needed = disk_gib(shape)
    if nodes.disk_gib < needed:
        yield (
            f"`roost:aws.cluster.gpuNodes.diskGib` is {nodes.disk_gib}, and vLLM's image and "
            f"{shape.stored_gib:.0f} GiB of weights need {needed} (G10): set it to {needed}."
        )


def gpu_nodes_carry_the_pods(settings: Settings) -> Iterator[str]:
    """As many GPUs as the pods ask for: at most when all run, at least when only the fewest do."""
    inference, aws = settings.inference, settings.aws
    nodes = aws.cluster.gpu_nodes if aws is not None else None
    if inference is None or nodes is None:
        return
    smallest = gpus_of_a_node(nodes)
    if smallest < inference.tensor_parallel:
        return  # the gates have said so
    most = nodes_for(inference, inference.replicas.max, smallest)
    if nodes.max_nodes < most:
        yield (
            f"`roost:aws.cluster.gpuNodes.maxNodes` is {nodes.max_nodes}, and {inference.replicas.max} "
            f"replicas with {inference.tensor_parallel} GPUs each{_beside(inference)} need {most} nodes with "
            f"{smallest}: raise it, or lower `roost:inference.replicas.max`."
        )
    if inference.schedule is not None:
        if nodes.min_nodes > 0:
            yield (
                f"`roost:aws.cluster.gpuNodes.minNodes` is {nodes.min_nodes}, so GPU nodes would stay when "
                "`roost:inference.schedule` sends the pods away: set it to 0."
            )
        return
    least = nodes_for(inference, inference.replicas.min, smallest)
    if nodes.min_nodes < least:
        yield (
            f"`roost:aws.cluster.gpuNodes.minNodes` is {nodes.min_nodes}, nothing adds a node for a pod that "
            f"waits, and {inference.replicas.min} replicas{_beside(inference)} need {least}: set it to "
            f"{least}, or give a `roost:inference.schedule`."
        )


def gpus_of_a_node(nodes: NodeGroupSettings) -> int:
    """GPUs of the smallest type; 0 where none is known."""
    return min((GPU_INSTANCES[t].gpus for t in nodes.instance_types if t in GPU_INSTANCES), default=0)


def nodes_for(inference: InferenceSettings, replicas: int, gpus: int) -> int:
    """Whole nodes, with replicas packed first and embedding pods in the GPUs that are left."""
    per_node = gpus // inference.tensor_parallel
    nodes = -(-replicas // per_node)
    if inference.embedding.device == "cpu":
        return nodes
    left = nodes * gpus - replicas * inference.tensor_parallel
    return nodes + -(-max(0, inference.embedding.replicas - left) // gpus)


def _beside(inference: InferenceSettings) -> str:
    embedding = inference.embedding
    return f" and {embedding.replicas} embedding pods" if embedding.device == "gpu" else ""


def gpu_prices_are_recent(settings: Settings) -> Iterator[str]:
    """What a GPU costs and which types exist is not judged by a table that is a year old."""
    if settings.inference is None or age(aws_versions.today()) <= SETTINGS_AGE:
        return
    yield (
        f"GPU prices and types were last compared with AWS's on {CAPTURED_AT}, more than "
        f"{SETTINGS_AGE.days} days ago: take a newer release of this program, or bring "
        "infra/sizing/gpu_instances.py up to date."
    )
