"""The embedded node: it runs pods, resolves names, enforces policies, survives kills, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from local import machine
from local.machine.layout import addresses, layout
from local.progress import Quiet
from tests.machine.conftest import Node, start_node


def test_node_is_ready_and_names_resolve(node: Node) -> None:
    assert "Ready" in node.kubectl("get", "nodes", "--no-headers")
    endpoints = json.loads(node.kubectl("-n", "kube-system", "get", "endpointslices", "-o", "json"))
    assert any(slice_["endpoints"] for slice_ in endpoints["items"])


def test_nobody_gets_in_without_a_certificate(node: Node) -> None:
    context = ssl.create_default_context(cafile=str(layout().pki / "cluster-ca.crt"))
    import http.client

    connection = http.client.HTTPSConnection(addresses().node, 6443, timeout=5, context=context)
    connection.request("GET", "/api/v1/secrets")
    assert connection.getresponse().status == 401


def test_it_listens_on_loopback_and_on_its_own_link_only(node: Node) -> None:
    """From the host's side: the edge's two ports on 127.0.0.1, and nothing of ours on any other address."""
    listening = subprocess.run(["ss", "-Hltnp"], capture_output=True, text=True, check=True).stdout
    ours = [line.split()[3] for line in listening.splitlines() if "local.machine" in line or ":18443" in line]
    assert sorted(ours) == ["127.0.0.1:18443"] or all(address.startswith("127.0.0.1:") for address in ours)


def test_certificates_have_proper_lifetimes_and_keys_are_private(node: Node) -> None:
    for path in layout().pki.glob("*.crt"):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        limit = 3651 if path.name.endswith("-ca.crt") else 366
        assert lifetime.days <= limit, path.name
    assert [path.name for path in layout().pki.glob("*.key") if path.stat().st_mode & 0o077] == []


@pytest.mark.parametrize("victim", ["keeper", "supervisor", "kube-apiserver", "containerd", "etcd"])
def test_a_killed_part_is_back_after_the_next_start(node: Node, victim: str) -> None:
    node.kubectl("create", "configmap", f"kept-{victim}")
    for pid in _pids(victim):
        os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    again = start_node()
    assert again.kubectl("get", "configmap", f"kept-{victim}", "-o", "name")


def test_stopping_leaves_nothing_behind(machine_state: Path) -> None:
    machine.stop(Quiet())
    before = _traces()
    start_node()
    assert _traces() != before, "this test would not notice a running machine"
    machine.stop(Quiet())
    _eventually(lambda: _traces() == before)
    assert _traces() == before


def _pids(victim: str) -> list[int]:
    """Processes of this test's own machine whose command line names the victim."""
    state = str(layout().root).encode()
    wanted = {
        "keeper": b"local.machine.keeper",
        "supervisor": b"local.machine.supervisor",
    }.get(victim, victim.encode())
    found: list[int] = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes()
            environment = (entry / "environ").read_bytes()
        except (OSError, ValueError):
            continue
        first = command.split(b"\0")[0].rsplit(b"/", 1)[-1]
        mine = state.removesuffix(b"/machine") in environment or state in command
        ours = victim in ("keeper", "supervisor") and wanted in command and not first.startswith(b"unshare")
        if mine and (first == wanted or ours):
            found.append(int(entry.name))
    assert found, f"no {victim} to kill"
    return found


def _traces() -> dict[str, set[str]]:
    """What the host has that a machine could have left."""

    def lines(*argv: str) -> set[str]:
        result = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=True)
        return set(result.stdout.splitlines())

    state = str(layout().root.parent).encode()
    processes: set[str] = set()
    for entry in Path("/proc").iterdir():
        try:
            if (
                entry.name.isdigit()
                and state in (entry / "environ").read_bytes()
                and int(entry.name) != os.getpid()
            ):
                processes.add((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return {
        "links": {line.split()[0] for line in lines("ip", "-br", "link")},
        "mounts": set(Path("/proc/self/mounts").read_text().splitlines()),
        "tables": lines("nft", "list", "tables"),
        "iptables": lines("iptables-save"),
        "cgroups": {str(path) for path in Path("/sys/fs/cgroup").glob(f"*/{addresses().name}")},
        "namespaces": lines("ip", "netns", "list"),
        "processes": processes,
        "ports": {str(port) for port in (18443, 18080) if _listens(port)},
        "forwarding": {Path("/proc/sys/net/ipv4/ip_forward").read_text()},
    }


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _eventually(check: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not check() and time.monotonic() < deadline:
        time.sleep(0.2)
