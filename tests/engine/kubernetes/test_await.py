"""When create and update return, and what they say when an object does not become ready.

The control plane has no kubelet: what one would report is written to the status subresource of the real
API server (`Cluster.set_status`).
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from google.protobuf import empty_pb2

from local.plugins.base.values import Secret, decode
from local.rehearsal.controlplane import ControlPlane
from tests.engine.kubernetes.harness import Cluster, Plugin, Refusal, later, start
from tests.engine.kubernetes.test_diff import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    STATEFUL_SET,
    data_object,
    job,
    metadata,
    workload,
)

SERVICE = "kubernetes:core/v1:Service"
POD = "kubernetes:core/v1:Pod"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
NOW = "2026-01-01T00:00:00Z"


def awaited(obj: dict[str, Any]) -> dict[str, Any]:
    obj["metadata"]["annotations"].pop("pulumi.com/skipAwait")
    return obj


def make_pods_ready(cluster: Cluster, namespace: str) -> None:
    """What the kubelet would report: every pod of the namespace runs and is ready."""
    conditions = [
        {"type": kind, "status": "True", "lastTransitionTime": NOW} for kind in ("Ready", "ContainersReady")
    ]
    address = {"podIP": "10.1.1.1", "podIPs": [{"ip": "10.1.1.1"}], "startTime": NOW}
    cluster.report_pods(namespace, {"phase": "Running", "conditions": conditions, **address})


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_workload_is_awaited_until_its_pods_are_ready(
    plugin: Plugin, cluster: Cluster, namespace: str, kind: str
) -> None:
    extra = {"serviceName": "app"} if kind == "StatefulSet" else {}
    wanted = awaited(workload(kind, namespace, **extra))
    helper = later(1.5, lambda: make_pods_ready(cluster, namespace))
    began = time.monotonic()
    made = plugin.create(f"kubernetes:apps/v1:{kind}", wanted, name="awaited", timeout=40)
    helper.join()
    assert time.monotonic() - began > 1.5
    assert decode(made.properties)["status"]["availableReplicas"] == 1
    said = [line.message for line in plugin.log.lines if line.ephemeral and line.urn.endswith("::awaited")]
    assert any("0 of 1" in text or "waiting for the controller" in text for text in said)


def test_an_update_is_awaited_until_the_new_pods_have_replaced_the_old(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    made = plugin.create(DEPLOYMENT, workload("Deployment", namespace))
    make_pods_ready(cluster, namespace)
    changed = awaited(workload("Deployment", namespace, minReadySeconds=0))
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "example.com/app:2"
    with pytest.raises(Refusal, match="not ready after 2 s"):
        plugin.update(DEPLOYMENT, made.id, made.properties, changed, timeout=2)
    make_pods_ready(cluster, namespace)
    plugin.update(DEPLOYMENT, made.id, made.properties, changed, timeout=40)


def test_a_workload_that_fails_is_recorded_and_explained(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = awaited(workload("Deployment", namespace))
    helper = later(1, lambda: break_pod(cluster, namespace))
    with pytest.raises(Refusal) as refused:
        plugin.create(DEPLOYMENT, wanted, timeout=6)
    helper.join()
    partial = refused.value.partial
    assert partial is not None
    assert partial.id == f"{namespace}/app"
    assert decode(partial.properties)["__inputs"]["spec"]["replicas"] == 1
    text = "\n".join(partial.reasons)
    assert f"Deployment {namespace}/app: not ready after 6 s: 0 of 1" in text
    assert "Available is False (MinimumReplicasUnavailable)" in text
    assert "init container prepare: ended with exit code 3 (Error): no such table: agents" in text
    assert "container app: CrashLoopBackOff: back-off 10s" in text
    assert "event FailedScheduling: no nodes available" in text


def break_pod(cluster: Cluster, namespace: str) -> None:
    """What kubelet and scheduler would report about a pod that cannot start."""
    name = cluster.kubectl("get", "pods", "-n", namespace, "-o", "name").strip().removeprefix("pod/")
    ended = {"exitCode": 3, "reason": "Error", "message": "no such table: agents\n"}
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}
    common = {"ready": False, "restartCount": 1, "image": "x", "imageID": "x"}
    cluster.set_status(
        "pod",
        name,
        namespace,
        {
            "initContainerStatuses": [{"name": "prepare", "state": {"terminated": ended}, **common}],
            "containerStatuses": [{"name": "app", "state": {"waiting": waiting}, **common}],
        },
    )
    uid = cluster.get("pod", name, namespace)["metadata"]["uid"]
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"name": "unscheduled", "namespace": namespace},
            "involvedObject": {"kind": "Pod", "name": name, "namespace": namespace, "uid": uid},
            "type": "Warning",
            "reason": "FailedScheduling",
            "message": "no nodes available",
            "lastTimestamp": NOW,
        }
    )


def test_a_job_is_awaited_until_it_completes(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    helper = later(1, lambda: cluster.report_pods(namespace, {"phase": "Succeeded"}))
    made = plugin.create(JOB, awaited(job(namespace)), timeout=20)
    helper.join()
    assert decode(made.properties)["status"]["succeeded"] == 1


def test_a_failed_job_ends_the_wait_at_once(plugin: Plugin, cluster: Cluster, namespace: str) -> None:
    ended = {"exitCode": 1, "reason": "Error", "message": "column does not exist"}
    container = {"name": "app", "ready": False, "restartCount": 0, "image": "x", "imageID": "x"}
    failed = {"phase": "Failed", "containerStatuses": [{**container, "state": {"terminated": ended}}]}
    helper = later(1, lambda: cluster.report_pods(namespace, failed))
    with pytest.raises(Refusal) as refused:
        plugin.create(JOB, awaited(job(namespace)), timeout=50)
    helper.join()
    assert refused.value.partial is not None
    first, *details = refused.value.partial.reasons
    assert first.startswith(f"Job {namespace}/app: Failed is True (BackoffLimitExceeded)")
    assert "container app: ended with exit code 1 (Error): column does not exist" in "\n".join(details)


def test_the_last_words_of_a_container_do_not_give_away_what_the_program_keeps_secret(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = awaited(job(namespace))
    environment = [{"name": "PASSWORD", "value": Secret("correct horse")}]
    wanted["spec"]["template"]["spec"]["containers"][0]["env"] = environment
    ended = {"exitCode": 1, "reason": "Error", "message": "no login with 'correct horse'"}
    container = {"name": "app", "ready": False, "restartCount": 0, "image": "x", "imageID": "x"}
    failed = {"phase": "Failed", "containerStatuses": [{**container, "state": {"terminated": ended}}]}
    helper = later(1, lambda: cluster.report_pods(namespace, failed))
    with pytest.raises(Refusal) as refused:
        plugin.create(JOB, wanted, timeout=50)
    helper.join()
    assert refused.value.partial is not None
    text = "\n".join(refused.value.partial.reasons)
    assert "no login with '[secret]'" in text
    assert "correct horse" not in text


@pytest.mark.parametrize(
    ("token", "obj"),
    [
        (DEPLOYMENT, workload("Deployment", "")),
        (STATEFUL_SET, workload("StatefulSet", "", serviceName="app")),
        (JOB, job("")),
    ],
)
def test_skip_await_returns_at_once(plugin: Plugin, namespace: str, token: str, obj: dict[str, Any]) -> None:
    obj = {**obj, "metadata": {**obj["metadata"], "namespace": namespace}}
    began = time.monotonic()
    made = plugin.create(token, obj)
    assert time.monotonic() - began < 5
    plugin.delete(token, made.id, made.properties)


def test_the_timeout_comes_from_the_annotation_unless_custom_timeouts_say_otherwise(
    plugin: Plugin, namespace: str
) -> None:
    wanted = awaited(workload("Deployment", namespace))
    wanted["metadata"]["annotations"] = {"pulumi.com/timeoutSeconds": "1"}
    with pytest.raises(Refusal, match="not ready after 1 s"):
        plugin.create(DEPLOYMENT, wanted)
    wanted["metadata"]["name"] = "other"
    with pytest.raises(Refusal, match="not ready after 2 s"):
        plugin.create(DEPLOYMENT, wanted, timeout=2)


def service(namespace: str, **spec: Any) -> dict[str, Any]:
    ports = [{"port": 80}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata(namespace),
        "spec": {"selector": {"app": "app"}, "ports": ports, **spec},
    }


@pytest.mark.parametrize(
    "spec",
    [
        {"clusterIP": "None"},
        {"selector": {}},
        {"type": "ExternalName", "externalName": "example.com"},
    ],
    ids=["headless", "no selector", "external name"],
)
def test_a_service_that_promises_no_endpoints_needs_none(
    plugin: Plugin, namespace: str, spec: dict[str, Any]
) -> None:
    plugin.create(SERVICE, service(namespace, **spec), timeout=10)


def test_a_service_is_awaited_until_a_pod_answers_for_it(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    with pytest.raises(Refusal, match=r"no ready pod behind it yet \(selector app=app\)") as refused:
        plugin.create(SERVICE, service(namespace), timeout=1)
    assert refused.value.partial is not None
    # What the controller would write for a ready pod; it lists none that runs on no node.
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {**metadata(namespace, "by-hand"), "labels": {"kubernetes.io/service-name": "app"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.1.1.1"], "conditions": {"ready": True}}],
    }
    helper = later(1, lambda: cluster.apply(endpoints))
    partial = refused.value.partial
    plugin.update(SERVICE, partial.id, partial.properties, service(namespace), timeout=20)
    helper.join()


def test_a_load_balancer_is_awaited_until_it_has_an_address(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = service(namespace, type="LoadBalancer", selector={})
    address = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
    helper = later(1, lambda: cluster.set_status("service", "app", namespace, address))
    made = plugin.create(SERVICE, wanted, timeout=20)
    helper.join()
    assert decode(made.properties)["status"] == address | {
        "loadBalancer": {"ingress": [{"ip": "192.0.2.1", "ipMode": "VIP"}]}
    }


def claim(namespace: str, storage_class: str) -> dict[str, Any]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
        "storageClassName": storage_class,
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": metadata(namespace),
        "spec": spec,
    }


def test_a_claim_is_awaited_until_it_is_bound_unless_its_class_waits_for_a_pod(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    for name, mode in (("at-once", "Immediate"), ("with-a-pod", "WaitForFirstConsumer")):
        cluster.apply(
            {
                "apiVersion": "storage.k8s.io/v1",
                "kind": "StorageClass",
                "metadata": {"name": name},
                "provisioner": "kubernetes.io/no-provisioner",
                "volumeBindingMode": mode,
            }
        )
    late = claim(namespace, "with-a-pod")
    late["metadata"]["name"] = "late"
    plugin.create(CLAIM, late, timeout=10)
    volume = {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{namespace}"},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "at-once",
            "hostPath": {"path": "/nowhere"},
            "claimRef": {"name": "app", "namespace": namespace},
        },
    }
    helper = later(1, lambda: cluster.apply(volume))
    made = plugin.create(CLAIM, claim(namespace, "at-once"), timeout=40)
    helper.join()
    assert decode(made.properties)["status"]["phase"] == "Bound"


def test_a_pod_is_awaited_until_it_is_ready_and_its_failure_ends_the_wait(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    def pod(name: str) -> dict[str, Any]:
        spec = {"containers": [{"name": "app", "image": "x"}], "restartPolicy": "Never"}
        return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata(namespace, name), "spec": spec}

    helper = later(1, lambda: make_pods_ready(cluster, namespace))
    plugin.create(POD, pod("good"), timeout=20)
    helper.join()
    failure = {"phase": "Failed", "reason": "Evicted", "message": "the node was low on memory"}
    helper = later(1, lambda: cluster.set_status("pod", "bad", namespace, failure))
    with pytest.raises(Refusal, match="the pod failed: the node was low on memory"):
        plugin.create(POD, pod("bad"), timeout=50)
    helper.join()


def test_wait_for_states_readiness_in_the_programs_words(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = data_object("ConfigMap", namespace, phase="starting")
    wanted["metadata"]["annotations"] = {"pulumi.com/waitFor": "jsonpath={.data.phase}=running"}
    patch = ("patch", "cm", "app", "-n", namespace, "-p", '{"data":{"phase":"running"}}')
    helper = later(1, lambda: cluster.kubectl(*patch))
    made = plugin.create(CONFIG_MAP, wanted, timeout=20)
    helper.join()
    assert decode(made.properties)["data"]["phase"] == "running"
    wanted["metadata"] |= {"name": "other", "annotations": {"pulumi.com/waitFor": "a full moon"}}
    with pytest.raises(Refusal, match="waitFor says 'a full moon'; expected `condition="):
        plugin.create(CONFIG_MAP, wanted)


def test_a_refresh_reports_what_is_not_ready_with_the_inputs(
    plugin: Plugin, cluster: Cluster, namespace: str
) -> None:
    wanted = awaited(workload("Deployment", namespace))
    with pytest.raises(Refusal) as unready:
        plugin.create(DEPLOYMENT, wanted, timeout=1)
    assert unready.value.partial is not None
    state = unready.value.partial.properties
    with pytest.raises(Refusal, match="is not ready: 0 of 1") as refreshed:
        plugin.read(DEPLOYMENT, f"{namespace}/app", state, wanted)
    assert refreshed.value.partial is not None
    assert decode(refreshed.value.partial.inputs) == wanted
    make_pods_ready(cluster, namespace)
    cluster.kubectl("rollout", "status", "deployment/app", "-n", namespace, "--timeout=20s")
    assert decode(plugin.read(DEPLOYMENT, f"{namespace}/app", state, wanted).inputs) == wanted


def test_cancel_ends_every_wait_and_what_was_made_is_recorded(plane: ControlPlane, namespace: str) -> None:
    plugin = start({"kubeconfig": plane.kubeconfig.read_text()})
    try:
        helper = later(1, lambda: plugin.call("Cancel", empty_pb2.Empty()))
        began = time.monotonic()
        with pytest.raises(Refusal, match="cancelled while waiting") as refused:
            plugin.create(DEPLOYMENT, awaited(workload("Deployment", namespace)))
        helper.join()
        assert time.monotonic() - began < 10
        assert refused.value.partial is not None
        assert refused.value.partial.id == f"{namespace}/app"
    finally:
        plugin.stop()


def test_sigint_ends_the_plugin_without_a_word(plane: ControlPlane) -> None:
    plugin = start({"kubeconfig": str(plane.kubeconfig)})
    plugin.process.send_signal(2)
    assert plugin.process.wait(10) == 0
    assert plugin.process.stderr is not None
    assert plugin.process.stderr.read() == ""
