"""Configurations of OpenTelemetry collectors, in ConfigMaps and in the operator's resource."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policies.lib.resources import Resource
from policies.lib.types import types
from policies.lib.values import Undetermined, Value
from policies.lib.yaml_text import yaml_document
from policies.rules.k8s_workloads.software import COLLECTOR

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
OPERATED = tuple(
    f"kubernetes:opentelemetry.io/{version}:OpenTelemetryCollector" for version in ("v1beta1", "v1alpha1")
)
CONFIGURATIONS = types(CONFIG_MAP, OPERATED)
_SECTIONS = ("receivers", "exporters", "pipelines")


def configurations(resource: Resource) -> tuple[list[Value], Undetermined | None]:
    """The collector's configurations in one resource, and why there may be more."""
    candidates = [resource["spec.config"]] if resource.type in OPERATED else _texts(resource)
    found: list[Value] = []
    open_: Undetermined | None = None
    for one in candidates:
        try:
            document = yaml_document(one)
            if document["service"]["pipelines"].entries():
                found.append(document)
        except Undetermined as reason:
            open_ = open_ or reason
    return found, open_


def _texts(resource: Resource) -> list[Value]:
    """Texts that look like a collector's; in one that is labelled so, those that nobody knows yet, too."""
    data = resource["data"]
    label = resource["metadata.labels"]["app.kubernetes.io/name"]
    ours = label.known and bool(COLLECTOR.label.fullmatch(label.text()))
    if not data.is_mapping:
        return [data] if ours and data.present else []
    return [one for one in data.entries().values() if (_reads_so(one) if one.known else ours)]


def _reads_so(value: Value) -> bool:
    if value.is_mapping or value.is_list or not value.present:
        return False
    text = value.text()
    return all(f"{section}:" in text for section in _SECTIONS)


def kind(name: str) -> str:
    """`otlp` of `otlp/internal`."""
    return name.partition("/")[0]


@dataclass(frozen=True)
class Pipeline:
    """One pipeline and the components that it names."""

    signal: str
    at: Value
    config: Value

    def names(self, section: str) -> list[str]:
        """The names of its receivers, processors or exporters, in order."""
        return self.at[section].texts()

    def component(self, section: str, name: str) -> Value:
        """What a component is configured with; absent if with nothing."""
        return self.config[section][name]


def pipelines(config: Value) -> Iterator[Pipeline]:
    """The pipelines of a configuration."""
    for name, value in config["service"]["pipelines"].entries().items():
        yield Pipeline(kind(name), value, config)
