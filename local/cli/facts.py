"""What this host offers, as plain values; `preflight.py` judges them."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from local import paths

EDGE_PORTS = (8443, 8080)
COMMAND_SECONDS = 10


@dataclass(frozen=True)
class HostFacts:
    """Everything that `make up` needs to know before it starts; sizes in bytes."""

    is_root: bool
    has_apt: bool
    distribution: str
    disk_free: int
    disk_path: str
    memory_total: int
    busy_ports: tuple[int, ...]
    missing_features: tuple[str, ...]
    """Names of kernel features that an attempt to use them showed to be missing."""
    overlapping_routes: tuple[str, ...]
    """Routes of this host that our own networks would collide with."""
    go_version: str | None
    tools_built: bool
    machine_running: bool


def gather(
    networks: tuple[ipaddress.IPv4Network, ...], tools_built: bool, machine_running: bool
) -> HostFacts:
    """Look at the host. Takes well under a second; leaves nothing behind.

    A running machine already has the ports, routes and kernel features; they are not looked at then.
    """
    root = os.geteuid() == 0
    place = _existing(paths.cache())
    return HostFacts(
        is_root=root,
        has_apt=shutil.which("apt-get") is not None,
        distribution=_distribution(),
        disk_free=shutil.disk_usage(place).free,
        disk_path=str(place),
        memory_total=_memory_total(),
        busy_ports=() if machine_running else tuple(port for port in EDGE_PORTS if is_busy(port)),
        missing_features=() if machine_running or not root else _missing_features(),
        overlapping_routes=() if machine_running else _overlaps(networks),
        go_version=_go_version(),
        tools_built=tools_built,
        machine_running=machine_running,
    )


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _distribution() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/etc/os-release").read_text().splitlines():
            if line.startswith("PRETTY_NAME="):
                return line.partition("=")[2].strip('"')
    return "an unknown system"


def _memory_total() -> int:
    """What this process may use: the host's memory, or less where a control group limits it."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(limit).read_text()))
    return total


def is_busy(port: int) -> bool:
    """Whether something listens on 127.0.0.1:port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _overlaps(networks: tuple[ipaddress.IPv4Network, ...]) -> tuple[str, ...]:
    """Routes (other than the default) that share addresses with `networks`."""
    if shutil.which("ip") is None:
        return ()
    listing = subprocess.run(
        ["ip", "-json", "-4", "route", "show"], capture_output=True, check=False, timeout=COMMAND_SECONDS
    )
    if listing.returncode != 0:
        return ()
    found: list[str] = []
    for route in json.loads(listing.stdout or b"[]"):
        with contextlib.suppress(ValueError):
            block = ipaddress.IPv4Network(route["dst"], strict=False)
            if any(block.overlaps(network) for network in networks):
                found.append(f"{block} ({route.get('dev', 'no device')})")
    return tuple(found)


def _go_version() -> str | None:
    go = shutil.which("go") or ("/usr/local/go/bin/go" if Path("/usr/local/go/bin/go").exists() else None)
    if go is None:
        return None
    answer = subprocess.run(
        [go, "env", "GOVERSION"], capture_output=True, text=True, check=False, timeout=COMMAND_SECONDS
    )
    return answer.stdout.strip() or None


def _missing_features() -> tuple[str, ...]:
    """Try each feature in fresh namespaces, which take with them whatever the attempt made."""
    checks: dict[str, Callable[[], bool]] = {
        "namespaces (mount, network, pid, uts)": lambda: _unshared("true"),
        "overlayfs": lambda: (
            "\toverlay\n" in Path("/proc/filesystems").read_text() or _works("modprobe", "overlay")
        ),
        "control groups": lambda: Path("/sys/fs/cgroup").is_dir() and any(Path("/sys/fs/cgroup").iterdir()),
        "bridge netfilter (br_netfilter)": _has_bridge_netfilter,
    }
    if shutil.which("ip") is not None:  # iproute2 and iptables come with a later phase
        checks["veth pairs"] = lambda: _unshared("ip", "link", "add", "probe0", "type", "veth")
        checks["bridges"] = lambda: _unshared("ip", "link", "add", "probe1", "type", "bridge")
    if shutil.which("iptables") is not None:
        checks["iptables (nat table)"] = lambda: _unshared("iptables", "-t", "nat", "-S")
    return tuple(name for name, works in checks.items() if not works())


def _has_bridge_netfilter() -> bool:
    return Path("/proc/sys/net/bridge/bridge-nf-call-iptables").exists() or _works("modprobe", "br_netfilter")


def _unshared(*argv: str) -> bool:
    return _works("unshare", "--mount", "--net", "--uts", "--pid", "--fork", *argv)


def _works(*argv: str) -> bool:
    try:
        subprocess.run(argv, capture_output=True, check=True, timeout=COMMAND_SECONDS)
    except (OSError, subprocess.SubprocessError):
        return False
    return True
