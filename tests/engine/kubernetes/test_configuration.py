"""Kubeconfigs, logins, and what a change of configuration means for everything in the cluster."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.values import UNKNOWN, Secret, Value, encode
from local.plugins.kubernetes import kubeconfig
from local.plugins.kubernetes.configuration import compare
from local.plugins.kubernetes.kubeconfig import KubeconfigError
from local.rehearsal.controlplane import ControlPlane
from tests.engine.kubernetes.harness import Cluster, Plugin, Refusal, start


def document(server: str = "https://one:6443", ca: bytes = b"ca", user: dict[str, Any] | None = None) -> str:
    return yaml.safe_dump(
        {
            "current-context": "first",
            "clusters": [
                {
                    "name": "c",
                    "cluster": {
                        "server": server,
                        "certificate-authority-data": base64.b64encode(ca).decode(),
                    },
                },
                {"name": "other", "cluster": {"server": "https://other"}},
            ],
            "users": [{"name": "u", "user": user or {"token": "t"}}],
            "contexts": [
                {"name": "first", "context": {"cluster": "c", "user": "u"}},
                {"name": "second", "context": {"cluster": "other", "user": "u", "namespace": "team"}},
            ],
        }
    )


def test_a_kubeconfig_is_read_from_its_text_from_a_path_and_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config"
    path.write_text(document())
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'absent'}:{path}")
    for source in (document(), str(path), None):
        found = kubeconfig.load(source)
        assert (found.server, found.ca, found.login.token) == ("https://one:6443", b"ca", "t")
    assert kubeconfig.load(document(), context="second").namespace == "team"
    assert kubeconfig.load(document(), cluster="other").server == "https://other"


def test_relative_paths_in_a_kubeconfig_count_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "me.crt").write_text("certificate")
    (tmp_path / "me.key").write_text("key")
    path = tmp_path / "config"
    path.write_text(document(user={"client-certificate": "me.crt", "client-key": "me.key"}))
    assert kubeconfig.load(str(path)).login.certificate == b"certificate"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("/nowhere/config", "There is no kubeconfig at /nowhere/config"),
        (":\n- not\nyaml: [", "is not valid YAML"),
        ("- a\n- list\n", "expected a mapping"),
        (
            document().replace("current-context: first", "current-context: third"),
            "no context 'third'; its contexts are: first, second",
        ),
        (
            document().replace(base64.b64encode(b"ca").decode(), "'?'"),
            "certificate-authority-data is not base64",
        ),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_says_why(source: str, sentence: str) -> None:
    with pytest.raises(KubeconfigError, match=sentence):
        kubeconfig.load(source)


def test_a_login_command_is_run_and_its_failure_told(
    plane: ControlPlane, cluster: Cluster, tmp_path: Path, namespace: str
) -> None:
    """As cloud clusters do it. The command hands out the administrator's own certificate."""
    full = yaml.safe_load(plane.kubeconfig.read_text())
    user = full["users"][0]["user"]
    status = {
        "clientCertificateData": Path(user["client-certificate"]).read_text(),
        "clientKeyData": Path(user["client-key"]).read_text(),
    }
    answer = tmp_path / "answer.json"
    answer.write_text(json.dumps({"kind": "ExecCredential", "status": status}))
    full["users"][0]["user"] = {"exec": {"command": "cat", "args": [str(answer)]}}
    plugin = start({"kubeconfig": yaml.safe_dump(full)})
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": namespace}}
    try:
        plugin.create("kubernetes:core/v1:ConfigMap", wanted)
        full["users"][0]["user"] = {"exec": {"command": "sh", "args": ["-c", "echo no session >&2; exit 1"]}}
        plugin.configure(kubeconfig=yaml.safe_dump(full))
        with pytest.raises(Refusal, match="unreachable: The login command 'sh' failed: no session"):
            plugin.create("kubernetes:core/v1:ConfigMap", wanted)
    finally:
        plugin.stop()
    assert cluster.get("cm", "a", namespace)


def test_a_wrong_certificate_is_refused_and_nobody_is_trusted_without_the_right_authority(
    plane: ControlPlane,
) -> None:
    full = yaml.safe_load(plane.kubeconfig.read_text())
    del full["clusters"][0]["cluster"]["certificate-authority"]
    plugin = start({"kubeconfig": yaml.safe_dump(full)})
    try:
        with pytest.raises(Refusal, match="certificate verify failed"):
            plugin.create("kubernetes:core/v1:Namespace", {"metadata": {"name": "x"}})
        full = yaml.safe_load(plane.kubeconfig.read_text())
        full["users"][0]["user"] = {"token": "wrong"}
        plugin.configure(kubeconfig=yaml.safe_dump(full))
        with pytest.raises(Refusal, match="the API server refuses us: Unauthorized"):
            plugin.create("kubernetes:core/v1:Namespace", {"metadata": {"name": "x"}})
    finally:
        plugin.stop()


@pytest.mark.parametrize(
    ("old", "new", "replaced"),
    [
        ({"kubeconfig": document()}, {"kubeconfig": document(user={"token": "renewed"})}, False),
        ({"kubeconfig": document()}, {"kubeconfig": Secret(document())}, False),
        ({"kubeconfig": document()}, {"kubeconfig": document("https://two:6443")}, True),
        ({"kubeconfig": document()}, {"kubeconfig": document(ca=b"of another cluster")}, True),
        ({"kubeconfig": document()}, {"kubeconfig": document(), "context": "second"}, True),
        ({"kubeconfig": document()}, {"kubeconfig": UNKNOWN}, False),
        ({"kubeconfig": document()}, {"kubeconfig": document(), "namespace": "other"}, False),
        (
            {"kubeconfig": document(), "clusterIdentifier": "x"},
            {"kubeconfig": document("https://two:6443"), "clusterIdentifier": "x"},
            False,
        ),
        (
            {"kubeconfig": document(), "clusterIdentifier": "x"},
            {"kubeconfig": document(), "clusterIdentifier": "y"},
            True,
        ),
        (
            {"kubeconfig": document(), "clusterIdentifier": "x"},
            {"kubeconfig": UNKNOWN, "clusterIdentifier": UNKNOWN},
            False,
        ),
        (
            {"kubeconfig": document()},
            {"kubeconfig": document(), "clusterIdentifier": "x"},
            False,
        ),
    ],
)
def test_only_another_cluster_replaces_the_provider(
    old: dict[str, Value], new: dict[str, Value], *, replaced: bool
) -> None:
    assert any(change.needs_new for change in compare(old, new)) is replaced


def test_settings_that_would_do_harm_unread_are_refused(plugin: Plugin) -> None:
    request = provider_pb2.CheckRequest(
        urn="urn:pulumi:test::project::pulumi:providers:kubernetes::cluster",
        news=encode({"kubeconfig": Secret("secret"), "renderYamlToDirectory": "out", "someday": "new"}),
    )
    answer = plugin.call("CheckConfig", request)
    assert [failure.property for failure in answer.failures] == ["renderYamlToDirectory"]
    assert answer.inputs == request.news


@pytest.mark.parametrize("token", ["kubernetes:yaml:decode", "kubernetes:helm:template"])
def test_functions_that_render_manifests_point_to_the_official_plugin(plugin: Plugin, token: str) -> None:
    with pytest.raises(Refusal, match="Install the official one") as refused:
        plugin.call("Invoke", provider_pb2.InvokeRequest(tok=token))
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    with pytest.raises(Refusal, match="renders no YAML"):
        plugin.call("Construct", provider_pb2.ConstructRequest(type="kubernetes:yaml/v2:ConfigGroup"))
