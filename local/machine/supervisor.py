"""Process 1 of the machine: prepares the namespaces, then starts, watches and restarts the components.

It runs inside fresh pid, mount, network, uts and ipc namespaces. When it ends, for whatever reason, the
kernel ends every other process in there and takes the mounts, devices and firewall rules with them: that
is the whole of the cleaning up.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from local.machine import nodeprep
from local.machine.components import Component, components
from local.machine.layout import Layout, addresses, layout

TICK_SECONDS = 0.25
STABLE_SECONDS = 10.0
MAX_BACKOFF_SECONDS = 10.0
STOP_PODS_SECONDS = 10.0
STOP_COMPONENTS_SECONDS = 10.0
MAX_LOG_BYTES = 32 * 1024 * 1024


@dataclass
class Running:
    """What the supervisor knows about one component."""

    component: Component
    pid: int = 0
    started: float = 0.0
    ready: bool = False
    restarts: int = -1
    not_before: float = 0.0
    history: list[int] = field(default_factory=list[int])

    def due(self, now: float) -> bool:
        return self.pid == 0 and now >= self.not_before


class Supervisor:
    """Keeps the components of one machine running until told to stop."""

    def __init__(self, place: Layout, plan: list[Component]) -> None:
        self._layout = place
        self._parts = {component.name: Running(component) for component in plan}
        self._next_report = 0.0

    def run(self) -> None:
        """Supervise until SIGTERM; then stop pods first, components after, and return."""
        stop_signals = {signal.SIGTERM, signal.SIGINT}
        watched = {*stop_signals, signal.SIGCHLD}
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        while True:
            received = signal.sigtimedwait(watched, TICK_SECONDS)
            self._reap()
            if received is not None and received.si_signo in stop_signals:
                break
            self._start_what_is_due()
            self._probe()
            self._report()
        self._stop()

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        for part in self._parts.values():
            if part.due(now) and all(self._parts[name].ready for name in part.component.after):
                part.pid = self._spawn(part.component)
                part.started, part.ready = now, False
                part.restarts += 1

    def _spawn(self, component: Component) -> int:
        log = self._layout.logs / f"{component.name}.log"
        if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        pid = os.fork()
        if pid:
            return pid
        with contextlib.suppress(BaseException):
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(output, 1)
            os.dup2(output, 2)
            os.setsid()
            signal.pthread_sigmask(signal.SIG_SETMASK, set())
            os.execvp(component.argv[0], component.argv)  # noqa: S606
        os._exit(127)

    def _reap(self) -> None:
        while True:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for part in self._parts.values():
                if part.pid == pid:
                    self._ended(part)

    def _ended(self, part: Running) -> None:
        now = time.monotonic()
        quick = now - part.started < STABLE_SECONDS
        backoff = min(MAX_BACKOFF_SECONDS, 0.5 * 2 ** min(part.restarts, 5)) if quick else 0.0
        part.pid, part.ready, part.not_before = 0, False, now + backoff
        self._next_report = 0.0

    def _probe(self) -> None:
        for part in self._parts.values():
            if part.pid and not part.ready and ready(self._layout, part.component.name):
                part.ready = True
                self._next_report = 0.0

    def _report(self) -> None:
        now = time.monotonic()
        if now < self._next_report:
            return
        self._next_report = now + 5.0
        status = {
            name: {
                "state": "ready" if part.ready else "starting" if part.pid else "restarting",
                "restarts": max(part.restarts, 0),
                "since": time.time() - (now - part.started) if part.pid else None,
                "memory_bytes": _resident_bytes(part.pid),
            }
            for name, part in self._parts.items()
        }
        temporary = self._layout.status_file.with_suffix(".tmp")
        temporary.write_text(json.dumps(status))
        temporary.replace(self._layout.status_file)

    def _stop(self) -> None:
        """Pods get their SIGTERM while the network still stands; then the components, the store last."""
        self._signal("kubelet", signal.SIGKILL)
        own = {part.pid for part in self._parts.values()} | {1}
        self._drain([pid for pid in _processes() if pid not in own], STOP_PODS_SECONDS, spare_shims=True)
        for name in reversed(self._parts):
            if name != "etcd":
                self._signal(name, signal.SIGTERM)
        self._wait_gone(
            [part.pid for name, part in self._parts.items() if name != "etcd"], STOP_COMPONENTS_SECONDS
        )
        self._signal("etcd", signal.SIGTERM)
        self._wait_gone([self._parts["etcd"].pid], STOP_COMPONENTS_SECONDS)

    def _signal(self, name: str, number: signal.Signals) -> None:
        if pid := self._parts[name].pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _drain(self, pids: list[int], seconds: float, *, spare_shims: bool) -> None:
        targets = [pid for pid in pids if not (spare_shims and "containerd-shim" in _command(pid))]
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self._wait_gone(targets, seconds)

    def _wait_gone(self, pids: list[int], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        waiting = {pid for pid in pids if pid}
        while waiting and time.monotonic() < deadline:
            self._reap()
            waiting = {pid for pid in waiting if Path(f"/proc/{pid}").exists()}
            time.sleep(0.05)


def ready(place: Layout, name: str) -> bool:
    """Whether the component answers; those that serve nothing are ready once they run."""
    node = addresses().node
    if name == "etcd":
        return _connects(("127.0.0.1", 2379))
    if name == "containerd":
        return _connects(str(place.containerd_socket))
    if name == "kube-apiserver":
        return nodeprep.api_ready(place, node)
    if name == "kube-router":
        return nodeprep.policies_enforced()
    if name == "kubelet":
        return _connects(("127.0.0.1", 10248))
    return True


def _connects(address: tuple[str, int] | str) -> bool:
    """`address` is host and port, or the path of a socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(address) == 0


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def main() -> None:
    """Entry point inside the namespaces; blocks on stdin until the keeper has plugged in the network."""
    place, plan = layout(), addresses()
    if sys.stdin.readline().strip() != "go":
        raise SystemExit("the keeper went away before the network was there")
    nodeprep.prepare(place, plan)
    for stale in ("status.json", "containerd.sock", "containerd.sock.ttrpc"):
        (place.run / stale).unlink(missing_ok=True)
    os.environ["PATH"] = f"{place.tools}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    Supervisor(place, components(place, plan, place.tools)).run()


if __name__ == "__main__":
    main()
