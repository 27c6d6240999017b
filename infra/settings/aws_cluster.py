"""Settings of the EKS cluster."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from ipaddress import IPv4Network
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from infra.settings import aws_versions
from infra.settings.aws_versions import (
    ADDONS,
    EXTENDED_SUPPORT_DOLLARS_PER_MONTH,
    KUBERNETES_STANDARD_SUPPORT,
    AddonVersions,
)
from infra.settings.base import Section
from infra.sizing.instance_types import ami_type, has_nvidia_gpu

_ADDON_FIELDS = {to_camel(field.name): field.name for field in fields(AddonVersions)}
_BUILD = re.compile(r"v\d+\.\d+\.\d+-eksbuild\.\d+")


class NodeGroupSettings(Section):
    """One managed node group."""

    instance_types: tuple[str, ...] = Field(min_length=1, description="Tried in this order.")
    min_nodes: int = Field(default=1, ge=0, le=100, description="Never fewer.")
    max_nodes: int = Field(default=3, ge=1, le=100, description="Never more.")
    disk_gib: int = Field(default=50, ge=20, le=2000, description="Encrypted gp3 root disk.")
    disk_mib_per_second: int = Field(default=125, ge=125, le=1000, description="Throughput of the root disk.")
    capacity: Literal["on-demand", "spot"] = Field(default="on-demand", description="Spot nodes can vanish.")
    zones: tuple[str, ...] = Field(
        default=(), description="Letters of the network's zones that nodes may be in; empty means all."
    )

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.min_nodes > self.max_nodes:
            raise ValueError(f"minNodes ({self.min_nodes}) is above maxNodes ({self.max_nodes})")
        return self

    @model_validator(mode="after")
    def _one_image_boots_them(self) -> Self:
        ami_type(self.instance_types, gpu=False)
        return self


class ApiAccessSettings(Section):
    """How `pulumi up` and people reach the Kubernetes API. It is always reachable inside the VPC."""

    public_cidrs: tuple[str, ...] = Field(
        default=(), description="Addresses that may reach it from outside, the runner's among them."
    )
    runner_in_vpc: bool = Field(
        default=False, description="Whoever runs Pulumi does so inside the VPC or a network connected to it."
    )

    @field_validator("public_cidrs")
    @classmethod
    def _not_the_world(cls, cidrs: tuple[str, ...]) -> tuple[str, ...]:
        for cidr in cidrs:
            if IPv4Network(cidr).prefixlen < 8:
                raise ValueError(
                    f"publicCidrs must not open the Kubernetes API to {cidr}: name the runner's own range"
                )
        return cidrs

    @model_validator(mode="after")
    def _someone_reaches_it(self) -> Self:
        if not self.public_cidrs and not self.runner_in_vpc:
            raise ValueError(
                "nothing could reach the Kubernetes API: list the runner's range in cluster.api.publicCidrs, "
                "or run Pulumi inside the VPC and set cluster.api.runnerInVpc to true"
            )
        return self


class ClusterSettings(Section):
    """EKS: version, access, nodes."""

    kubernetes_version: str = Field(
        default="1.36", validate_default=True, description="Minor version; must be in standard support."
    )
    api: ApiAccessSettings = Field(description="Who can reach the Kubernetes API.")
    admins: dict[str, str] = Field(
        min_length=1,
        description="Name to role ARN of administrators; the role that runs Pulumi must be among them.",
    )
    addon_versions: dict[str, str] = Field(
        default_factory=dict[str, str],
        description="Builds to use instead of the program's own, as `coredns: v1.14.3-eksbuild.24`.",
    )
    service_cidr: str = Field(
        default="172.20.0.0/16", description="Range of Service addresses, outside the VPC's."
    )
    log_retention_days: Literal[30, 60, 90, 180, 365, 731] = Field(
        default=30, description="Control-plane logs."
    )
    system_nodes: NodeGroupSettings = Field(description="Add-ons and controllers.")
    app_nodes: NodeGroupSettings = Field(description="The agent server and what belongs to it.")
    gpu_nodes: NodeGroupSettings | None = Field(
        default=None,
        description="Tainted, so that only pods that ask for a GPU run there; minNodes may be 0.",
    )
    observability: bool = Field(
        default=False,
        description="Container Insights: metrics and logs of all pods in CloudWatch, billed by volume.",
    )

    @field_validator("system_nodes", "app_nodes")
    @classmethod
    def _ordinary_pods_find_a_node(cls, nodes: NodeGroupSettings) -> NodeGroupSettings:
        if nodes.min_nodes < 1:
            raise ValueError(
                "minNodes is 0, and nothing here adds a node for a pod that waits: only gpuNodes may be empty"
            )
        return nodes

    @field_validator("gpu_nodes")
    @classmethod
    def _gpu_nodes_have_gpus(cls, nodes: NodeGroupSettings | None) -> NodeGroupSettings | None:
        without = [t for t in nodes.instance_types if not has_nvidia_gpu(t)] if nodes else []
        if without:
            raise ValueError(
                f"{', '.join(without)} has no NVIDIA GPU, and the group boots NVIDIA's image: take a type of "
                "the g or p families, as g6.xlarge"
            )
        return nodes

    @field_validator("admins")
    @classmethod
    def _admins_are_roles(cls, admins: dict[str, str]) -> dict[str, str]:
        for name, arn in admins.items():
            if ":role/" not in arn:
                raise ValueError(f"admins.{name} must be the ARN of an IAM role, not {arn!r}")
        return admins

    @field_validator("addon_versions")
    @classmethod
    def _addons_are_known(cls, versions: dict[str, str]) -> dict[str, str]:
        for name, version in versions.items():
            if name not in _ADDON_FIELDS:
                known = ", ".join(_ADDON_FIELDS)
                raise ValueError(f"addonVersions.{name} is not an add-on of this stack: {known}")
            if not _BUILD.fullmatch(version):
                raise ValueError(
                    f"addonVersions.{name} must be a build that `aws eks describe-addon-versions` lists, "
                    f"such as v1.14.3-eksbuild.23, not {version!r}"
                )
        return versions

    @field_validator("kubernetes_version")
    @classmethod
    def _in_standard_support(cls, version: str) -> str:
        known = ", ".join(sorted(KUBERNETES_STANDARD_SUPPORT))
        if version not in KUBERNETES_STANDARD_SUPPORT:
            raise ValueError(f"kubernetesVersion {version!r} is not one this stack has add-ons for: {known}")
        ends = KUBERNETES_STANDARD_SUPPORT[version]
        if aws_versions.today() > ends:
            supported = [v for v, until in KUBERNETES_STANDARD_SUPPORT.items() if until > ends]
            raise ValueError(
                f"Kubernetes {version} left EKS's standard support on {ends}: it would cost "
                f"{EXTENDED_SUPPORT_DOLLARS_PER_MONTH} USD a month more; "
                + (f"use {' or '.join(supported)}" if supported else "and this program knows no later one")
            )
        return version

    @property
    def addons(self) -> AddonVersions:
        """Builds of the add-ons for this Kubernetes version: the table's, but for what is overridden."""
        own = {_ADDON_FIELDS[name]: version for name, version in self.addon_versions.items()}
        return replace(ADDONS[self.kubernetes_version], **own)
