"""The local cache: there if asked for, over TLS and with a login, and told to pods that use one."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from infra.workloads.cache import LOGIN
from tests.support.monitor import Recording, leaves
from tests.support.program import PLATFORM, run_program
from tests.support.workloads import pod_may_connect, restricted_violations, workload

SECRET = "kubernetes:core/v1:Secret"
IMAGE = "docker.io/roost/cache:0123456789ab"
FACTS = {**PLATFORM, "images": {**PLATFORM["images"], "cache": IMAGE}}


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Recording:
    config = {"cache": {"enabled": True, "evictionPolicy": "allkeys-lru"}, "server": {"usesCache": True}}
    return run_program("local", patch, tmp_path_factory.mktemp("cached"), config=config, platform=FACTS)


def arguments(recording: Recording) -> dict[str, str]:
    words = workload(recording, "cache").container["args"]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_without_the_setting_there_is_none(local: Recording) -> None:
    assert "cache" not in {r.name for r in local.of_type("kubernetes:apps/v1:StatefulSet")}
    assert not any("REDIS" in one["name"] for one in workload(local, "server").container["env"])


def test_it_speaks_tls_only_and_keeps_nothing(cached: Recording) -> None:
    given = arguments(cached)
    assert (given["--port"], given["--tls-port"], given["--save"]) == ("0", "6379", "")
    pod = workload(cached, "cache")
    assert pod.container["image"] == IMAGE
    assert "persistentVolumeClaim" not in str(pod.pod["volumes"])
    assert restricted_violations(pod.pod) == []


def test_it_evicts_before_its_pod_runs_out_of_memory(cached: Recording) -> None:
    given = arguments(cached)
    assert given["--maxmemory-policy"] == "allkeys-lru"
    assert int(given["--maxmemory"]) == 96 * 2**20
    assert workload(cached, "cache").container["resources"]["limits"]["memory"] == "128Mi"


def test_its_users_hold_a_digest_and_the_servers_pods_the_password(cached: Recording) -> None:
    password = cached.one(SECRET, "server").inputs["stringData"]["cache-password"]
    files = cached.one(SECRET, "cache").inputs["stringData"]
    digest = hashlib.sha256(password.encode()).hexdigest()
    nobody, server = files["users.acl"].splitlines()
    assert nobody == "user default off -@all"
    assert server.startswith(f"user {LOGIN} #{digest} on ")
    for resource in cached.registrations:
        if resource.name != "server" or resource.type != SECRET:
            assert not any(password in str(value) for _, value in leaves(resource.inputs)), resource.urn


def test_pods_are_told_with_the_authority_that_verifies_it(cached: Recording) -> None:
    env = {one["name"]: one["value"] for one in workload(cached, "server").container["env"]}
    assert {name: value for name, value in env.items() if "REDIS" in name} == {
        "LETTA_REDIS_HOST": "cache.roost.svc",
        "LETTA_REDIS_PORT": "6379",
        "LETTA_REDIS_USERNAME": LOGIN,
        "LETTA_REDIS_PASSWORD_FILE": "/run/secrets/roost/cache-password",
        "LETTA_REDIS_TLS": "true",
        "LETTA_REDIS_CA_FILE": "/run/secrets/roost/cache-ca.pem",
    }
    request = cached.one("tls:index/certRequest:CertRequest", "cache-certificate")
    assert request.inputs["dnsNames"] == ["cache.roost.svc"]
    assert "cache-ca.pem" in cached.one(SECRET, "server").inputs["stringData"]


def test_only_the_servers_pods_connect(cached: Recording) -> None:
    server, cache = workload(cached, "server"), workload(cached, "cache")
    assert pod_may_connect(cached, server, cache, 6379)
    assert not pod_may_connect(cached, workload(cached, "edge"), cache, 6379)
    assert cached.waits_for(server.owner, cache.owner)


def test_an_image_that_uses_none_is_told_of_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {"cache": {"enabled": True}}
    unused = run_program("local", monkeypatch, tmp_path, config=config, platform=FACTS)
    assert not any("REDIS" in one["name"] for one in workload(unused, "server").container["env"])
    assert not pod_may_connect(unused, workload(unused, "server"), workload(unused, "cache"), 6379)
