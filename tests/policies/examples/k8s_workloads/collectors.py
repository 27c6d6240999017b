"""Collectors: what they listen on, where they send, and what their pipelines do."""

import copy
from collections.abc import Callable
from typing import Any

import yaml

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.k8s_workloads.vllm_reach import AGENTS, at
from tests.support.policies import UNKNOWN, Change, R, both, drop, put, without

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
OPERATED = "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector"
LABELS = {"app.kubernetes.io/name": "gateway"}
POD = "${env:MY_POD_IP}"
CONFIG: dict[str, Any] = {
    "receivers": {
        "otlp": {
            "protocols": {
                "grpc": {
                    "endpoint": f"{POD}:4317",
                    "tls": {"cert_file": "/tls/tls.crt", "key_file": "/tls/tls.key"},
                    "auth": {"authenticator": "bearertokenauth"},
                },
                "http": {"endpoint": "localhost:4318"},
            }
        },
        "kubeletstats": {"endpoint": "https://${env:NODE_NAME}:10250"},
    },
    "processors": {
        "memory_limiter": {"check_interval": "1s", "limit_percentage": 80},
        "batch": {},
        "attributes/secrets": {
            "actions": [
                {"key": "http.request.header.authorization", "action": "delete"},
                {"pattern": "^(api_key|.*token.*)$", "action": "delete"},
                {"pattern": "^gen_ai\\.(prompt|completion)", "action": "delete"},
            ]
        },
    },
    "exporters": {
        "clickhouse": {"endpoint": "https://clickhouse.roost.svc:8443"},
        "debug": {"verbosity": "basic"},
    },
    "extensions": {"health_check": {"endpoint": f"{POD}:13133"}, "bearertokenauth": {"filename": "/t"}},
    "service": {
        "extensions": ["health_check", "bearertokenauth"],
        "pipelines": {
            "traces": {
                "receivers": ["otlp"],
                "processors": ["memory_limiter", "attributes/secrets", "batch"],
                "exporters": ["clickhouse"],
            },
            "metrics": {
                "receivers": ["otlp", "kubeletstats"],
                "processors": ["memory_limiter", "batch"],
                "exporters": ["clickhouse"],
            },
        },
    },
}


def written(change: Callable[[Any], Any] | None = None) -> str:
    """The configuration as YAML, after a change made in place."""
    config = copy.deepcopy(CONFIG)
    if change:
        change(config)
    return yaml.safe_dump(config, sort_keys=False)


def edit(path: str, value: Any, name: str = "config") -> Change:
    """Set a member of the configuration; `/` stands between the steps, `|` for a slash; None takes it out."""

    def change(config: Any) -> None:
        *parents, last = (step.replace("|", "/") for step in path.split("/"))
        for step in parents:
            config = config.setdefault(step, {})
        if value is None:
            del config[last]
        else:
            config[last] = value

    return put(name, "data", {"relay": written(change)})


MAP = R(CONFIG_MAP, {"metadata": at("gateway"), "data": {"relay": written(), "n": "3"}}, name="config")
VOLUMES = [{"name": "config", "configMap": {"name": "gateway"}}]
GATEWAY = R(
    DEPLOYMENT,
    {
        "metadata": at("gateway"),
        "spec": {
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {
                    "containers": [
                        {"name": "gateway", "image": "otel/opentelemetry-collector-contrib:0.161.0"}
                    ],
                    "volumes": VOLUMES,
                },
            }
        },
    },
    name="gateway",
)
SENDERS = R(
    POLICY,
    {
        "metadata": at("senders"),
        "spec": {
            "podSelector": {"matchLabels": LABELS},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [AGENTS], "ports": [{"port": 4317}]}],
        },
    },
    name="senders",
)
OTHER = R(CONFIG_MAP, {"metadata": at("app"), "data": {"app.yaml": "receivers: none", "x": "1"}}, name="app")
AGENT = R(
    DAEMON_SET,
    {
        "spec": {
            "template": {
                "spec": {
                    "containers": [{"name": "agent", "image": "registry.example.com/roost/otelcol:0.161.0"}],
                    "volumes": [{"name": "logs", "hostPath": {"path": "/var/log/pods"}}],
                }
            }
        }
    },
    name="agent",
)
THEIRS = R(
    OPERATED, {"metadata": at("theirs"), "spec": {"mode": "daemonset", "config": CONFIG}}, name="theirs"
)
PLAIN = edit("receivers/otlp/protocols/grpc", {"endpoint": f"{POD}:4317"})
_GRPC = "receivers/otlp/protocols/grpc"
_TRACES = "service/pipelines/traces"
_SECRETS = "processors/attributes|secrets/actions"
_ACTIONS = CONFIG["processors"]["attributes/secrets"]["actions"]


def redacted(processor: dict[str, Any], kind: str = "redaction") -> Change:
    """The traces' secrets are removed by that processor instead."""

    def change(config: Any) -> None:
        config["processors"][kind] = processor
        config["service"]["pipelines"]["traces"]["processors"] = ["memory_limiter", kind, "batch"]

    return put("config", "data", {"relay": written(change)})


def transformed(*statements: str) -> Change:
    return redacted({"trace_statements": [{"context": "span", "statements": list(statements)}]}, "transform")


EXAMPLES = (
    Example(
        "otel-receivers",
        good=(MAP, GATEWAY, SENDERS, OTHER),
        bad={
            "it listens on every address": edit(f"{_GRPC}/endpoint", "0.0.0.0:4317"),
            "it listens on every address of IPv6": edit(f"{_GRPC}/endpoint", "[::]:4317"),
            "it listens on a port alone": edit(f"{_GRPC}/endpoint", ":4317"),
            "another protocol does": edit("receivers/otlp/protocols/http/endpoint", "0.0.0.0:4318"),
            "another receiver does": edit("receivers/zipkin|in", {"endpoint": "0.0.0.0:9411"}),
            "a receiver of syslog does": edit(
                "receivers/syslog", {"tcp": {"listen_address": "0.0.0.0:54526"}}
            ),
            "everybody reaches it without TLS": both(PLAIN, without("senders")),
            "everybody reaches it without authentication": both(
                edit(f"{_GRPC}/auth", None), drop("senders", "spec.ingress[0].from")
            ),
            "other namespaces reach it without TLS": both(
                edit(f"{_GRPC}/tls", None),
                put("senders", "spec.ingress[0].from", [{**AGENTS, "namespaceSelector": {}}]),
            ),
            "nobody mounts it, and it has no TLS": both(PLAIN, drop("gateway", "spec.template.spec.volumes")),
            "the profiler is on": edit("service/extensions", ["health_check", "pprof"]),
            "its insides can be seen": edit("service/extensions", ["zpages/all"]),
            "it sends without TLS": edit("exporters/clickhouse/tls", {"insecure": True}),
            "it sends to whoever answers": edit("exporters/clickhouse/tls", {"insecure_skip_verify": True}),
            "it sends over HTTP": edit("exporters/clickhouse/endpoint", "http://clickhouse.roost.svc:8123"),
            "it sends over the plain native protocol": edit(
                "exporters/clickhouse/endpoint", "tcp://clickhouse.roost.svc:9000"
            ),
            "it spreads without TLS": edit(
                "exporters/loadbalancing", {"protocol": {"otlp": {"tls": {"insecure": True}}}}
            ),
        },
        fine={
            "nobody but chosen neighbours reaches it": PLAIN,
            "it listens where collectors do by default": edit(_GRPC, {}),
            "it sends to its own pod": edit(
                "exporters/otlp", {"endpoint": "localhost:4317", "tls": {"insecure": True}}
            ),
            "it sends over the secure native protocol": edit(
                "exporters/clickhouse/endpoint", "tcp://clickhouse.roost.svc:9440?secure=true"
            ),
            "it asks kubelets": edit("receivers/kubeletstats/endpoint", "https://0.0.0.0:10250"),
        },
        open={
            "its address is in a variable": edit(f"{_GRPC}/endpoint", "${env:LISTEN}:4317"),
            "its target is in a variable": edit("exporters/clickhouse/endpoint", "${env:CLICKHOUSE}"),
            "nobody knows which pods a policy is about": both(
                PLAIN, put("senders", "spec.podSelector", UNKNOWN)
            ),
            "the configuration is not known": both(
                put("config", "metadata.labels", {"app.kubernetes.io/name": "opentelemetry-collector"}),
                put("config", "data", {"relay": UNKNOWN}),
            ),
            "it is not YAML": put("config", "data", {"relay": f"{written()}\n  - ]"}),
        },
        companions_hide=True,
    ),
    Example(
        "otel-receivers",
        good=(THEIRS,),
        bad={
            "it listens on every address": put(
                "theirs", "spec.config.receivers.otlp.protocols.grpc.endpoint", "0.0.0.0:4317"
            ),
            "a text of old": put(
                "theirs", "spec.config", written(lambda c: c["service"].update(extensions=["pprof"]))
            ),
        },
    ),
    Example(
        "otel-pipeline",
        good=(MAP, GATEWAY, AGENT, OTHER),
        bad={
            "no limit on memory": edit(f"{_TRACES}/processors", ["attributes/secrets", "batch"]),
            "the limit comes second": edit(
                f"{_TRACES}/processors", ["batch", "memory_limiter", "attributes/secrets"]
            ),
            "nothing batches": edit("service/pipelines/metrics/processors", ["memory_limiter"]),
            "a pipeline without processors": Bad(edit("service/pipelines/metrics/processors", None), 2),
            "it prints what it gets": edit(f"{_TRACES}/exporters", ["clickhouse", "debug"]),
            "it prints what it gets, as of old": edit(f"{_TRACES}/exporters", ["clickhouse", "logging"]),
            "nothing removes secrets": Bad(edit(f"{_TRACES}/processors", ["memory_limiter", "batch"]), 3),
            "nothing removes prompts": edit(_SECRETS, _ACTIONS[:2]),
            "nothing removes keys": edit(_SECRETS, [_ACTIONS[0], _ACTIONS[2]]),
            "headers are only renamed": edit(_SECRETS, [{**_ACTIONS[0], "action": "insert"}, *_ACTIONS[1:]]),
            "logs keep secrets": Bad(
                edit(
                    "service/pipelines/logs",
                    {"processors": ["memory_limiter", "batch"], "exporters": ["clickhouse"]},
                ),
                3,
            ),
            "the redaction lets every key pass": Bad(redacted({"allow_all_keys": True}), 3),
            "the redaction allows prompts": redacted({"allowed_keys": ["gen_ai.prompt"]}),
            "the transformation forgets keys": transformed(
                'delete_key(attributes, "http.request.header.authorization")',
                'delete_matching_keys(span.attributes, "gen_ai.*")',
            ),
            "the gateway mounts logs of the node": put(
                "gateway",
                "spec.template.spec.volumes[1]",
                {"name": "logs", "hostPath": {"path": "/var/log"}},
            ),
            "the agent mounts the whole node": put(
                "agent", "spec.template.spec.volumes[0].hostPath.path", "/"
            ),
            "the agent mounts a way out of the logs": put(
                "agent", "spec.template.spec.volumes[0].hostPath.path", "/var/log/../lib/kubelet"
            ),
            "the agent is started by a command": both(
                put(
                    "agent",
                    "spec.template.spec.containers[0]",
                    {"name": "a", "image": "registry.example.com/a:1", "command": ["/otelcol-roost"]},
                ),
                put("agent", "spec.template.spec.volumes[0].hostPath.path", "/etc"),
            ),
        },
        fine={
            "exporters batch in their queues": both(
                put(
                    "config",
                    "data",
                    {
                        "relay": written(
                            lambda c: (
                                c["exporters"]["clickhouse"].update(sending_queue={"batch": {"min_size": 1}}),
                                c["service"]["pipelines"]["metrics"].update(processors=["memory_limiter"]),
                            )
                        )
                    },
                )
            ),
            "the redaction allows a few keys": redacted({"allowed_keys": ["http.route"]}),
            "the redaction blocks patterns": redacted(
                {
                    "allow_all_keys": True,
                    "blocked_key_patterns": ["(?i).*(key|token|authorization).*", "^gen_ai\\."],
                }
            ),
            "a transformation removes them": transformed(
                'delete_matching_keys(attributes, "(?i)(key|authorization)$")',
                'delete_key(attributes, "gen_ai.prompt")',
            ),
            "another DaemonSet mounts what it likes": both(
                put("agent", "spec.template.spec.containers[0].image", "registry.example.com/csi:1"),
                put("agent", "spec.template.spec.volumes[0].hostPath.path", "/var/lib/kubelet"),
            ),
        },
        open={
            "a pattern is no regular expression": edit(
                _SECRETS, [*_ACTIONS[:2], {"pattern": "((", "action": "delete"}]
            ),
            "a path is not known": put("agent", "spec.template.spec.volumes[0].hostPath.path", UNKNOWN),
            "a list is a text of something else": edit(f"{_TRACES}/processors", [{"a": "b"}]),
        },
        vocabulary="gen_ai.prompt api_key http.request.header.authorization memory_limiter",
    ),
    Example(
        "otel-pipeline",
        good=(THEIRS,),
        bad={
            "it prints what it gets": put(
                "theirs", "spec.config.service.pipelines.traces.exporters", ["debug"]
            ),
            "it mounts the whole node": put(
                "theirs", "spec.volumes", [{"name": "host", "hostPath": {"path": "/"}}]
            ),
        },
        fine={
            "it mounts logs": put(
                "theirs", "spec.volumes", [{"name": "logs", "hostPath": {"path": "/var/log"}}]
            )
        },
    ),
)
