"""The embedded node: it runs pods, resolves names, enforces policies, survives kills, and leaves nothing."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import time
from pathlib import Path

import pytest
from cryptography import x509

from local import machine
from local.machine.layout import addresses, layout
from local.progress import PhaseError, Quiet
from tests.machine.conftest import Node, start_node
from tests.machine.host import (
    FORWARDING,
    connects,
    eventually,
    in_machine,
    listeners,
    listens,
    neighbour,
    pids_of,
    traces,
)


def test_node_is_ready_and_names_have_an_answer(node: Node) -> None:
    assert "Ready" in node.kubectl("get", "nodes", "--no-headers")
    slices = json.loads(node.kubectl("-n", "kube-system", "get", "endpointslices", "-o", "json"))
    assert any(piece["endpoints"] for piece in slices["items"])


def test_nobody_gets_in_without_a_certificate(node: Node) -> None:
    context = ssl.create_default_context(cafile=str(layout().pki / "cluster-ca.crt"))
    connection = http.client.HTTPSConnection(addresses().node, 6443, timeout=5, context=context)
    connection.request("GET", "/api/v1/secrets")
    assert connection.getresponse().status == 401


def test_in_the_hosts_network_it_listens_on_loopback_only(node: Node) -> None:
    assert listeners() == ["127.0.0.1:18080", "127.0.0.1:18443"]


def test_other_hosts_are_not_let_through_to_it(node: Node) -> None:
    """What this host merely forwards, from its other networks, reaches no port of the machine."""
    with neighbour() as name:
        assert connects(addresses().node, 6443), "the host itself must reach it"
        assert not connects(addresses().node, 6443, namespace=name)


def test_policies_are_in_force_once_it_counts_as_up(node: Node) -> None:
    assert "KUBE-ROUTER-FORWARD" in in_machine("iptables", "--list-rules", "FORWARD")


def test_certificates_have_proper_lifetimes_and_keys_are_private(node: Node) -> None:
    for path in layout().pki.glob("*.crt"):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        lifetime = certificate.not_valid_after_utc - certificate.not_valid_before_utc
        limit = 3651 if path.name.endswith("-ca.crt") else 366
        assert lifetime.days <= limit, path.name
    assert [path.name for path in layout().pki.glob("*.key") if path.stat().st_mode & 0o077] == []


def test_a_dead_forwarder_comes_back_and_takes_nothing_with_it(node: Node) -> None:
    os.kill(pids_of("local.machine.forward")[0], signal.SIGKILL)
    assert eventually(lambda: not listens(18443), 3)
    assert eventually(lambda: listens(18443))
    assert [part.restarts for part in machine.status() if part.name == "etcd"] == [0]


@pytest.mark.parametrize(
    "victim",
    ["local.machine.keeper", "local.machine.supervisor", "kube-apiserver", "containerd", "etcd"],
)
def test_a_killed_part_is_back_after_the_next_start(node: Node, victim: str) -> None:
    node.kubectl("create", "configmap", f"kept-{victim}")
    for pid in pids_of(victim):
        os.kill(pid, signal.SIGKILL)
    time.sleep(1)
    again = start_node()
    assert again.kubectl("get", "configmap", f"kept-{victim}", "-o", "name")


def test_a_half_written_certificate_is_made_anew(node: Node) -> None:
    machine.stop(Quiet())
    path = layout().pki / "scheduler.crt"
    path.write_bytes(path.read_bytes()[:100])
    (layout().pki / "service-accounts.pub").unlink()
    assert "Ready" in start_node().kubectl("get", "nodes", "--no-headers")


def test_a_machine_that_cannot_start_says_so_at_once(machine_state: Path) -> None:
    machine.stop(Quiet())
    obstacle = Path("/opt/containerd")
    assert not obstacle.exists(), "the last stop should have removed it"
    obstacle.write_text("a file where the machine needs a directory")
    started = time.monotonic()
    try:
        with pytest.raises(PhaseError, match="ended as soon as it was started"):
            start_node()
    finally:
        obstacle.unlink()
    assert time.monotonic() - started < 60


def test_stopping_leaves_nothing_behind(machine_state: Path) -> None:
    machine.stop(Quiet())
    forwarding = FORWARDING.read_text()
    FORWARDING.write_text("0\n")
    try:
        before = traces()
        start_node()
        assert traces() != before, "this test would not notice a running machine"
        machine.stop(Quiet())
        eventually(lambda: traces() == before)
        assert traces() == before
    finally:
        FORWARDING.write_text(forwarding)
