"""The one process of the machine that lives outside of it.

It creates the namespaces, plugs in the network cable (a veth pair), publishes the edge on loopback, and
restarts the machine when it dies. Everything it starts carries a parent-death signal, so that a `kill -9`
of the keeper ends the machine as well and nothing is left to hunt for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from local import paths
from local.machine import nodeprep
from local.machine.layout import (
    EDGE_HTTP_NODE_PORT,
    EDGE_HTTPS_NODE_PORT,
    Addresses,
    Layout,
    addresses,
    layout,
)

PR_SET_PDEATHSIG = 1
NAMESPACES_SECONDS = 10.0
STOP_SECONDS = 40.0
MAX_QUICK_DEATHS = 5
FORWARDER_BACKOFF_SECONDS = 1.0
FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
QUICK_SECONDS = 30.0


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _spawn(argv: list[str], log: Path, stdin: int | None = None) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stdout=output,
            stderr=output,
            cwd=paths.REPO,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  the keeper has one thread
        )


def _run(*argv: str, check: bool = True, stdin: str | None = None) -> None:
    subprocess.run(argv, check=check, timeout=20, input=stdin, text=True, capture_output=not check)


def plug_in(pid: int, plan: Addresses) -> None:
    """Connect the namespace of `pid` to the host, and give it a way out.

    The firewall rules live in a table of our own, so that they go in one piece. The host itself reaches the
    machine; what the host merely forwards, from its other networks, does not.
    """
    unplug(plan)
    _run("ip", "link", "add", plan.name, "type", "veth", "peer", "name", "eth0", "netns", str(pid))
    _run("ip", "addr", "add", f"{plan.host}/{plan.link.prefixlen}", "dev", plan.name)
    _run("ip", "link", "set", plan.name, "up")
    rules = f"""table ip {plan.name} {{
  chain out {{
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr {plan.link} oifname != "{plan.name}" masquerade
  }}
  chain through {{
    type filter hook forward priority filter; policy accept;
    oifname "{plan.name}" ct state established,related accept
    oifname "{plan.name}" drop
  }}
}}
"""
    _run("nft", "-f", "-", stdin=rules)
    if FORWARDING.read_text().strip() == "0":
        FORWARDING.write_text("1")
        _forwarding_mark(layout()).touch()


def unplug(plan: Addresses) -> None:
    """Remove what `plug_in` added; safe when nothing is there."""
    _run("ip", "link", "del", plan.name, check=False)
    _run("nft", "delete", "table", "ip", plan.name, check=False)
    mark = _forwarding_mark(layout())
    if mark.exists():
        FORWARDING.write_text("0")
        mark.unlink()


def _forwarding_mark(place: Layout) -> Path:
    """There while forwarding is on because of us; it outlives a `kill -9` of the keeper."""
    return place.root / "forwarding-was-off"


class Keeper:
    """Runs one machine at a time until SIGTERM."""

    def __init__(self, place: Layout, plan: Addresses, edge_ports: tuple[int, int]) -> None:
        self._layout, self._plan, self._edge_ports = place, plan, edge_ports
        self._machine: subprocess.Popen[bytes] | None = None
        self._forwarder: subprocess.Popen[bytes] | None = None
        self._stopping = False

    def run(self) -> None:
        """Start the machine, restart it when it dies; give up after five quick deaths in a row."""
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGINT, self._on_stop)
        quick_deaths = 0
        try:
            while not self._stopping and quick_deaths < MAX_QUICK_DEATHS:
                started = time.monotonic()
                self._start()
                self._watch()
                quick_deaths = quick_deaths + 1 if time.monotonic() - started < QUICK_SECONDS else 0
        finally:
            self._clean()

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._stopping = True
        if self._machine:
            for child in _children(self._machine.pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)

    def _start(self) -> None:
        argv = [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--uts",
            "--ipc",
            "--fork",
            "--kill-child",
            "--mount-proc",
        ]
        argv += [sys.executable, "-m", "local.machine.supervisor"]
        self._layout.status_file.unlink(missing_ok=True)  # of the machine that died
        read, write = os.pipe()
        self._machine = _spawn(argv, self._layout.logs / "supervisor.log", stdin=read)
        os.close(read)
        try:
            _wait_for_namespace(self._machine)
            plug_in(self._machine.pid, self._plan)
            os.write(write, b"go\n")
        finally:
            os.close(write)
        self._publish()

    def _publish(self) -> None:
        https, http = self._edge_ports
        routes = [
            f"{https}={self._plan.node}:{EDGE_HTTPS_NODE_PORT}",
            f"{http}={self._plan.node}:{EDGE_HTTP_NODE_PORT}",
        ]
        argv = [sys.executable, "-m", "local.machine.forward", *routes]
        self._forwarder = _spawn(argv, self._layout.logs / "forward.log")

    def _watch(self) -> None:
        assert self._machine
        stopping_since: float | None = None
        while self._machine.poll() is None:
            if self._stopping:
                stopping_since = stopping_since or time.monotonic()
                if time.monotonic() - stopping_since > STOP_SECONDS:
                    self._machine.kill()
            if self._forwarder and self._forwarder.poll() is not None and not self._stopping:
                time.sleep(FORWARDER_BACKOFF_SECONDS)
                self._publish()
            time.sleep(0.2)
        if self._forwarder:
            self._forwarder.kill()
            self._forwarder.wait(timeout=5)

    def _clean(self) -> None:
        for process in (self._machine, self._forwarder):
            if process and process.poll() is None:
                process.kill()
                process.wait(timeout=10)
        unplug(self._plan)
        nodeprep.remove_cgroups(self._plan)
        nodeprep.remove_scratch_places()
        self._layout.status_file.unlink(missing_ok=True)
        self._layout.pid_file.unlink(missing_ok=True)


def _children(pid: int) -> list[int]:
    try:
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _wait_for_namespace(process: subprocess.Popen[bytes]) -> None:
    own = Path("/proc/self/ns/net").readlink()
    deadline = time.monotonic() + NAMESPACES_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            if Path(f"/proc/{process.pid}/ns/net").readlink() != own:
                return
        time.sleep(0.02)
    raise SystemExit("the kernel gave us no network namespace; see supervisor.log")


def main() -> None:
    """`python -m local.machine.keeper HTTPS_PORT HTTP_PORT`, started by `local.machine.start`."""
    place = layout()
    place.pid_file.write_text(str(os.getpid()))
    Keeper(place, addresses(), (int(sys.argv[1]), int(sys.argv[2]))).run()


if __name__ == "__main__":
    main()
