"""What can be seen of a machine from the host: its processes, its traces, and who gets through to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.machine.layout import addresses, layout
from local.machine.nodeprep import CGROUPS, SCRATCH

FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
WRITTEN = (*SCRATCH, Path("/var/log/pods"))
"""Where a kubelet or a containerd would write if it were told nothing else."""


def own_processes() -> dict[int, bytes]:
    """Command lines of this test session's own machine, by pid."""
    state = str(layout().root.parent).encode()
    found: dict[int, bytes] = {}
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and state in (entry / "environ").read_bytes():
                found[int(entry.name)] = (entry / "cmdline").read_bytes()
        except OSError:
            continue
    found.pop(os.getpid(), None)
    return found


def pids_of(victim: str) -> list[int]:
    """Processes of our machine that are the program `victim` or run it as a module."""
    found: list[int] = []
    for pid, command in own_processes().items():
        words = command.split(b"\0")
        program = words[0].rsplit(b"/", 1)[-1]
        if program != b"unshare" and (program == victim.encode() or victim.encode() in words):
            found.append(pid)
    assert found, f"no {victim} is running"
    return found


def in_machine(*command: str) -> str:
    """Run a command of the host in the machine's network; its output."""
    argv = ["nsenter", "--target", str(pids_of("local.machine.supervisor")[0]), "--net", *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True).stdout


def listeners() -> list[str]:
    """Addresses in the host's network on which processes of our machine listen."""
    lines = _lines("ss", "-Hltnp")
    ours = own_processes()
    return sorted(line.split()[3] for line in lines if any(f"pid={pid}," in line for pid in ours))


@contextmanager
def neighbour() -> Iterator[str]:
    """Another host, played by a network namespace whose default route is this host."""
    name, link = "roost-neighbour", "roostnb0"
    commands = [
        f"ip netns add {name}",
        f"ip link add {link} type veth peer name eth0 netns {name}",
        f"ip addr add 10.254.7.1/24 dev {link}",
        f"ip link set {link} up",
        f"ip -n {name} addr add 10.254.7.2/24 dev eth0",
        f"ip -n {name} link set eth0 up",
        f"ip -n {name} route add default via 10.254.7.1",
    ]
    try:
        for command in commands:
            subprocess.run(command.split(), check=True, timeout=20)
        yield name
    finally:
        subprocess.run(["ip", "link", "del", link], timeout=20, check=False)
        subprocess.run(["ip", "netns", "del", name], timeout=20, check=False)


def connects(host: str, port: int, *, namespace: str | None = None) -> bool:
    """Whether a TCP connection comes about within three seconds, from here or from another namespace."""
    code = f"import socket; socket.create_connection(({host!r}, {port}), 3)"
    prefix = ["ip", "netns", "exec", namespace] if namespace else []
    argv = [*prefix, sys.executable, "-c", code]
    return subprocess.run(argv, capture_output=True, timeout=20, check=False).returncode == 0


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def eventually(check: Callable[[], bool], seconds: float = 15) -> bool:
    """Wait until `check` holds; whether it did."""
    deadline = time.monotonic() + seconds
    while not (held := check()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return held


def traces() -> dict[str, set[str]]:
    """What the host has that a machine could have left."""
    return {
        "links": {line.split()[0] for line in _lines("ip", "-br", "link")},
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "tables": _lines("nft", "list", "tables"),
        "iptables": _lines("iptables-save"),
        "cgroups": {str(p) for depth in ("*/", "") for p in CGROUPS.glob(depth + addresses().name)},
        "namespaces": _lines("ip", "netns", "list"),
        "processes": {command.decode() for command in own_processes().values()},
        "ports": {str(port) for port in (18443, 18080) if listens(port)},
        "forwarding": {FORWARDING.read_text()},
        "files": {str(path) for place in WRITTEN for path in (place, *place.glob("*")) if path.exists()},
    }


def _lines(*argv: str) -> set[str]:
    result = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
    return {line for line in result.stdout.splitlines() if not line.startswith("#")}
