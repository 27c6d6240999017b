"""What must be true inside the machine's namespaces before its first component starts."""

from __future__ import annotations

import contextlib
import http.client
import os
import ssl
import subprocess
from pathlib import Path

from local.machine.layout import NODE_NAME, VOLUMES, Addresses, Layout

CGROUPS = Path("/sys/fs/cgroup")
SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    # Without it NetworkPolicies would not see what passes between two pods on the bridge.
    "net/bridge/bridge-nf-call-iptables": "1",
    "net/ipv6/conf/all/disable_ipv6": "1",
}

SCRATCH = tuple(
    Path(name) for name in ("/opt/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
)
"""Where kubelet, containerd and the CNI plugins write whatever they are told; the machine has its own."""

HOST_SETTINGS = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)


def prepare(layout: Layout, addresses: Addresses) -> None:
    """Mounts, host name, network, control groups, volume directories.

    Raises:
        subprocess.CalledProcessError: when the kernel refuses one of them; its output is in the log.
    """
    _mounts(layout)
    _run("hostname", NODE_NAME)
    _network(addresses)
    make_cgroups(addresses)
    for name in VOLUMES:
        (layout.volumes / name).mkdir(parents=True, exist_ok=True)


def _run(*argv: str) -> None:
    subprocess.run(argv, check=True, timeout=20)


def _mounts(layout: Layout) -> None:
    # /run of its own: sockets, locks and network namespaces of the containers vanish with the machine.
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "roost-run", "/run")
    Path("/run/lock").mkdir()
    for place in SCRATCH:
        place.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", "mode=0700", "roost-scratch", str(place))
    # kubelet and the containers' mounts must be seen by each other, and by nobody outside.
    _run("mount", "--make-rshared", "/")
    _shield_host_settings()
    (layout.root / "pod-logs").mkdir(mode=0o700, exist_ok=True)


def _shield_host_settings() -> None:
    """Let kubelet write its kernel settings into copies: these are global, and they are the host's."""
    copies = Path("/run/kernel-settings")
    copies.mkdir()
    for name in HOST_SETTINGS:
        setting = Path("/proc/sys") / name
        copy = copies / name.replace("/", "_")
        copy.write_text(setting.read_text())
        _run("mount", "--bind", str(copy), str(setting))


def _network(addresses: Addresses) -> None:
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "addr", "add", f"{addresses.node}/{addresses.link.prefixlen}", "dev", "eth0")
    _run("ip", "link", "set", "eth0", "up")
    _run("ip", "route", "add", "default", "via", addresses.host)
    for name, value in SYSCTLS.items():
        (Path("/proc/sys") / name).write_text(value)


def controllers() -> list[Path]:
    """Roots of the mounted cgroup hierarchies: one on version 2, one per controller on version 1."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS]
    return [path for path in CGROUPS.iterdir() if path.is_dir() and path.name != "unified"]


def make_cgroups(addresses: Addresses) -> None:
    """Create the cgroup that all pods live under, with what version 1 does not inherit."""
    for root in controllers():
        group = root / addresses.name
        group.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            if (group / name).exists() and not (group / name).read_text().strip():
                (group / name).write_text((root / name).read_text())
    if (CGROUPS / "cgroup.controllers").exists():
        switches = CGROUPS / "cgroup.subtree_control"
        missing = set((CGROUPS / "cgroup.controllers").read_text().split()) - set(
            switches.read_text().split()
        )
        for name in missing:
            # A group that holds processes refuses some; kubelet names those that it cannot do without.
            with contextlib.suppress(OSError):
                switches.write_text(f"+{name}")


def remove_cgroups(addresses: Addresses) -> None:
    """Remove the machine's cgroups, deepest first; a group that still has processes is left alone."""
    # The hybrid layout has a version 2 tree beside the version 1 ones, and the container runtime uses both.
    for root in (*controllers(), CGROUPS / "unified"):
        for directory, _, _ in os.walk(root / addresses.name, topdown=False):
            with contextlib.suppress(OSError):
                Path(directory).rmdir()


def remove_scratch_places() -> None:
    """Remove the empty directories that the machine's own were mounted on."""
    for place in SCRATCH:
        with contextlib.suppress(OSError):
            place.rmdir()


def policies_enforced() -> bool:
    """Whether kube-router's chain is in the packet filter; until then every pod reaches every other."""
    argv = ["iptables", "--wait", "5", "--numeric", "--list", "KUBE-ROUTER-FORWARD"]
    return subprocess.run(argv, capture_output=True, timeout=10, check=False).returncode == 0


def api_ready(layout: Layout, node: str) -> bool:
    """Whether the API server says so itself, asked with the administrator's certificate."""
    context = ssl.create_default_context(cafile=str(layout.pki / "cluster-ca.crt"))
    context.load_cert_chain(layout.pki / "admin.crt", layout.pki / "admin.key")
    connection = http.client.HTTPSConnection(node, 6443, timeout=2, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
