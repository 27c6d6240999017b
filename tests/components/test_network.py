"""What may connect to what: the policies allow exactly the connections that the system makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.ports import Reach
from infra.workloads.connections import Connection, ip_block, policies_of
from tests.support.monitor import Recording
from tests.support.program import run_program
from tests.support.workloads import (
    pod_may_connect,
    pod_may_reach,
    policies,
    workload,
    workloads,
    world_may_connect,
)

CONNECTIONS = {
    ("edge", "server", 8283),
    ("server", "postgres", 5432),
    ("server", "standin", 8080),
    ("bootstrap", "postgres", 5432),
    ("migrate", "postgres", 5432),
}
PORTS = (80, 443, 5432, 8080, 8081, 8283, 8443)
METADATA = "169.254.169.254"
NAMESPACE_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"


def test_exactly_the_named_connections_are_open(local: Recording) -> None:
    everything = workloads(local)
    open_ = {
        (client.name, server.name, port)
        for client in everything
        for server in everything
        for port in PORTS
        if pod_may_connect(local, client, server, port)
    }
    assert open_ == CONNECTIONS


def test_only_the_edge_is_open_to_the_world_and_only_where_people_come_in(local: Recording) -> None:
    open_ = {
        (server.name, port)
        for server in workloads(local)
        for port in PORTS
        if world_may_connect(local, server, port)
    }
    assert open_ == {("edge", 8443), ("edge", 8080)}


def test_no_pod_reaches_anything_outside_the_cluster(local: Recording) -> None:
    for pod in workloads(local):
        for address in ("203.0.113.9", METADATA, "10.201.0.1"):
            for port in (53, 80, 443, 8080):
                assert not pod_may_reach(local, pod, address, port), f"{pod.name} reaches {address}:{port}"


def test_every_policy_is_named_after_its_connection(local: Recording) -> None:
    for policy in local.of_type(NAMESPACE_POLICY):
        assert policy.name == policy.inputs["metadata"]["name"]
    assert len(policies(local)) == len({p.name for p in local.of_type(NAMESPACE_POLICY)})


def test_the_namespace_denies_by_default_and_knows_names(local: Recording) -> None:
    deny = local.one(NAMESPACE_POLICY, "deny-all").inputs["spec"]
    assert deny["podSelector"] == {}
    assert sorted(deny["policyTypes"]) == ["Egress", "Ingress"]
    assert "ingress" not in deny
    assert "egress" not in deny
    dns = local.one(NAMESPACE_POLICY, "allow-dns").inputs["spec"]["egress"]
    assert [p["protocol"] for p in dns[0]["ports"]] == ["UDP", "TCP"]
    assert {p["port"] for p in dns[0]["ports"]} == {53}
    peer = dns[0]["to"][0]
    assert peer["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": "kube-system"}
    assert peer["podSelector"]["matchLabels"] == {"k8s-app": "kube-dns"}, "both selectors in one peer"


def test_pods_start_after_the_policies_that_guard_them(local: Recording) -> None:
    deny = local.one(NAMESPACE_POLICY, "deny-all")
    for pod in workloads(local):
        assert local.waits_for(pod.owner, deny), f"{pod.name} could run before anything is denied"
    for policy in local.of_type(NAMESPACE_POLICY):
        client = next((w for w in workloads(local) if policy.name.startswith(f"{w.name}-to-")), None)
        if client is not None:
            assert local.waits_for(client.owner, policy), f"{client.name} starts before {policy.name}"


def test_an_external_model_opens_its_port_and_never_the_metadata_service(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = {"kind": "external", "baseUrl": "http://models.example.com:80/v1", "provider": "e", "name": "m"}
    recording = run_program("local", monkeypatch, state, config={"model": model})
    server = workload(recording, "server")
    assert pod_may_reach(recording, server, "203.0.113.9", 80)
    assert not pod_may_reach(recording, server, "203.0.113.9", 443)
    assert not pod_may_reach(recording, server, METADATA, 80)
    assert not pod_may_reach(recording, workload(recording, "edge"), "203.0.113.9", 80)


def test_a_model_on_this_machine_opens_one_address(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = {"kind": "external", "baseUrl": "http://localhost:11434/v1", "provider": "ollama", "name": "m"}
    recording = run_program("local", monkeypatch, state, config={"model": model})
    server = workload(recording, "server")
    environment = {v["name"]: v["value"] for v in server.container["env"]}
    assert environment["VLLM_API_BASE"] == "http://10.201.0.1:11434/v1"
    assert environment["EMBEDDING_API_BASE"] == "http://standin.roost.svc:8080/v1"
    assert pod_may_reach(recording, server, "10.201.0.1", 11434)
    assert not pod_may_reach(recording, server, "10.201.0.2", 11434)


@pytest.mark.parametrize("cidr", ["169.254.169.254/32", "fd00:ec2::254/128", "169.254.170.2/32"])
def test_a_range_that_is_only_the_metadata_service_is_refused(cidr: str) -> None:
    with pytest.raises(ValueError, match="instance credentials"):
        ip_block(cidr)


def test_a_reach_needs_one_far_end() -> None:
    for reach in (Reach(name="x", ports=(1,)), Reach(name="x", ports=(1,), pods="a", cidrs=("10.0.0.0/8",))):
        with pytest.raises(ValueError, match="either pods or cidrs"):
            policies_of(Connection(client="server", reach=reach))
