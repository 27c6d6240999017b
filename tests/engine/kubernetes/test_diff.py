"""Which changes are made in place, and which need a new object: as the API server says, or as we guess."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.values import UNKNOWN, Secret, decode, encode
from local.rehearsal.controlplane import ControlPlane
from tests.engine.kubernetes.harness import Cluster, Plugin, Refusal, start

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
JOB = "kubernetes:batch/v1:Job"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
SECRET = "kubernetes:core/v1:Secret"
Kind = provider_pb2.PropertyDiff


def metadata(namespace: str, name: str = "app", **annotations: str) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "namespace": namespace}
    if annotations:
        found["annotations"] = {f"pulumi.com/{key}": value for key, value in annotations.items()}
    return found


def template(image: str = "example.com/app:1", **labels: str) -> dict[str, Any]:
    return {
        "metadata": {"labels": labels or {"app": "app"}},
        "spec": {"containers": [{"name": "app", "image": image, "resources": {"requests": {"cpu": "0.5"}}}]},
    }


def workload(kind: str, namespace: str, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": metadata(namespace, skipAwait="true"),
        "spec": {"selector": {"matchLabels": {"app": "app"}}, "template": template(), "replicas": 1, **spec},
    }


def job(namespace: str, image: str = "example.com/app:1", **annotations: str) -> dict[str, Any]:
    pod = template(image)
    pod["spec"]["restartPolicy"] = "Never"
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(namespace, **{"skipAwait": "true", **annotations}),
        "spec": {"template": pod, "backoffLimit": 0},
    }


def data_object(kind: str, namespace: str, **data: str) -> dict[str, Any]:
    field = "data" if kind == "ConfigMap" else "stringData"
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata(namespace), field: data}


def changed(response: provider_pb2.DiffResponse) -> dict[str, int]:
    return {path: difference.kind for path, difference in response.detailedDiff.items()}


def test_no_change_is_no_difference_and_a_changed_image_is_one_update(plugin: Plugin, namespace: str) -> None:
    old = workload("Deployment", namespace)
    made = plugin.create(DEPLOYMENT, old)
    assert plugin.diff(DEPLOYMENT, made.properties, old, old).changes == provider_pb2.DiffResponse.DIFF_NONE
    new = workload("Deployment", namespace, template=template("example.com/app:2"))
    found = plugin.diff(DEPLOYMENT, made.properties, old, new)
    assert changed(found) == {"spec.template.spec.containers[0].image": Kind.UPDATE}
    assert not found.replaces
    assert not found.deleteBeforeReplace


def test_another_spelling_of_the_same_quantity_is_no_difference(plugin: Plugin, namespace: str) -> None:
    old = workload("Deployment", namespace)
    made = plugin.create(DEPLOYMENT, old)
    new = workload("Deployment", namespace)
    new["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "500m"
    assert not changed(plugin.diff(DEPLOYMENT, made.properties, old, new))


def test_an_immutable_field_needs_a_new_object_and_a_fixed_name_the_old_one_gone_first(
    plugin: Plugin, namespace: str
) -> None:
    old = workload("Deployment", namespace)
    made = plugin.create(DEPLOYMENT, old)
    new = workload(
        "Deployment",
        namespace,
        selector={"matchLabels": {"app": "other"}},
        template=template(app="other"),
    )
    found = plugin.diff(DEPLOYMENT, made.properties, old, new)
    assert changed(found)["spec.selector.matchLabels.app"] == Kind.UPDATE_REPLACE
    assert changed(found)["spec.template.metadata.labels.app"] == Kind.UPDATE
    assert found.deleteBeforeReplace


@pytest.mark.parametrize(
    ("field", "value", "needs_new"),
    [
        ("serviceName", "other", True),
        ("podManagementPolicy", "Parallel", True),
        ("replicas", 3, False),
        ("minReadySeconds", 5, False),
    ],
)
def test_the_api_server_decides_about_a_stateful_set(
    plugin: Plugin, namespace: str, field: str, value: Any, needs_new: bool
) -> None:
    old = workload("StatefulSet", namespace, serviceName="app")
    made = plugin.create(STATEFUL_SET, old)
    new = workload("StatefulSet", namespace, **{"serviceName": "app", field: value})
    found = plugin.diff(STATEFUL_SET, made.properties, old, new)
    assert bool(found.replaces) is needs_new
    assert list(changed(found)) == [f"spec.{field}"]


def test_a_jobs_template_needs_a_new_job(plugin: Plugin, namespace: str) -> None:
    made = plugin.create(JOB, job(namespace))
    found = plugin.diff(JOB, made.properties, job(namespace), job(namespace, "example.com/app:2"))
    assert found.replaces == ["spec.template.spec.containers[0].image"]
    assert found.deleteBeforeReplace


def test_a_claim_grows_in_place_or_is_refused_but_is_never_replaced_for_its_size(
    plugin: Plugin, namespace: str
) -> None:
    def claim(size: str) -> dict[str, Any]:
        spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
        return {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": metadata(namespace, skipAwait="true"),
            "spec": spec,
        }

    token = "kubernetes:core/v1:PersistentVolumeClaim"
    made = plugin.create(token, claim("1Gi"))
    found = plugin.diff(token, made.properties, claim("1Gi"), claim("2Gi"))
    assert not found.replaces
    assert not found.deleteBeforeReplace


def test_a_change_that_is_merely_wrong_is_an_error_and_no_replacement(plugin: Plugin, namespace: str) -> None:
    old = workload("Deployment", namespace)
    made = plugin.create(DEPLOYMENT, old)
    new = workload("Deployment", namespace, replicas=-1)
    found = plugin.diff(DEPLOYMENT, made.properties, old, new)
    assert changed(found) == {"spec.replicas": Kind.UPDATE}
    with pytest.raises(Refusal, match=r"spec.replicas: Invalid value: -1"):
        plugin.update(DEPLOYMENT, made.id, made.properties, new, preview=True)


@pytest.mark.parametrize("kind", ["ConfigMap", "Secret"])
def test_changed_data_makes_a_new_object_unless_told_otherwise(
    plugin: Plugin, namespace: str, kind: str, plane: ControlPlane
) -> None:
    token = f"kubernetes:core/v1:{kind}"
    field = "data" if kind == "ConfigMap" else "stringData"
    old, new = data_object(kind, namespace, a="1"), data_object(kind, namespace, a="2")
    made = plugin.create(token, old)
    found = plugin.diff(token, made.properties, old, new)
    assert found.replaces == [f"{field}.a"]
    assert found.deleteBeforeReplace
    plugin.configure(
        kubeconfig=str(plane.kubeconfig), enableConfigMapMutable="true", enableSecretMutable=True
    )
    found = plugin.diff(token, made.properties, old, new)
    plugin.configure(kubeconfig=str(plane.kubeconfig))
    assert changed(found) == {f"{field}.a": Kind.UPDATE}


def test_an_autonamed_object_is_made_anew_before_the_old_one_goes(plugin: Plugin, namespace: str) -> None:
    wanted = {"metadata": {"namespace": namespace}, "data": {"a": "1"}}
    old = plugin.check(CONFIG_MAP, "settings", wanted)
    made = plugin.create(CONFIG_MAP, old)
    new = plugin.check(CONFIG_MAP, "settings", {**wanted, "data": {"a": "2"}}, olds=old)
    assert new["metadata"]["name"] == old["metadata"]["name"]
    found = plugin.diff(CONFIG_MAP, made.properties, old, new)
    assert found.replaces == ["data.a"]
    assert not found.deleteBeforeReplace
    # For the replacement the engine checks again without the old inputs, with a new seed.
    replacement = plugin.check(CONFIG_MAP, "settings", {**wanted, "data": {"a": "2"}}, seed=b"another")
    assert replacement["metadata"]["name"] != old["metadata"]["name"]


@pytest.mark.parametrize("field", ["name", "namespace"])
def test_another_name_or_namespace_is_another_object(plugin: Plugin, namespace: str, field: str) -> None:
    old = data_object("ConfigMap", namespace, a="1")
    made = plugin.create(CONFIG_MAP, old)
    new = {**old, "metadata": {**old["metadata"], field: "elsewhere"}}
    found = plugin.diff(CONFIG_MAP, made.properties, old, new)
    assert found.replaces == [f"metadata.{field}"]
    assert not found.deleteBeforeReplace


def test_an_unknown_value_is_a_change_and_a_secret_one_is_not(plugin: Plugin, namespace: str) -> None:
    old = data_object("ConfigMap", namespace, a="1")
    made = plugin.create(CONFIG_MAP, old)
    assert changed(plugin.diff(CONFIG_MAP, made.properties, old, {**old, "data": {"a": UNKNOWN}}))
    assert not changed(plugin.diff(CONFIG_MAP, made.properties, old, {**old, "data": Secret({"a": "1"})}))


def test_an_imported_object_matches_a_program_that_says_less_than_the_server(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = workload("Deployment", namespace)
    cluster.apply(wanted)
    found = plugin.read(DEPLOYMENT, f"{namespace}/app")
    imported = decode(found.inputs)
    assert imported["spec"]["template"]["spec"]["containers"][0]["imagePullPolicy"]
    assert "status" not in imported
    assert "uid" not in imported["metadata"]
    assert not changed(plugin.diff(DEPLOYMENT, found.properties, imported, wanted))
    more = workload("Deployment", namespace, replicas=2)
    assert changed(plugin.diff(DEPLOYMENT, found.properties, imported, more))


def test_replace_unready_runs_a_job_again_only_while_it_has_not_completed(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = job(namespace, replaceUnready="true")
    made = plugin.create(JOB, wanted)
    found = plugin.diff(JOB, made.properties, wanted, wanted)
    assert found.replaces == ['metadata.annotations["pulumi.com/replaceUnready"]']
    assert found.deleteBeforeReplace
    cluster.report_pods(namespace, {"phase": "Succeeded"})
    cluster.kubectl("wait", "job/app", "-n", namespace, "--for=condition=Complete", "--timeout=20s")
    assert not changed(plugin.diff(JOB, made.properties, wanted, wanted))


@pytest.fixture(scope="module")
def cut_off() -> Generator[Plugin]:
    """The plugin with a kubeconfig whose server nobody runs."""
    clusters = [{"name": "x", "cluster": {"server": "https://127.0.0.1:1"}}]
    contexts = [{"name": "x", "context": {"cluster": "x"}}]
    started = start(
        {"kubeconfig": Secret(str({"clusters": clusters, "contexts": contexts, "current-context": "x"}))}
    )
    yield started
    started.stop()


def test_without_a_cluster_previews_work_from_the_inputs(cut_off: Plugin) -> None:
    old = workload("Deployment", "somewhere")
    checked = cut_off.check(
        DEPLOYMENT, "app", {k: v for k, v in old.items() if k not in ("apiVersion", "kind")}
    )
    assert checked == old
    assert decode(cut_off.create(DEPLOYMENT, old, preview=True).properties) == old
    state = encode({**old, "__inputs": old})
    new = workload("Deployment", "somewhere", selector={"matchLabels": {"app": "other"}}, replicas=2)
    found = cut_off.diff(DEPLOYMENT, state, old, new)
    assert changed(found) == {
        "spec.selector.matchLabels.app": Kind.UPDATE_REPLACE,
        "spec.replicas": Kind.UPDATE,
    }
    assert decode(cut_off.update(DEPLOYMENT, "x", state, new, preview=True).properties) == new


@pytest.mark.parametrize(
    ("token", "namespaced"),
    [
        ("kubernetes:core/v1:Namespace", False),
        ("kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", False),
        ("kubernetes:apps/v1:Deployment", True),
        ("kubernetes:example.com/v1:Whatever", True),
    ],
)
def test_without_a_cluster_the_scope_of_a_kind_is_known(
    cut_off: Plugin, token: str, namespaced: bool
) -> None:
    assert ("namespace" in cut_off.check(token, "x", {})["metadata"]) is namespaced


def test_without_a_cluster_the_rest_says_what_to_do(cut_off: Plugin) -> None:
    wanted = data_object("ConfigMap", "somewhere", a="1")
    state = encode({**wanted, "__inputs": wanted})
    with pytest.raises(Refusal, match=r"cluster is unreachable: https://127.0.0.1:1 does not answer"):
        cut_off.create(CONFIG_MAP, wanted)
    for call in (
        lambda: cut_off.read(CONFIG_MAP, "somewhere/app", state, wanted),
        lambda: cut_off.delete(CONFIG_MAP, "somewhere/app", state),
    ):
        with pytest.raises(Refusal, match='PULUMI_K8S_DELETE_UNREACHABLE="true"'):
            call()


def test_the_static_table_of_scopes_agrees_with_the_api_server(cluster: Cluster) -> None:
    from local.plugins.kubernetes import kinds
    from local.plugins.kubernetes.objects import parse_kind

    for line in cluster.kubectl("api-resources", "--no-headers").splitlines():
        api_version, namespaced, kind = line.split()[-3:]
        known = kinds.cluster_scoped(parse_kind(api_version, kind))
        assert known in (None, namespaced == "false"), (api_version, kind)
