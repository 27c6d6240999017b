"""What the rest of `local/` asks of the machine: start it, stop it, say how it is, give it images."""

from __future__ import annotations

import contextlib
import fcntl
import json
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from local.machine import addons, config, nodeprep, pki, process
from local.machine.images import SystemImages
from local.machine.keeper import unplug
from local.machine.layout import CONTEXT_NAME, NODE_NAME, Addresses, Layout, addresses, layout
from local.progress import PhaseError, Progress

PACKAGES = (
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "etcd-server",
    "iproute2",
    "ipset",
    "iptables",
    "kmod",
    "nftables",
    "runc",
    "util-linux",
)
"""Debian packages that the machine's processes come from or call."""

START_SECONDS = 180.0
IMPORT_SECONDS = 300.0


@dataclass(frozen=True)
class MachineFacts:
    """What `platform.json` needs to know about a running machine."""

    kubeconfig: Path
    context: str
    node: str
    host_address: str
    volumes_dir: Path


@dataclass(frozen=True)
class ComponentStatus:
    """One supervised process: `since` is Unix time, `state` is ready, starting or restarting."""

    name: str
    state: str
    restarts: int
    since: float | None
    memory_bytes: int


def start(
    progress: Progress,
    *,
    binaries: Sequence[Path],
    images: SystemImages,
    edge_ports: tuple[int, int] = (8443, 8080),
) -> MachineFacts:
    """Bring the node up, or find it up, and return how to reach it.

    Args:
        binaries: directories that hold the Kubernetes, CoreDNS and kube-router binaries.
        images: the machine's own images.
        edge_ports: where HTTPS and HTTP of the edge are published on 127.0.0.1.

    Raises:
        PhaseError: a component did not become ready within three minutes.
    """
    place, plan = layout(), addresses()
    place.make()
    with _lock(place):
        if not is_running(place):
            progress.note("certificates and configuration")
            _clear_leftovers(place, plan)
            pki.ensure(place, plan)
            config.write_all(place, plan, images)
            _link_tools(place, binaries)
            started = process.launch(place, edge_ports)
        else:
            started = None
        # kube-router reads policies with a role that the first start has yet to make.
        _await_ready(place, started, edge_ports, progress, all_but="kube-router")
        import_images(progress, images.archives)
        addons.apply(place, plan, images, progress)
        _await_ready(place, started, edge_ports, progress)
    return MachineFacts(place.admin_kubeconfig, CONTEXT_NAME, NODE_NAME, plan.host, place.volumes)


def stop(progress: Progress) -> bool:
    """Stop the node and remove everything it put into the kernel; False when there was nothing to stop."""
    place = layout()
    if not place.root.exists():
        return False
    with _lock(place):
        pid = process.keeper_pid(place)
        if pid:
            progress.note("stopping pods, then the cluster")
            process.end(pid, progress)
        _clear_leftovers(place, addresses())
    return pid is not None


def status() -> list[ComponentStatus]:
    """One row per component, in start order; empty when the machine is not running."""
    place = layout()
    if not is_running(place) or not place.status_file.exists():
        return []
    report = json.loads(place.status_file.read_text())
    return [ComponentStatus(name=name, **facts) for name, facts in report.items()]


def import_images(progress: Progress, archives: Mapping[str, Path]) -> list[str]:
    """Load image archives (by full reference) into the node; those already there are skipped.

    Returns:
        The references that were imported now.
    """
    place = layout()
    present = set(_ctr(place, "images", "ls", "--quiet").split())
    missing = {reference: path for reference, path in archives.items() if reference not in present}
    for done, (reference, path) in enumerate(missing.items()):
        progress.advance(done, len(missing), reference)
        _ctr(place, "images", "import", "--digests=false", str(path))
    if missing:
        progress.advance(len(missing), len(missing))
    return list(missing)


def is_running(place: Layout | None = None) -> bool:
    """Whether the keeper of this state directory lives."""
    return process.keeper_pid(place or layout()) is not None


def _await_ready(
    place: Layout,
    started: subprocess.Popen[bytes] | None,
    edge_ports: tuple[int, int],
    progress: Progress,
    all_but: str = "",
) -> None:
    deadline = time.monotonic() + START_SECONDS
    parts: list[ComponentStatus] = []
    while time.monotonic() < deadline:
        if started and started.poll() is not None:
            raise _failure(place, progress, "The cluster's machine ended as soon as it was started")
        parts = status()
        waiting = [part.name for part in parts if part.state != "ready" and part.name != all_but]
        if parts and not waiting and _listens(edge_ports[0]):
            return
        progress.advance(len(parts) - len(waiting), len(parts) or 1, (waiting or ["namespaces"])[0])
        time.sleep(0.2)
    slow = next((part.name for part in parts if part.state != "ready"), "")
    raise _failure(
        place, progress, f"{slow or 'The machine'} was not ready after {START_SECONDS:.0f} s", slow
    )


def _failure(place: Layout, progress: Progress, message: str, component: str = "") -> PhaseError:
    """The error, with the log that explains it: the component's own, else whichever was written to last."""
    candidates = [place.logs / f"{component}.log"] if component else list(place.logs.glob("*.log"))
    if written := [path for path in candidates if path.exists() and path.stat().st_size]:
        progress.log(max(written, key=lambda path: path.stat().st_mtime))
    return PhaseError(
        message, "read the log above; `make down` and `make up` start the cluster afresh without losing data"
    )


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clear_leftovers(place: Layout, plan: Addresses) -> None:
    """After a `kill -9` of the keeper its children are dead, but the link and the rule may remain."""
    deadline = time.monotonic() + 10
    unplug(plan)
    while Path(f"/sys/class/net/{plan.name}").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    nodeprep.remove_cgroups(plan)
    nodeprep.remove_scratch_places()
    for stale in (place.pid_file, place.status_file):
        stale.unlink(missing_ok=True)


def _link_tools(place: Layout, directories: Sequence[Path]) -> None:
    for directory in directories:
        for binary in directory.iterdir():
            link = place.tools / binary.name
            link.unlink(missing_ok=True)
            link.symlink_to(binary)


def _ctr(place: Layout, *arguments: str) -> str:
    argv = ["ctr", "--address", str(place.containerd_socket), "--namespace", "k8s.io", *arguments]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=IMPORT_SECONDS, check=False)
    if result.returncode != 0:
        raise PhaseError(
            f"containerd refused `ctr {' '.join(arguments[:2])}`: {result.stderr.strip()}",
            "free some disk space if it is full, otherwise `make down` and `make up`",
        )
    return result.stdout


@contextlib.contextmanager
def _lock(place: Layout):
    with (place.root / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
