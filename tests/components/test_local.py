"""What only the local platform has: the volume, the certificate, and the edge."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.local.nginx import EdgeConfig, render
from tests.support.monitor import Recording
from tests.support.program import PLATFORM, run_program
from tests.support.workloads import workload

VOLUME = "kubernetes:core/v1:PersistentVolume"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"


def test_the_volume_is_kept_and_reserved_for_its_claim(local: Recording) -> None:
    spec = local.one(VOLUME).inputs["spec"]
    assert spec["persistentVolumeReclaimPolicy"] == "Retain"
    assert spec["local"]["path"] == "/var/lib/roost/volumes/postgres"
    assert spec["claimRef"] == {"name": "postgres", "namespace": "roost"}
    node = spec["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]
    assert node["values"] == ["roost"]
    claim = local.one(CLAIM).inputs["spec"]
    assert claim["volumeName"] == local.one(VOLUME).inputs["metadata"]["name"]
    assert claim["storageClassName"] == spec["storageClassName"] == ""
    assert local.waits_for(workload(local, "postgres").owner, local.one(CLAIM))


def test_another_cluster_brings_its_own_volumes(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = {
        **PLATFORM,
        "embedded": False,
        "context": "kind-roost",
        "node": None,
        "volumesDir": None,
        "storageClass": "standard",
        "hostAddress": None,
    }
    recording = run_program("local", monkeypatch, state, platform=facts)
    assert recording.of_type(VOLUME) == []
    assert recording.one(CLAIM).inputs["spec"]["storageClassName"] == "standard"
    assert recording.one("pulumi:providers:kubernetes").inputs["context"] == "kind-roost"


def test_postgres_gets_what_the_settings_say(local: Recording) -> None:
    assert "max_connections=100" in workload(local, "postgres").container["args"]


def test_the_certificate_names_what_people_type_and_its_authority_signs_only(local: Recording) -> None:
    request = local.one("tls:index/certRequest:CertRequest").inputs
    assert request["dnsNames"] == ["localhost"]
    assert request["ipAddresses"] == ["127.0.0.1"]
    authority = local.one("tls:index/selfSignedCert:SelfSignedCert").inputs
    assert authority["isCaCertificate"] is True
    assert "cert_signing" in authority["allowedUses"]
    certificate = local.one("tls:index/locallySignedCert:LocallySignedCert").inputs
    assert "server_auth" in certificate["allowedUses"]
    assert not certificate.get("isCaCertificate")
    assert certificate["validityPeriodHours"] == 90 * 24
    assert 0 < certificate["earlyRenewalHours"] < certificate["validityPeriodHours"]
    for key in local.of_type("tls:index/privateKey:PrivateKey"):
        assert (key.inputs["algorithm"], key.inputs["ecdsaCurve"]) == ("ECDSA", "P256")


def test_a_host_name_of_ones_own_is_in_the_url_the_certificate_and_the_edge(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recording = run_program(
        "local", monkeypatch, state, config={"local": {"edge": {"hostname": "roost.test"}}}
    )
    assert recording.exports()["url"] == "https://roost.test:8443"
    request = recording.one("tls:index/certRequest:CertRequest").inputs
    assert request["dnsNames"] == ["roost.test", "localhost"]
    assert "server_name roost.test localhost 127.0.0.1;" in _configuration(recording)


def test_the_edge_is_published_on_the_agreed_node_ports(local: Recording) -> None:
    ports = local.one("kubernetes:core/v1:Service", "edge").inputs["spec"]["ports"]
    assert {p["name"]: p["nodePort"] for p in ports} == {"https": 30443, "http": 30080}


def test_the_edge_forgets_a_connection_before_its_pod_stops_listening(local: Recording) -> None:
    configuration = _configuration(local)
    pause = workload(local, "server").container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert _seconds(configuration, "keepalive_time") + _upstream_keepalive(configuration) < pause


def test_the_edge_waits_longer_than_two_pings_and_less_than_the_servers_keep_alive(local: Recording) -> None:
    configuration = _configuration(local)
    environment = {v["name"]: v["value"] for v in workload(local, "server").container["env"]}
    idle = _seconds(configuration, "proxy_read_timeout")
    assert idle >= 2 * int(environment["LETTA_KEEPALIVE_INTERVAL"])
    assert idle < int(environment["LETTA_UVICORN_TIMEOUT_KEEP_ALIVE"])


def test_a_changed_configuration_rolls_the_edge(local: Recording) -> None:
    config_map = local.one("kubernetes:core/v1:ConfigMap", "edge")
    assert config_map.inputs["immutable"] is True
    assert "name" not in config_map.inputs["metadata"]
    assert workload(local, "edge").owner.inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_the_upgrade_map_is_used(local: Recording) -> None:
    configuration = _configuration(local)
    assert "map $http_upgrade $upstream_connection {" in configuration
    assert "proxy_set_header Connection $upstream_connection;" in configuration


@pytest.mark.parametrize("host", ["", "a b", "x;return 200", "a{b", "$host", 'a"b', "a\nb"])
def test_a_host_that_would_change_the_configuration_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        _edge_config(hosts=("localhost", host))


def test_the_redirect_leaves_out_the_standard_port() -> None:
    assert "return 308 https://$host$request_uri;" in render(_edge_config(public_https_port=443))
    assert "return 308 https://$host:8443$request_uri;" in render(_edge_config())


def _edge_config(hosts: tuple[str, ...] = ("localhost",), public_https_port: int = 8443) -> EdgeConfig:
    return EdgeConfig(
        hosts=hosts,
        upstream="server.roost.svc:8283",
        public_https_port=public_https_port,
        idle=300,
        drain=300,
        upstream_keepalive=1,
        upstream_lifetime=1,
        body_limit_mib=10,
    )


def _configuration(recording: Recording) -> str:
    return recording.one("kubernetes:core/v1:ConfigMap", "edge").inputs["data"]["nginx.conf"]


def _seconds(configuration: str, directive: str) -> int:
    line = next(line for line in configuration.splitlines() if line.strip().startswith(f"{directive} "))
    return int(line.split()[1].rstrip("s;"))


def _upstream_keepalive(configuration: str) -> int:
    return _seconds(configuration.split("upstream server {")[1], "keepalive_timeout")
