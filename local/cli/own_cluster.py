"""`make up CONTEXT=…`: a cluster that somebody else runs (kind, k3d, Docker Desktop)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from local import paths
from local.cli import facts, kubectl, platform, tools
from local.cli.phases import Phase, Run
from local.images.external import load_images
from local.progress import PhaseError

FORWARD_SECONDS = 30.0
EDGE_SERVICE = "service/edge"
NAMESPACE = "roost"


def prepare(run: Run, context: str) -> platform.Target:
    """Check the cluster, build pulumi where there is none, give the cluster the images."""
    with run.phase("Check") as phase:
        target = platform.Target(_own_kubeconfig(context), context, embedded=False)
        storage_class = _check(phase, target)
    with run.phase("Tools") as phase:
        tools.build_pulumi(phase)
    with run.phase("Images") as phase:
        images = load_images(context, phase)
        phase.result(f"loaded into {context}")
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


def _own_kubeconfig(context: str) -> Path:
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
    path = paths.state() / "own.kubeconfig"
    path.touch(mode=0o600)
    path.chmod(0o600)
    path.write_text(answer.stdout)
    return path


def pid_file() -> Path:
    """Holds the number of the process that forwards."""
    return paths.state() / "edge-forward.pid"
