"""`make up CONTEXT=…`: a cluster that somebody else runs (kind, k3d, Docker Desktop)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from local import paths
from local.cli import facts, kubectl, platform, tools, whereabouts
from local.cli.phases import Phase, Run
from local.images.external import load_images
from local.progress import PhaseError

FORWARD_SECONDS = 30.0
EDGE_SERVICE = "service/edge"
NAMESPACE = "roost"


def prepare(run: Run, context: str) -> platform.Target:
    """Check the cluster, build pulumi where there is none, give the cluster the images."""
    with run.phase("Check") as phase:
        target, storage_class, place = admit(phase, context)
    with run.phase("Tools") as phase:
        tools.build_pulumi(phase)
    with run.phase("Images") as phase:
        images = load_images(context, phase)
        phase.result(f"loaded into {context}")
    whereabouts.record(place)
    platform.write(
        platform.PlatformFacts(
            kubeconfig=target.kubeconfig,
            context=context,
            embedded=False,
            images=images,
            storage_class=storage_class,
        )
    )
    return target


def admit(phase: Phase, context: str) -> tuple[platform.Target, str | None, whereabouts.Place]:
    """Check the cluster, and only then let the context's kubeconfig lead to it.

    Returns the target, its default storage class, and which cluster it is.

    Raises:
        PhaseError: the cluster does not answer, lacks something, or is not the one that the stack is in.
    """
    whereabouts.refuse_elsewhere(whereabouts.Place(context))
    target = platform.Target(_kubeconfig(context), context, embedded=False)
    scratch = target.kubeconfig.with_suffix(".new")
    try:
        _write_kubeconfig(context, scratch)
        asked = replace(target, kubeconfig=scratch)
        place = whereabouts.of(asked)
        whereabouts.refuse_elsewhere(place)
        storage_class = _check(phase, asked)
        scratch.replace(target.kubeconfig)
    finally:
        scratch.unlink(missing_ok=True)
    return target, storage_class, place


def publish(run: Run, target: platform.Target) -> None:
    """Forward the edge's ports to this host until `make down`."""
    with run.phase("Edge") as phase:
        if forwarder() is not None:
            phase.unchanged(f"already published on 127.0.0.1:{platform.HTTPS_PORT}")
            return
        _forward(phase, target)
        phase.result(f"published on 127.0.0.1:{platform.HTTPS_PORT} by kubectl port-forward")


def forwarder() -> int | None:
    """The process that forwards the edge, if it lives."""
    try:
        pid = int(pid_file().read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if b"port_forward" in command else None


def withdraw() -> bool:
    """Stop forwarding; False when nothing was forwarded."""
    pid = forwarder()
    if pid is not None:
        os.killpg(pid, signal.SIGTERM)
    pid_file().unlink(missing_ok=True)
    return pid is not None


def _check(phase: Phase, target: platform.Target) -> str | None:
    """The cluster's default storage class, after it answered."""
    phase.note(f"asking {target.context}")
    version = kubectl.run(target, "version", "--output=json", seconds=15)
    if forwarder() is None:
        busy = [port for port in facts.EDGE_PORTS if facts.is_busy(port)]
        if busy:
            raise PhaseError(
                f"Port {busy[0]} on 127.0.0.1 is taken; the edge is published there.", "Free it."
            )
    classes = kubectl.get(target, "storageclass")["items"]
    mark = "storageclass.kubernetes.io/is-default-class"
    default = next((c for c in classes if c["metadata"].get("annotations", {}).get(mark) == "true"), None)
    if default is None:
        raise PhaseError(
            f"The cluster of {target.context!r} has no default storage class; Postgres needs a volume.",
            "Mark one: kubectl annotate storageclass <name> storageclass.kubernetes.io/is-default-class=true",
        )
    phase.result(f"{target.context}: Kubernetes {_server_version(version)}")
    return default["metadata"]["name"]


def _server_version(text: str) -> str:
    return json.loads(text)["serverVersion"]["gitVersion"].removeprefix("v")


def _forward(phase: Phase, target: platform.Target) -> None:
    log = paths.state() / "logs" / "edge-forward.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    phase.log(log)
    phase.note("publishing the edge")
    command = kubectl.argv(target, "-n", NAMESPACE, "port-forward", "--address=127.0.0.1", EDGE_SERVICE)
    command += [f"{platform.HTTPS_PORT}:443", f"{platform.HTTP_PORT}:80"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "local.cli.port_forward", *command],
            cwd=paths.REPO,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    pid_file().write_text(str(process.pid))
    deadline = time.monotonic() + FORWARD_SECONDS
    while not facts.is_busy(platform.HTTPS_PORT):
        if process.poll() is not None or time.monotonic() > deadline:
            withdraw()
            raise PhaseError(
                "kubectl could not forward the edge's ports.", "Check the context, then `make up` again."
            )
        time.sleep(0.2)


def _kubeconfig(context: str) -> Path:
    """Where the kubeconfig of that context alone is: each has its own, as the state of a stack names it."""
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", context)[:40]
    digest = hashlib.sha256(context.encode()).hexdigest()[:8]
    return paths.state() / "contexts" / f"{readable}-{digest}.kubeconfig"


def _write_kubeconfig(context: str, path: Path) -> None:
    """A kubeconfig of this context alone: whoever uses it later cannot hit another cluster by mistake."""
    if shutil.which("kubectl") is None:
        raise PhaseError("kubectl is missing.", "Install kubectl, so that `make up` can reach your cluster.")
    question = ["kubectl", "config", "view", "--minify", "--flatten", f"--context={context}"]
    answer = subprocess.run(question, capture_output=True, text=True, timeout=15, check=False)
    if answer.returncode != 0:
        raise PhaseError(
            f"kubectl does not know the context {context!r}: {answer.stderr.strip()}",
            "`kubectl config get-contexts` lists those that it knows; KUBECONFIG names other files.",
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(answer.stdout)


def pid_file() -> Path:
    """Holds the number of the process that forwards."""
    return paths.state() / "edge-forward.pid"
