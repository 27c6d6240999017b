"""The container that brings a model's files from the bucket to a pod's own volume."""

from __future__ import annotations

from pathlib import Path

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import ModelStore, NamespaceAccess
from infra.workloads.labels import labels
from infra.workloads.pods import Mounts, container_security, environment, name_of
from infra.workloads.weights import READER, Weights, store_environment

core = k8s.core.v1

CODE_DIR = "/opt/roost"
_REPOSITORY = Path(__file__).resolve().parents[2]
_CODE = ("app/__init__.py", "app/aws/*.py", "app/weights/*.py")

# What it writes passes through the page cache, which counts, and is given up again.
_COPY_RESOURCES: core.ResourceRequirementsArgsDict = {
    "requests": {"cpu": "1", "memory": "1Gi", "ephemeral-storage": "256Mi"},
    "limits": {"memory": "2Gi", "ephemeral-storage": "256Mi"},
}


def copy_code() -> dict[str, str]:
    """`app.weights` and what it imports, by path; it needs nothing but Python."""
    return {
        str(path.relative_to(_REPOSITORY)): path.read_text(encoding="utf-8")
        for folder in _CODE
        for path in sorted(_REPOSITORY.glob(folder))
    }


def copy_config(
    name: str, namespace: NamespaceAccess, opts: pulumi.ResourceOptions
) -> tuple[k8s.core.v1.ConfigMap, Mounts]:
    """That code as files of a pod: a release of the server rolls no model."""
    code = copy_code()
    files = {path.replace("/", "."): path for path in code}
    config = k8s.core.v1.ConfigMap(
        name,
        metadata={"namespace": namespace.name, "labels": labels(READER)},
        immutable=True,
        data={key: code[path] for key, path in files.items()},
        opts=opts,
    )
    items: list[core.KeyToPathArgsDict] = [{"key": key, "path": path} for key, path in files.items()]
    return config, Mounts(
        volumes=[{"name": "code", "config_map": {"name": name_of(config), "items": items}}],
        mounts=[{"name": "code", "mount_path": CODE_DIR, "read_only": True}],
    )


def copy_container(
    weights: Weights, image: pulumi.Input[str], store: ModelStore, mounts: Mounts
) -> core.ContainerArgsDict:
    """Brings the files to the pod's own volume before the server starts, with the server's image."""
    variables: dict[str, pulumi.Input[str]] = {
        **store_environment(weights, store),
        "ROOST_WEIGHTS_DIR": weights.location,
        "PYTHONPATH": CODE_DIR,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return {
        "name": "weights",
        "image": image,
        "image_pull_policy": "IfNotPresent",
        "command": ["python3", "-m", "app.weights", "copy"],
        "env": environment(variables),
        "volume_mounts": mounts.mounts,
        "security_context": container_security(),
        "resources": _COPY_RESOURCES,
        "termination_message_policy": "FallbackToLogsOnError",
    }
