"""Settings of the stack's own inference that cannot work."""

from __future__ import annotations

from typing import Any

from infra.settings.aws_network import NEEDED_WITHOUT_NAT
from infra.settings.profiles import merged
from tests.unit.refusals import Refusal
from tests.unit.stacks import nested

REVISION = "0123456789abcdef0123456789abcdef01234567"
VLLM: dict[str, Any] = {
    "model": {
        "kind": "vllm",
        "baseUrl": None,
        "provider": None,
        "apiKey": None,
        "name": "qwen3-14b",
        "contextWindow": 32_768,
        "embedding": {
            "baseUrl": None,
            "provider": None,
            "apiKey": None,
            "name": "bge-m3",
            "dimensions": 1024,
        },
    },
    "inference": {
        "model": "Qwen/Qwen3-14B",
        "revision": REVISION,
        "shape": None,
        "quantization": "checkpoint",
        "kvCache": "bf16",
        "tensorParallel": 2,
        "concurrency": 1,
        "replicas": {"min": 2, "max": 3},
        "scaling": {"kedaNamespace": "keda"},
        "schedule": None,
        "embedding": {
            "model": "BAAI/bge-m3",
            "revision": REVISION,
            "device": "cpu",
            "replicas": 1,
            "dimensions": None,
        },
    },
    "aws": {
        "budget": None,
        "cluster": {
            "gpuNodes": {
                "instanceTypes": ["g6.12xlarge"],
                "minNodes": 1,
                "maxNodes": 2,
                "diskGib": 200,
                "diskMibPerSecond": 125,
                "zones": [],
            }
        },
    },
}
"""Two replicas of a 14B model on one instance with four GPUs; laid over prod's file."""

SHAPE: dict[str, Any] = {
    "architecture": "Qwen3ForCausalLM",
    "parameters": 8_000_000_000,
    "vocabSize": 151_936,
    "hiddenSize": 4096,
    "layers": 32,
    "attentionHeads": 32,
    "kvHeads": 8,
    "headDim": 128,
    "maxContext": 65_536,
}


def vllm(path: str = "inference.concurrency", value: Any = 1) -> dict[str, Any]:
    """The settings above with one key changed."""
    return merged(VLLM, nested(path, value))


def _refused(path: str, value: Any, *says: str) -> Refusal:
    return Refusal("prod", vllm(path, value), says)


def _none(*says: str, network: dict[str, Any]) -> Refusal:
    own = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/vllm:v0.33.0"
    inference = {"image": own, "weights": {"source": "bucket"}, "embedding": {"image": own}}
    return Refusal("prod", merged(merged(VLLM, {"inference": inference}), network), says)


_NO_NAT = {
    "aws": {
        "network": {"nat": "none", "interfaceEndpoints": [*sorted(NEEDED_WITHOUT_NAT), "monitoring", "rds"]},
        "edge": {"controllerImage": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/alb:v3.4.2"},
    }
}
_GPU = "aws.cluster.gpuNodes"

INFERENCE = {
    "inference without the kind": _refused(
        "model",
        {"kind": "external", "baseUrl": "https://m/v1", "embedding": {"baseUrl": "https://m/v1"}},
        "`roost:inference` would be ignored",
        "`external`",
    ),
    "vllm without a model": Refusal(
        "prod", {**VLLM, "inference": None}, ("`roost:inference` must say which model",)
    ),
    "vllm under the stand-in's name": _refused("model.name", "scripted-stand-in", "still the stand-in's"),
    "vllm embeds, and a URL is given": _refused(
        "model.embedding.baseUrl", "https://m/v1", "embedding.baseUrl` would be ignored"
    ),
    "vllm embeds under the stand-in's name": _refused(
        "model.embedding.name", "all-minilm-l6-v2", "embedding.name` is still the stand-in's"
    ),
    "a model without figures": Refusal(
        "prod",
        merged(VLLM, {"inference": {"model": "acme/Qwen3-made-up"}}),
        ("'acme/Qwen3-made-up'", "whose memory is known", "roost:inference.shape"),
    ),
    "an architecture without a formula": _refused(
        "inference.shape",
        {**SHAPE, "architecture": "DeepseekV3ForCausalLM"},
        "DeepseekV3ForCausalLM is not known here",
        "LlamaForCausalLM",
    ),
    "weights that are small already": Refusal(
        "prod",
        merged(VLLM, {"inference": {"model": "Qwen/Qwen3-14B-FP8", "quantization": "fp8"}}),
        ("stored in fp8 already", "`checkpoint`"),
    ),
    "a model whose tool calls nobody reads": Refusal(
        "prod",
        merged(VLLM, {"inference": {"model": "acme/made-up", "shape": SHAPE}}),
        ("which parser reads the tool calls of acme/made-up", "toolCallParser", "hermes"),
    ),
    "a parser that vLLM does not have": _refused(
        "inference.toolCallParser", "qwen", "toolCallParser` 'qwen' is not one of vLLM's"
    ),
    "a reasoning parser that vLLM does not have": _refused(
        "inference.reasoningParser", "hermes", "reasoningParser` 'hermes' is not one of vLLM's"
    ),
    "vectors of another length": _refused(
        "model.embedding.dimensions", 768, "is 768", "have 1024", "Set it to 1024"
    ),
    "vectors of a length that is known better": _refused(
        "inference.embedding.dimensions", 512, "is 512", "have 1024: remove it"
    ),
    "vectors whose length nobody knows": _refused(
        "inference.embedding.model", "acme/embed", "how long the vectors of acme/embed are", "hidden_size"
    ),
    "a rollout that fails while a pod starts": _refused(
        "inference.progressDeadlineSeconds", 600, "is 600", "a start may take 940"
    ),
    "a grace shorter than the drain": _refused(
        "inference.terminationGraceSeconds", 60, "is 60", "take 135", "Remove it"
    ),
    "weights that take an hour": Refusal(
        "prod",
        merged(
            VLLM,
            {
                "inference": {"model": "Qwen/Qwen3-235B-A22B", "tensorParallel": 8},
                "aws": {
                    "cluster": {
                        "gpuNodes": {
                            "instanceTypes": ["p5en.48xlarge"],
                            "maxNodes": 3,
                            "minNodes": 2,
                            "diskGib": 600,
                        }
                    }
                },
            },
        )
        | {},
        ("438 GiB of weights at 125 MiB a second take 3828 s", "may take 3600", "diskMibPerSecond"),
    ),
    "a volume in one zone, and nodes in three": Refusal(
        "prod",
        merged(VLLM, {"inference": {"replicas": {"min": 1, "max": 1}, "scaling": None}}),
        ("gpuNodes.zones` is []", "name exactly one"),
    ),
    "nobody who adds pods": _refused("inference.scaling", None, "goes from 2 to 3", "set both to the same"),
    "scaling without a choice": _refused(
        "inference.replicas", {"min": 2, "max": 2}, "scaling` would be ignored", "are both 2"
    ),
    "a disk that cannot hold the embedding model": _refused(
        "inference.embedding.resources",
        {"cpuRequest": "1", "memoryRequest": "2Gi", "memoryLimit": "2Gi", "diskLimit": "1Gi"},
        "diskLimit` is 1Gi",
        "or more",
    ),
    "GPU nodes in a zone that the network lacks": _refused(_GPU + ".zones", ["f"], "zones` names f"),
    "no bucket for the weights": _refused("aws.storage.weights", False, "aws.storage.weights` is false"),
    "the hub from a closed network": _none(
        "without a NAT gateway nothing reaches it",
        network=merged(_NO_NAT, {"inference": {"weights": {"source": "hub"}}}),
    ),
    "vLLM's image from a closed network": _none(
        "cannot pull docker.io/vllm/vllm-openai:v0.33.0",
        "`roost:inference.image`",
        network=merged(_NO_NAT, {"inference": {"image": "docker.io/vllm/vllm-openai:v0.33.0"}}),
    ),
    "NVIDIA's plugin from a closed network": _none(
        "cannot pull nvcr.io/nvidia/k8s-device-plugin",
        "`roost:aws.gpu.pluginImage`",
        network=merged(
            _NO_NAT, {"aws": {"gpu": {"pluginImage": "nvcr.io/nvidia/k8s-device-plugin:v0.17.4"}}}
        ),
    ),
    "no GPU nodes": _refused(
        _GPU, None, "there are no GPU nodes", "set `roost:aws.cluster.gpuNodes`. The cheapest that serves"
    ),
    "a GPU too small (G2)": Refusal(
        "prod",
        merged(
            vllm("inference.tensorParallel", 1),
            nested(_GPU, {"instanceTypes": ["g6.xlarge"], "maxNodes": 3, "minNodes": 2}),
        ),
        ("weights take 27.5 GiB", "(G2)", "The cheapest that serves 1 x 32,768 tokens is g6e.xlarge"),
    ),
    "a cache below one request (G3)": Refusal(
        "prod",
        merged(
            VLLM,
            {
                "model": {"contextWindow": 131_072},
                "inference": {"model": "meta-llama/Llama-3.1-8B-Instruct", "tensorParallel": 1},
            },
        ),
        ("holds 27,385 tokens, less than one request of 131,072 (G3)", "is g6e"),
    ),
    "requests longer than the model (G3)": Refusal(
        "prod",
        merged(vllm("model.contextWindow", 65_536), nested(_GPU + ".instanceTypes", ["g6e.12xlarge"])),
        ("made for requests of 40,960 tokens, not of 65,536 (G3)", "No instance type of the table"),
    ),
    "fewer requests than are wanted (G4)": _refused(
        "inference.concurrency", 4, "holds 1.6 requests", "4 are wanted (G4)", "is g7e.4xlarge"
    ),
    "a share of a head (G1)": Refusal(
        "prod",
        merged(
            VLLM,
            {
                "model": {"contextWindow": 8192},
                "inference": {
                    "model": "Qwen/Qwen2.5-7B-Instruct",
                    "tensorParallel": 8,
                    "replicas": {"min": 2, "max": 2},
                    "scaling": None,
                },
                "aws": {"cluster": {"gpuNodes": {"instanceTypes": ["g6.48xlarge"], "minNodes": 2}}},
            },
        ),
        (
            "28 attention heads do not divide among 8 GPUs (G1)",
            "is g6.xlarge with tensorParallel 1, 1,175 USD",
        ),
    ),
    "more GPUs than there are (G1)": _refused(
        _GPU + ".instanceTypes", ["g6e.xlarge"], "g6e.xlarge has one GPU, and 2 are to share it (G1)"
    ),
    "a cache in fp8 without the hardware (G7)": Refusal(
        "prod",
        merged(vllm("inference.kvCache", "fp8"), nested(_GPU + ".instanceTypes", ["g5.12xlarge"])),
        ("A10G cannot keep its cache in fp8", "(G7)"),
    ),
    "more than the monthly limit (G9)": _refused(
        "aws.budget", {"monthlyLimit": 6000}, "2 of it cost 6,718 USD a month", "limit is 6,000 (G9)"
    ),
    "a disk too small (G10)": _refused(
        _GPU + ".diskGib", 40, "diskGib` is 40", "28 GiB of weights need 54 (G10)"
    ),
    "a GPU that nobody measured": _refused(
        _GPU + ".instanceTypes", ["g4dn.12xlarge"], "whether Qwen/Qwen3-14B fits g4dn.12xlarge is not known"
    ),
    "a GPU that nobody gets on demand": _refused(
        _GPU + ".instanceTypes", ["p5e.48xlarge"], "capacity blocks only"
    ),
    "fewer GPUs than replicas": _refused(
        _GPU + ".maxNodes", 1, "maxNodes` is 1", "3 replicas with 2 GPUs each need 2 nodes with 4"
    ),
    "fewer nodes than pods": _refused(_GPU + ".minNodes", 0, "nothing adds a node", "set it to 1"),
    "nodes that stay at night": Refusal(
        "prod", vllm("inference.schedule", {"start": "08:00"}), ("would stay", "set it to 0")
    ),
}
