"""Settings of what makes GPUs usable in the cluster."""

from __future__ import annotations

from pydantic import Field

from infra.settings.base import Section


class GpuSupportSettings(Section):
    """NVIDIA's own images, by tag: name them by digest, in a registry of yours, once they are tested."""

    plugin_image: str = Field(
        default="nvcr.io/nvidia/k8s-device-plugin:v0.17.4",
        description="NVIDIA's device plugin, which tells Kubernetes of a node's GPUs.",
    )
    exporter_image: str = Field(
        default="nvcr.io/nvidia/k8s/dcgm-exporter:4.5.3-4.8.2-distroless",
        description="NVIDIA's exporter of GPU metrics; cluster.observability brings its own instead.",
    )
