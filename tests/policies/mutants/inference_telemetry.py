"""What is noticed about model servers and collectors.

The stacks have model servers, which are changed, and no collector: that is made from the server's objects,
which keep every other rule.
"""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.policies.examples.k8s_workloads import collectors
from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, add, both, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SERVICE = "kubernetes:core/v1:Service"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
_COPIED = frozenset({DEPLOYMENT, SERVICE, BUDGET})
_NAME = "app.kubernetes.io/name"
_POD = "spec.template.spec"
_CONTAINER = f"{_POD}.containers[0]"
SERVER = {"podSelector": {"matchLabels": {_NAME: "server"}}}


def _labels(name: str) -> dict[str, str]:
    return {"app.kubernetes.io/part-of": "roost", _NAME: name, "app.kubernetes.io/managed-by": "pulumi"}


def _renamed(value: Any, name: str) -> Any:
    """The server's objects as those of another program of this name."""
    if isinstance(value, dict):
        return {
            key: name if key in (_NAME, "name") and item == "server" else _renamed(item, name)
            for key, item in value.items()
        }
    return [_renamed(item, name) for item in value] if isinstance(value, list) else value


def _object(type_: str, name: str, **members: Any) -> R:
    group, _, kind = type_.removeprefix("kubernetes:").partition(":")
    props = {
        "apiVersion": group.removeprefix("core/"),
        "kind": kind,
        "metadata": {"name": name, "namespace": "roost", "labels": _labels(name)},
        **members,
    }
    return R(type_, props, name=name)


def program(name: str, port: int) -> Change:
    """Another Deployment with Service and disruption budget, and only the server may connect to it."""

    def change(stack: Sequence[R]) -> list[R]:
        copies = [
            replace(one, props=_renamed(copy.deepcopy(dict(one.props)), name), name=name, recorded_urn="")
            for one in stack
            if one.type in _COPIED and one.name == "server"
        ]
        clients = _object(
            POLICY,
            name,
            spec={
                "podSelector": {"matchLabels": {_NAME: name, "app.kubernetes.io/part-of": "roost"}},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": [SERVER], "ports": [{"protocol": "TCP", "port": port}]}],
                "egress": [],
            },
        )
        return [*stack, *copies, clients]

    return both(
        change,
        put(f"{DEPLOYMENT}::{name}", f"{_CONTAINER}.ports[0].containerPort", port),
        put(f"{DEPLOYMENT}::{name}", "spec.replicas", 2),
        put(f"{SERVICE}::{name}", "spec.ports[0].port", port),
    )


MODEL = f"{DEPLOYMENT}::inference"
_CLIENTS = f"{POLICY}::clients-to-inference"
_WORDS = ["/models/llama", "--disable-fastapi-docs", "--port=8000"]
_OFFLINE = {"name": "HF_HUB_OFFLINE", "value": "1"}
_WITH_KEY = 'export VLLM_API_KEY="$(cat /run/secrets/roost/api-key)"; exec vllm serve'


def model(start: str = _WITH_KEY, words: Sequence[str] = _WORDS, env: Sequence[Any] = (_OFFLINE,)) -> Change:
    """The stack's model server, started like that."""
    return both(
        put(MODEL, f"{_CONTAINER}.command", ["sh", "-c", " ".join([start, *words])]),
        put(MODEL, f"{_CONTAINER}.env", list(env)),
    )


def files(name: str, data: dict[str, str]) -> Change:
    return add(_object(CONFIG_MAP, name, data=data))


GATEWAY = f"{DEPLOYMENT}::gateway"
_MOUNT = {"name": "config", "configMap": {"name": "gateway"}}


def collector(*changes: Change, relay: str = "") -> Change:
    return both(
        program("gateway", 4317),
        put(GATEWAY, f"{_CONTAINER}.command", ["/otelcol", "--config=/etc/otelcol/relay"]),
        put(GATEWAY, f"{_POD}.volumes[2]", _MOUNT),
        files("gateway", {"relay": relay or collectors.written()}),
        *changes,
    )


def relay(path: str, value: Any) -> str:
    """The collector's configuration after a change."""
    changed = collectors.edit(path, value)([collectors.MAP])[0]
    return changed.props["data"]["relay"]


_WORLD = {"ipBlock": {"cidr": "0.0.0.0/0"}}
_TRACES = "service/pipelines/traces"

_UNSIGNED = "k8s-image-signed"
"""Of every Deployment that is new: the stack has an exemption for each of its own."""
_MODELS = (
    mutant("a model server", model()),
    *each(
        "a model server without a proper key or with debugging endpoints",
        [
            ("no key", model(start="exec vllm serve")),
            ("documentation", model(words=["/models/llama", "--port=8000"])),
            ("development mode", model(env=[_OFFLINE, {"name": "VLLM_SERVER_DEV_MODE", "value": "1"}])),
        ],
        "vllm-auth",
    ),
    mutant(
        "a model server whose key stands in the arguments",
        model(start="exec vllm serve", words=[*_WORDS, "--api-key", "sk-" + "0123456789abcdefghijklmnop"]),
        "vllm-auth",
        "k8s-no-creds-in-config",
        "sec-no-literals",
    ),
    *each(
        "a model server that runs what others wrote",
        [
            ("the model's code", model(words=[*_WORDS, "--trust-remote-code"])),
            ("files of the container for clients", model(words=[*_WORDS, "--allowed-local-media-path=/"])),
            ("a branch of a model", model(words=["org/model", *_WORDS[1:], "--revision=main"])),
            ("what it fetches", model(env=[])),
        ],
        "vllm-no-remote-code",
    ),
    *each(
        "a model server that others reach",
        [
            ("on another port", put(f"{SERVICE}::inference", "spec.ports[0].targetPort", 29500)),
            ("whatever the pod", put(_CLIENTS, "spec.ingress[0].from", [{"podSelector": {}}])),
        ],
        "vllm-internal-only",
    ),
    mutant(
        "a model server that reaches the world",
        put(f"{POLICY}::inference-to-bucket", "spec.egress", [{"to": [_WORLD], "ports": [{"port": 443}]}]),
        "vllm-internal-only",
        "np-imds-blocked",
        "np-no-world",
    ),
    mutant(
        "a load balancer leads to a model server",
        put(f"{SERVICE}::inference", "spec.type", "LoadBalancer"),
        "vllm-internal-only",
        "svc-no-public-lb",
    ),
)
_COLLECTORS = (
    mutant("a collector", collector()),
    *each(
        "a collector that anybody reaches, or that sends in the clear",
        [
            (
                "it listens everywhere",
                collector(relay=relay("receivers/otlp/protocols/grpc/endpoint", "0.0.0.0:4317")),
            ),
            ("its insides can be seen", collector(relay=relay("service/extensions", ["pprof"]))),
            ("no TLS", collector(relay=relay("exporters/clickhouse/tls", {"insecure": True}))),
        ],
        "otel-receivers",
    ),
    *each(
        "a collector that stores what it must not, or falls over",
        [
            ("secrets", collector(relay=relay(f"{_TRACES}/processors", ["memory_limiter", "batch"]))),
            ("no limit", collector(relay=relay("service/pipelines/metrics/processors", ["batch"]))),
            ("printed", collector(relay=relay(f"{_TRACES}/exporters", ["clickhouse", "debug"]))),
        ],
        "otel-pipeline",
    ),
)
MUTANTS = (*_MODELS, *(replace(one, fires=one.fires | {_UNSIGNED}) for one in _COLLECTORS))
