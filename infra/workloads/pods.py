"""The pod shape that every workload shares: restricted, read-only, and with its secrets as files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import MountedCredentials, NamespaceAccess
from infra.settings.base import ComputeResources
from infra.sizing.timing import Probe
from infra.workloads.labels import labels, selector

core = k8s.core.v1

SECRETS_DIR = "/run/secrets/roost"
"""Where secret files appear; part of the server image's contract."""


@dataclass(frozen=True, kw_only=True)
class Mounts:
    """Volumes of a pod and where its one container sees them."""

    volumes: Sequence[core.VolumeArgsDict] = field(default_factory=list[core.VolumeArgsDict])
    mounts: Sequence[core.VolumeMountArgsDict] = field(default_factory=list[core.VolumeMountArgsDict])

    def __add__(self, other: Mounts) -> Mounts:
        return Mounts(
            volumes=[*self.volumes, *other.volumes],
            mounts=[*self.mounts, *other.mounts],
        )


def pod_security(uid: int) -> core.PodSecurityContextArgsDict:
    """What the restricted pod security standard asks of a pod; volumes belong to the same group."""
    return {
        "run_as_non_root": True,
        "run_as_user": uid,
        "run_as_group": uid,
        "fs_group": uid,
        "fs_group_change_policy": "OnRootMismatch",
        "seccomp_profile": {"type": "RuntimeDefault"},
    }


def container_security() -> core.SecurityContextArgsDict:
    """What the restricted pod security standard asks of a container, and a root file system to read only."""
    return {
        "allow_privilege_escalation": False,
        "read_only_root_filesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def resources(settings: ComputeResources) -> core.ResourceRequirementsArgsDict:
    """Requests and limits; without a CPU limit a pod may use what is idle."""
    limits = {"memory": settings.memory_limit}
    if settings.cpu_limit:
        limits["cpu"] = settings.cpu_limit
    if settings.disk_limit:
        limits["ephemeral-storage"] = settings.disk_limit  # and so much is requested
    return {
        "requests": {"cpu": settings.cpu_request, "memory": settings.memory_request},
        "limits": limits,
    }


def http_probe(path: str, port: str, numbers: Probe, *, tls: bool = False) -> core.ProbeArgsDict:
    """An HTTP probe with computed numbers; with TLS the kubelet does not ask whose certificate it is."""
    get: core.HTTPGetActionArgsDict = {"path": path, "port": port}
    if tls:
        get["scheme"] = "HTTPS"
    return {"http_get": get, **_numbers(numbers)}


def exec_probe(command: list[str], numbers: Probe) -> core.ProbeArgsDict:
    """A probe that runs a program of the image, without a shell."""
    return {"exec_": {"command": command}, **_numbers(numbers)}


def tcp_probe(port: str, numbers: Probe) -> core.ProbeArgsDict:
    """A probe that only connects."""
    return {"tcp_socket": {"port": port}, **_numbers(numbers)}


def _numbers(numbers: Probe) -> core.ProbeArgsDict:
    return {
        "period_seconds": numbers.period_seconds,
        "timeout_seconds": numbers.timeout_seconds,
        "failure_threshold": numbers.failure_threshold,
    }


def service_account(
    name: str, namespace: NamespaceAccess, opts: pulumi.ResourceOptions
) -> pulumi.Output[str]:
    """An identity without a token: none of our pods talks to the Kubernetes API. Returns its name."""
    account = core.ServiceAccount(
        name,
        metadata={"name": name, "namespace": namespace.name, "labels": labels(name)},
        automount_service_account_token=False,
        opts=opts,
    )
    return name_of(account)


def scratch(path: str = "/tmp", size: str = "64Mi", *, memory: bool = False) -> Mounts:  # noqa: S108
    """An empty directory to write to, or shared memory; the kubelet evicts the pod that fills it."""
    name = path.strip("/").replace("/", "-")
    volume: core.EmptyDirVolumeSourceArgsDict = {"size_limit": size}
    if memory:
        volume["medium"] = "Memory"
    return Mounts(
        volumes=[{"name": name, "empty_dir": volume}],
        mounts=[{"name": name, "mount_path": path}],
    )


def secret_files(secret: core.Secret, path: str = SECRETS_DIR) -> Mounts:
    """The keys of a Secret as files that only the pod's own group reads."""
    return Mounts(
        volumes=[
            {"name": "secrets", "secret": {"secret_name": name_of(secret), "default_mode": 0o440}},
        ],
        mounts=[{"name": "secrets", "mount_path": path, "read_only": True}],
    )


def config_files(config: core.ConfigMap, path: str) -> Mounts:
    """The keys of a ConfigMap as files."""
    return Mounts(
        volumes=[{"name": "config", "config_map": {"name": name_of(config)}}],
        mounts=[{"name": "config", "mount_path": path, "read_only": True}],
    )


def spread_over(workload: str, *, zones: bool) -> list[core.TopologySpreadConstraintArgsDict]:
    """Pods of a workload apart from each other: over nodes, and over zones where nodes know theirs."""
    keys = ["kubernetes.io/hostname", *(["topology.kubernetes.io/zone"] if zones else [])]
    return [_spread(workload, key) for key in keys]


def _spread(workload: str, key: str) -> core.TopologySpreadConstraintArgsDict:
    # Prefer, not insist: a pod in the wrong zone serves better than one that is pending.
    return {
        "max_skew": 1,
        "topology_key": key,
        "when_unsatisfiable": "ScheduleAnyway",
        "label_selector": {"match_labels": selector(workload)},
        "match_label_keys": ["pod-template-hash"],
    }


def mounted_credentials(credentials: MountedCredentials, path: str) -> Mounts:
    """A password that the Secrets Store CSI driver fetches for the pod's own identity."""
    return Mounts(
        volumes=[
            {
                "name": "external-secrets",
                "csi": {
                    "driver": "secrets-store.csi.k8s.io",
                    "read_only": True,
                    "volume_attributes": {"secretProviderClass": credentials.secret_provider_class},
                },
            }
        ],
        mounts=[{"name": "external-secrets", "mount_path": path, "read_only": True}],
    )


def name_of(
    resource: core.Secret
    | core.ConfigMap
    | core.Service
    | core.Namespace
    | core.ServiceAccount
    | core.PersistentVolume
    | core.PersistentVolumeClaim,
) -> pulumi.Output[str]:
    """The object's name in the cluster, which autonaming chose unless the program did."""
    return cast("pulumi.Output[str]", resource.metadata.apply(lambda metadata: metadata.name))


def immutable_secret(
    name: str,
    data: dict[str, pulumi.Output[str]],
    namespace: pulumi.Input[str],
    labels: dict[str, str],
    opts: pulumi.ResourceOptions,
) -> core.Secret:
    """A Secret that is never changed, only replaced under a new name: whoever mounts it rolls by itself."""
    return core.Secret(
        name,
        metadata={"namespace": namespace, "labels": labels},
        immutable=True,
        string_data={key: pulumi.Output.secret(value) for key, value in data.items()},
        opts=opts,
    )


def environment(variables: dict[str, pulumi.Input[str]]) -> list[core.EnvVarArgsDict]:
    """Plain environment variables, in a stable order."""
    return [{"name": name, "value": variables[name]} for name in sorted(variables)]
