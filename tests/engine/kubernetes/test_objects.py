"""Create, read, update and delete, one call at a time, against a real API server."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from typing import Any

import grpc
import pytest

from local.paths import REPO
from local.plugins.base.values import UNKNOWN, Secret, decode, encode
from tests.engine.kubernetes.harness import Cluster, Plugin, Refusal

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
NAMESPACE = "kubernetes:core/v1:Namespace"


def config_map(namespace: str, name: str = "settings", **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data or {"a": "1"},
    }


def test_the_plugin_costs_little_to_start() -> None:
    """Measured in CPU time, which other processes of the machine cannot spoil."""
    before = os.times()
    subprocess.run(
        [sys.executable, "-c", "import local.plugins.kubernetes.provider"], cwd=REPO, check=True, timeout=60
    )
    after = os.times()
    spent = (after.children_user - before.children_user) + (after.children_system - before.children_system)
    assert spent < 1.2  # 0.5 s on the machine where this was written


def test_an_object_is_created_with_a_field_manager_of_its_own(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace))
    state = decode(made.properties)
    assert made.id == f"{namespace}/settings"
    live = cluster.kubectl("get", "cm", "settings", "-n", namespace, "-o", "json", "--show-managed-fields")
    assert f'"manager": "{state["__fieldManager"]}"' in live
    assert '"operation": "Apply"' in live
    assert str(state["__fieldManager"]).startswith("pulumi-kubernetes-")
    assert state["__inputs"]["data"] == {"a": "1"}
    assert state["metadata"]["uid"]


def test_an_object_that_exists_is_refused_and_left_alone(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    cluster.kubectl("create", "configmap", "settings", "-n", namespace, "--from-literal=theirs=1")
    with pytest.raises(
        Refusal, match=f"{namespace}/settings already exists .AlreadyExists.*import"
    ) as refused:
        plugin.create(CONFIG_MAP, config_map(namespace))
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    assert cluster.get("cm", "settings", namespace)["data"] == {"theirs": "1"}


def test_update_changes_adds_and_removes(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace, a="1", b="2"))
    plugin.update(CONFIG_MAP, made.id, made.properties, config_map(namespace, b="3", c="4"))
    assert cluster.get("cm", "settings", namespace)["data"] == {"b": "3", "c": "4"}


def test_a_conflict_names_the_other_manager_and_the_remedy(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace, a="1"))
    cluster.kubectl(
        "patch",
        "cm",
        "settings",
        "-n",
        namespace,
        "--field-manager=somebody",
        "-p",
        '{"data":{"a":"theirs"}}',
    )
    wanted = config_map(namespace, a="ours")
    for preview in (True, False):
        with pytest.raises(Refusal, match=r"\.data\.a is managed by 'somebody'.*pulumi.com/patchForce"):
            plugin.update(CONFIG_MAP, made.id, made.properties, wanted, preview=preview)
    wanted["metadata"]["annotations"] = {"pulumi.com/patchForce": "true"}
    plugin.update(CONFIG_MAP, made.id, made.properties, wanted)
    assert cluster.get("cm", "settings", namespace)["data"] == {"a": "ours"}


def test_ignored_changes_are_left_to_whoever_made_them(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace, a="1", b="1"))
    cluster.kubectl(
        "patch", "cm", "settings", "-n", namespace, "--field-manager=scaler", "-p", '{"data":{"a":"9"}}'
    )
    wanted = config_map(namespace, a="1", b="2")
    plugin.update(CONFIG_MAP, made.id, made.properties, wanted, ignore=("data.a",))
    assert cluster.get("cm", "settings", namespace)["data"] == {"a": "9", "b": "2"}


def test_the_field_manager_can_be_chosen_and_changed(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace, a="1"))
    wanted = config_map(namespace, b="1")
    wanted["metadata"]["annotations"] = {"pulumi.com/patchFieldManager": "chosen"}
    updated = plugin.update(CONFIG_MAP, made.id, made.properties, wanted)
    assert decode(updated.properties)["__fieldManager"] == "chosen"
    # What only the old manager had is gone with it.
    assert cluster.get("cm", "settings", namespace)["data"] == {"b": "1"}


def test_an_object_that_vanished_is_made_again_by_update(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace))
    cluster.kubectl("delete", "cm", "settings", "-n", namespace)
    plugin.update(CONFIG_MAP, made.id, made.properties, config_map(namespace, a="2"))
    assert cluster.get("cm", "settings", namespace)["data"] == {"a": "2"}


def test_refresh_shows_drift_of_what_the_program_set_and_nothing_else(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    inputs = config_map(namespace, a="1", b="2")
    made = plugin.create(CONFIG_MAP, inputs)
    cluster.kubectl("patch", "cm", "settings", "-n", namespace, "-p", '{"data":{"a":"9","z":"theirs"}}')
    found = plugin.read(CONFIG_MAP, made.id, made.properties, inputs)
    assert decode(found.inputs)["data"] == {"a": "9", "b": "2"}
    assert decode(found.properties)["data"] == {"a": "9", "b": "2", "z": "theirs"}
    assert "resourceVersion" not in decode(found.inputs)["metadata"]


def test_what_is_gone_reads_as_gone_and_deletes_without_complaint(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(CONFIG_MAP, config_map(namespace))
    plugin.delete(CONFIG_MAP, made.id, made.properties)
    assert plugin.read(CONFIG_MAP, made.id, made.properties, config_map(namespace)).id == ""
    plugin.delete(CONFIG_MAP, made.id, made.properties)
    assert plugin.read("kubernetes:example.com/v1:Nothing", "x/y").id == ""


def test_delete_waits_for_finalizers_and_names_them_when_time_is_up(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    inputs = config_map(namespace)
    inputs["metadata"]["finalizers"] = ["example.com/hold"]
    made = plugin.create(CONFIG_MAP, inputs)
    with pytest.raises(Refusal, match=r"'settings' still exists 1 s after.*finalizers.* example.com/hold"):
        plugin.delete(CONFIG_MAP, made.id, made.properties, timeout=1)
    assert cluster.get("cm", "settings", namespace)["metadata"]["deletionTimestamp"]
    cluster.kubectl(
        "patch", "cm", "settings", "-n", namespace, "--type=merge", "-p", '{"metadata":{"finalizers":null}}'
    )
    plugin.delete(CONFIG_MAP, made.id, made.properties, timeout=10)


def test_a_namespace_is_gone_with_its_content_when_delete_returns(plugin: Plugin, cluster: Cluster) -> None:
    made = plugin.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "doomed"}})
    cluster.kubectl("create", "configmap", "inside", "-n", "doomed")
    plugin.delete(NAMESPACE, made.id, made.properties, timeout=60)
    assert "doomed" not in cluster.kubectl("get", "namespaces")


def test_a_secret_is_stored_secret_and_its_string_data_survives_a_refresh(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": namespace},
        "stringData": {"password": "correct horse"},
    }
    made = plugin.create(SECRET, inputs)
    state = decode(made.properties)
    assert state["data"] == Secret({"password": base64.b64encode(b"correct horse").decode()})
    assert state["__inputs"]["stringData"] == Secret({"password": "correct horse"})
    found = plugin.read(SECRET, made.id, made.properties, inputs)
    assert decode(found.inputs)["stringData"] == Secret({"password": "correct horse"})
    assert decode(found.inputs).get("data") is None


def test_an_error_does_not_echo_secrets(plugin: Plugin, namespace: str) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login", "namespace": namespace},
        "data": {"password": "correct horse!"},  # not base64: the API server quotes what it cannot read
        "stringData": {"other": Secret("battery staple")},
        "immutable": "battery staple",  # a type error that quotes the value
    }
    with pytest.raises(Refusal) as refused:
        plugin.create(SECRET, inputs)
    assert "horse" not in refused.value.message
    assert "battery" not in refused.value.message


def test_an_invalid_object_is_refused_in_preview_with_the_servers_words(
    plugin: Plugin, namespace: str
) -> None:
    wrong = config_map(namespace)
    wrong["dta"] = {}
    for preview in (True, False):
        with pytest.raises(Refusal, match=r"refused it.*dta: field not declared in schema"):
            plugin.create(CONFIG_MAP, wrong, preview=preview)


def test_preview_shows_defaults_but_not_what_a_dry_run_invents(plugin: Plugin, namespace: str) -> None:
    inputs = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    shown = decode(plugin.create("kubernetes:core/v1:Service", inputs, preview=True).properties)
    assert shown["spec"]["ports"][0]["protocol"] == "TCP"
    assert shown["spec"]["clusterIP"] is UNKNOWN
    assert shown["metadata"]["uid"] is UNKNOWN
    assert "status" not in shown


@pytest.mark.parametrize(
    ("token", "inputs"),
    [
        (
            CONFIG_MAP,
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "not-yet"}},
        ),
        (
            "kubernetes:example.com/v1:Late",
            {"apiVersion": "example.com/v1", "kind": "Late", "metadata": {"name": "x"}},
        ),
        (
            CONFIG_MAP,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": UNKNOWN},
                "data": {"a": Secret("b")},
            },
        ),
    ],
    ids=["namespace not there yet", "kind not there yet", "unknown and secret values"],
)
def test_preview_returns_the_inputs_where_the_server_cannot_tell(
    plugin: Plugin, token: str, inputs: dict[str, Any]
) -> None:
    assert decode(plugin.create(token, inputs, preview=True).properties) == inputs


def test_preview_of_a_replacement_does_not_stumble_over_the_old_object(
    plugin: Plugin, namespace: str
) -> None:
    plugin.create(CONFIG_MAP, config_map(namespace))
    plugin.create(CONFIG_MAP, config_map(namespace, a="2"), preview=True)


def test_a_patch_resource_changes_what_exists_and_gives_up_its_fields_on_delete(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    token = "kubernetes:core/v1:ConfigMapPatch"
    wanted = config_map(namespace, ours="1")
    with pytest.raises(Refusal, match="does not exist; a patch resource can only change what exists"):
        plugin.create(token, wanted)
    cluster.kubectl("create", "configmap", "settings", "-n", namespace, "--from-literal=theirs=1")
    made = plugin.create(token, wanted)
    assert cluster.get("cm", "settings", namespace)["data"] == {"ours": "1", "theirs": "1"}
    plugin.delete(token, made.id, made.properties)
    assert cluster.get("cm", "settings", namespace)["data"] == {"theirs": "1"}


def test_a_patched_namespace_keeps_what_its_owner_set_and_shows_its_owner_no_drift(
    plugin: Plugin, cluster: Cluster
) -> None:
    owner, patch = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:NamespacePatch"
    wanted = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "patched", "labels": {"a": "1"}}}
    gate = {**wanted, "metadata": {"name": "patched", "labels": {"gate": "enabled"}}}
    made = plugin.create(owner, wanted)
    patched = plugin.create(patch, gate)
    assert cluster.labels("namespace", "patched") >= {"a": "1", "gate": "enabled"}.items()
    assert decode(plugin.read(owner, made.id, made.properties, wanted).inputs) == wanted
    assert decode(plugin.read(patch, patched.id, patched.properties, gate).inputs) == gate
    plugin.delete(patch, patched.id, patched.properties)
    assert "gate" not in dict(cluster.labels("namespace", "patched"))
    plugin.delete(owner, made.id, made.properties)


def test_a_custom_resource_works_as_soon_as_its_definition_does(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    schema = {
        "openAPIV3Schema": {
            "type": "object",
            "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
        }
    }
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.org"},
        "spec": {
            "group": "example.org",
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    widget = {
        "apiVersion": "example.org/v1",
        "kind": "Widget",
        "metadata": {
            "name": "one",
            "namespace": namespace,
            # The garbage collector notices new definitions only every 30 s; nothing here needs it.
            "annotations": {"pulumi.com/deletionPropagationPolicy": "background"},
        },
        "spec": {"size": 1.5, "count": 3},
    }
    token = "kubernetes:example.org/v1:Widget"
    with pytest.raises(Refusal, match=r"serves no Widget in example.org/v1.*CustomResourceDefinition"):
        plugin.create(token, widget)
    plugin.create("kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition", definition)
    made = plugin.create(token, widget)
    assert cluster.get("widgets", "one", namespace)["spec"] == {"size": 1.5, "count": 3}
    assert plugin.check(token, "two", {**widget, "metadata": {}})["metadata"]["namespace"] == "default"
    plugin.delete(token, made.id, made.properties)


@pytest.mark.parametrize(
    ("token", "sentence"),
    [
        ("kubernetes:helm.sh/v3:Release", "runs no Helm charts or releases. Install the official one"),
        ("kubernetes:yaml:ConfigFile", "renders no YAML"),
        ("kubernetes:core/v1:PodList", "list resources .* declare each Pod as its own resource"),
    ],
)
def test_what_only_the_official_plugin_does_is_said_so(plugin: Plugin, token: str, sentence: str) -> None:
    with pytest.raises(Refusal, match=sentence):
        plugin.check(token, "x", {})


def test_state_that_the_plugin_wrote_reads_back_after_a_round_trip(plugin: Plugin, namespace: str) -> None:
    inputs = config_map(namespace)
    made = plugin.create(CONFIG_MAP, inputs)
    again = encode(decode(made.properties))
    assert plugin.diff(CONFIG_MAP, again, inputs, inputs).changes == 1  # DIFF_NONE
