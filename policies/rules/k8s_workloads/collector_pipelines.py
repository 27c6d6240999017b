"""Pipelines that survive a flood, and keep prompts and credentials out of what they store."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import kind as kind_of
from policies.lib.kubernetes import pod
from policies.lib.logic import any_holds
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import Undetermined, Value
from policies.rules.k8s_workloads.collector_files import (
    CONFIGURATIONS,
    OPERATED,
    Pipeline,
    configurations,
    kind,
    pipelines,
)
from policies.rules.k8s_workloads.software import COLLECTOR, running

_PRINTING = frozenset({"debug", "logging"})
_WITH_TEXTS = frozenset({"traces", "logs"})
_UNQUEUED = frozenset({"debug", "logging", "file", "nop"})
_HIDING = frozenset({"delete", "hash"})
_STATEMENT = re.compile(
    r"\b(?P<what>delete_key|delete_matching_keys)\s*\([^,]*,\s*\"(?P<key>(?:[^\"\\]|\\.)*)\"\s*\)"
)
_LONGEST_PATTERN = 500


class PipelineSettings(Settings):
    """What must not be stored, and which directories of a node a collector may read."""

    removed: tuple[str, ...] = Field(
        default=("gen_ai.prompt", "http.request.header.authorization", "api_key"),
        description="Names of attributes, each standing for its kind, that some processor has to remove.",
    )
    host_paths: tuple[str, ...] = Field(
        default=("/var/log", "/var/lib/docker/containers", "/var/lib/otelcol"),
        description="Directories of nodes for a collector that is a DaemonSet.",
    )


@resource_rule(
    "otel-pipeline",
    CONFIGURATIONS | WORKLOADS,
    title="A collector bounds its memory, sends in batches, and drops what must not be stored",
    why="Without a limit a burst of telemetry kills the collector; with prompts, keys and headers in it, the "
    "store of telemetry is worth more to a thief than the database.",
    fix="Begin each pipeline with memory_limiter, batch, remove prompts, authorization headers and keys, "
    "send to no debug exporter, and mount only log directories, into a DaemonSet.",
    severity=Severity.HIGH,
    refs="DOC OpenTelemetry Collector security",
    url="https://opentelemetry.io/docs/security/config-best-practices/",
    dev="advisory",
    prod="mandatory",
    settings=PipelineSettings,
    departs="Exporters that batch in their sending queue need no batch processor, which would acknowledge "
    "data before the queue has them. Pipelines of metrics hold no texts, so nothing need be removed there.",
)
def pipeline(resource: Resource, check: Check) -> None:
    if resource.type in WORKLOADS:
        _reads_logs_only(resource, check)
        return
    found, open_ = configurations(resource)
    for config in found:
        for one in pipelines(config):
            with check.part():
                _judge(one, check)
    if resource.type in OPERATED:
        is_agent = resource["spec.mode"].text(default="deployment") == "daemonset"
        _mounts(resource["spec.volumes"], check, is_agent=is_agent)
    if open_:
        raise open_


def _judge(one: Pipeline, check: Check) -> None:
    with check.part():
        if [kind(name) for name in one.names("processors")[:1]] != ["memory_limiter"]:
            check.violation("memory_limiter does not come first", one.at["processors"])
    with check.part():
        if not _batches(one):
            check.violation("nothing batches", one.at["processors"])
    with check.part():
        if any(kind(name) in _PRINTING for name in one.names("exporters")):
            check.violation("it prints what it gets", one.at["exporters"])
    if one.signal in _WITH_TEXTS:
        for key in check.settings(PipelineSettings).removed:
            with check.part():
                if not _is_removed(one, key):
                    check.violation(f"nothing removes {key}", one.at["processors"])


def _batches(one: Pipeline) -> bool:
    if any(kind(name) == "batch" for name in one.names("processors")):
        return True
    connectors = one.config["connectors"].entries()
    queued = [
        name for name in one.names("exporters") if kind(name) not in _UNQUEUED and name not in connectors
    ]
    return all(one.component("exporters", name)["sending_queue"]["batch"].present for name in queued)


def _is_removed(one: Pipeline, key: str) -> bool:
    return any_holds(*(lambda name=name: _removes(one, name, key) for name in one.names("processors")))


def _removes(one: Pipeline, name: str, key: str) -> bool:
    processor = one.component("processors", name)
    if kind(name) == "attributes":
        return any(_acts_on(action, key) for action in processor["actions"].items())
    if kind(name) == "redaction":
        if not processor["allow_all_keys"].truth(default=False):
            return key not in processor["allowed_keys"].texts()
        return any(_matches(pattern, key) for pattern in processor["blocked_key_patterns"].items())
    if kind(name) == "transform":
        return any(_deletes(statement, key) for statement in _statements(processor, one.signal))
    return False


def _acts_on(action: Value, key: str) -> bool:
    if action["action"].text().lower() not in _HIDING:
        return False
    pattern = action["pattern"]
    return action["key"].text() == key or (pattern.present and _matches(pattern, key))


def _statements(processor: Value, signal: str) -> Iterator[Value]:
    for group in processor[f"{signal.removesuffix('s')}_statements"].items():
        yield from group["statements"].items() if group.is_mapping else [group]


def _deletes(statement: Value, key: str) -> bool:
    for found in _STATEMENT.finditer(statement.text()):
        if found["what"] == "delete_key" and found["key"] == key:
            return True
        if found["what"] != "delete_key" and _matches(Value(found["key"], statement.path), key):
            return True
    return False


def _matches(pattern: Value, key: str) -> bool:
    text = pattern.text()
    if len(text) > _LONGEST_PATTERN:
        raise Undetermined(pattern.path, "is too long")
    try:
        return bool(re.search(text, key))
    except (re.error, RecursionError, OverflowError):
        raise Undetermined(pattern.path, "is no regular expression") from None


def _reads_logs_only(workload: Resource, check: Check) -> None:
    spec = pod(workload)
    containers, open_ = running(spec, COLLECTOR)
    if containers:
        _mounts(spec.spec["volumes"], check, is_agent=kind_of(workload) == "DaemonSet")
    if open_:
        raise open_


def _mounts(volumes: Value, check: Check, *, is_agent: bool) -> None:
    allowed = check.settings(PipelineSettings).host_paths if is_agent else ()
    for volume in volumes.items():
        with check.part():
            path = volume["hostPath"]["path"]
            if volume["hostPath"].present and not _is_below(path.text(), allowed):
                check.violation("it mounts a directory of the node", path)


def _is_below(path: str, directories: tuple[str, ...]) -> bool:
    normal = posixpath.normpath(path)
    return any(normal == one or normal.startswith(f"{one.rstrip('/')}/") for one in directories)
