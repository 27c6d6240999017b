"""`make logs SERVICE=…`: the log of a workload's pods or of a part of the machine."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from local import paths
from local.cli import kubectl, platform
from local.cli.workloads import NAMESPACES
from local.machine.layout import layout
from local.progress import PhaseError

LINES = 200
ALIASES = {
    "apiserver": "kube-apiserver",
    "controller-manager": "kube-controller-manager",
    "scheduler": "kube-scheduler",
    "proxy": "kube-proxy",
    "router": "kube-router",
    "pulumi": "pulumi-up",
}


def logs(service: str, *, follow: bool) -> int:
    """Become the command that shows the log. Raises PhaseError with all names when `service` is unknown."""
    sources = files()
    name = ALIASES.get(service, service)
    target = platform.target()
    if name in sources:
        _become(["tail", f"--lines={LINES}", *(["--follow=name"] if follow else []), str(sources[name])])
    workloads = _workloads(target) if target is not None else {}
    if target is None or name not in workloads:
        raise PhaseError(
            f"There is no log named {service!r}." if service else "Which log?",
            f"make logs SERVICE=<one of {', '.join(sorted([*workloads, *sources, *ALIASES]))}>",
        )
    namespace, pods = workloads[name]
    if follow:
        _become(
            kubectl.argv(
                target, "-n", namespace, "logs", pods[-1], "--all-containers", f"--tail={LINES}", "-f"
            )
        )
    for pod in pods:
        heading = f"── {pod} " if len(pods) > 1 else ""
        sys.stdout.write(f"{heading}\n" if heading else "")
        sys.stdout.write(
            kubectl.run(target, "-n", namespace, "logs", pod, "--all-containers", f"--tail={LINES}")
        )
    return 0


def files() -> dict[str, Path]:
    """Logs that are plain files: the machine's components and our own steps."""
    found = [*(paths.state() / "logs").glob("*.log"), *layout().logs.glob("*.log")]
    return {path.stem: path for path in found}


def _workloads(target: platform.Target) -> dict[str, tuple[str, list[str]]]:
    """Pods (oldest first) by what people call them: the owner's name without generated suffixes."""
    found: dict[str, tuple[str, list[str]]] = {}
    items = kubectl.get(target, "pods", "--all-namespaces", "--sort-by=.metadata.creationTimestamp")["items"]
    for item in items:
        metadata = item["metadata"]
        if metadata["namespace"] not in NAMESPACES:
            continue
        owner = next(iter(metadata.get("ownerReferences", [])), {"kind": "", "name": metadata["name"]})
        name = short_name(owner["kind"], owner["name"])
        found.setdefault(name, (metadata["namespace"], []))[1].append(metadata["name"])
    return found


def short_name(kind: str, owner: str) -> str:
    """`server` for ReplicaSet server-5d4f…, `migrate` for Job migrate-<revision>, `postgres` as it is."""
    if kind == "Job":
        return owner.partition("-")[0]
    return owner.rpartition("-")[0] if kind == "ReplicaSet" else owner


def _become(argv: list[str]) -> None:
    sys.stdout.flush()
    os.execvp(argv[0], argv)  # noqa: S606 - Ctrl-C and pipes then work as with the command itself
