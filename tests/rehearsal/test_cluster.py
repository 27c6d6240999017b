"""The stack's own objects in the rehearsal's cluster: real API server, played pods, unchanged kubeconfig.

The tests of one stack go in order: what is made first is looked at, disturbed, and deleted at the end.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from infra.aws.kubeconfig import kubeconfig
from infra.naming import migration_job
from infra.workloads.revision import head_revision
from local.plugins.base.values import decode
from local.plugins.kubernetes.objects import dig
from tests.engine.kubernetes.harness import Plugin, Refusal, start
from tests.rehearsal.conftest import Running
from tests.rehearsal.stack_objects import Objects, objects
from tests.support import realism
from tests.support.aws_answers import AWS_INVOKES, AWS_RESOURCES
from tests.support.program import run_program

CONTROLLER = "aws-load-balancer-controller"
GATE = "target-health.elbv2.k8s.aws/server"
JOB = "kubernetes:batch/v1:Job"
WEBHOOKS = "mutatingwebhookconfigurations"
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Objects]]:
    with pytest.MonkeyPatch.context() as patch:
        for token, answer in AWS_RESOURCES.items():
            patch.setitem(realism.RESOURCES, token, answer)
        for token, result in AWS_INVOKES.items():
            patch.setitem(realism.INVOKES, token, result)
        yield lambda stack: objects(run_program(stack, patch, tmp_path_factory.mktemp(stack)))


@pytest.fixture(scope="module")
def prod(record: Callable[[str], Objects]) -> Objects:
    return record("prod")


def test_the_first_preview_needs_no_cluster(prod: Objects, running: Running) -> None:
    nowhere = kubeconfig(
        name="roost-prod", region="eu-central-1", endpoint="https://127.0.0.1:1", certificate_authority=""
    )
    cut_off = start({"kubeconfig": nowhere}, path=(running.logins.bin,))
    try:
        for registration in prod.registrations:
            inputs = cut_off.check(registration.type, registration.name, prod.inputs[registration.urn])
            shown = cut_off.create(registration.type, inputs, name=registration.name, preview=True)
            assert decode(shown.properties)["metadata"]["name"] == inputs["metadata"]["name"]
    finally:
        cut_off.stop()


def test_every_object_of_prod_is_made_and_becomes_ready(prod: Objects, plugin: Plugin) -> None:
    prod.create_all(plugin)
    assert len(prod.made) == len(prod.registrations) > 40


def test_a_second_up_changes_nothing_and_a_refresh_finds_no_drift(
    prod: Objects, plugin: Plugin, running: Running
) -> None:
    # By then the autoscaler has raised the replicas, and the controller has put its finalizer.
    least = prod.by_kind("HorizontalPodAutoscaler")["spec"]["minReplicas"]
    assert least > 1
    running.await_true(lambda: [_ready(pod) for pod in running.pods("server")] == [True] * least)
    running.await_true(lambda: "finalizers" in _binding(running)["metadata"])
    assert prod.diffs(plugin) == {}
    assert prod.drift(plugin) == {}


def test_the_stacks_namespace_refuses_a_privileged_pod(running: Running) -> None:
    bad = _pod("privileged", security={"privileged": True})
    refused = running.kubectl("create", "--filename=-", stdin=bad)
    assert refused.returncode != 0
    assert "violates PodSecurity" in refused.stderr
    assert "privileged" in refused.stderr


def test_the_webhook_is_called_and_the_controller_lets_the_new_pod_become_ready(running: Running) -> None:
    first = running.pods("server")[0]["metadata"]["name"]
    running.kubectl("delete", "pod", first, "-n", "roost")
    running.await_true(lambda: any(_gates(pod) == [GATE] and _ready(pod) for pod in running.pods("server")))


def test_a_new_pod_is_not_ready_while_no_controller_runs(running: Running) -> None:
    _scale_controller(running, 0)
    running.await_true(lambda: running.pods(CONTROLLER, "kube-system") == [])
    # Without its webhook a pod gets no gate; this one brings its own.
    running.kubectl("create", "--filename=-", stdin=_pod("gated", gates=[{"conditionType": GATE}]))
    running.await_true(lambda: _running(running.get("pod", "gated", "-n", "roost")))
    assert not _ready(running.get("pod", "gated", "-n", "roost"))
    _scale_controller(running, 2)
    running.await_true(lambda: _ready(running.get("pod", "gated", "-n", "roost")))
    running.kubectl("delete", "pod", "gated", "-n", "roost")


@pytest.mark.parametrize(
    ("service", "bundle", "error"),
    [
        (
            "aws-load-balancer-webhook",
            "of another authority",
            "x509: certificate signed by unknown authority",
        ),
        ("another-name", "of the stack", "certificate is valid for aws-load-balancer-webhook"),
    ],
)
def test_the_api_server_checks_the_webhooks_certificate(
    running: Running, prod: Objects, service: str, bundle: str, error: str
) -> None:
    known = prod.by_kind("MutatingWebhookConfiguration")
    strict = copy.deepcopy(known) | {"metadata": {"name": "strict"}}
    strict["webhooks"][0] |= {"failurePolicy": "Fail"}
    client = strict["webhooks"][0]["clientConfig"]
    client["service"]["name"] = service
    if bundle == "of another authority":
        client["caBundle"] = running.ca_data
    other = copy.deepcopy(prod.by_kind("Service", "load-balancer-controller"))
    other["metadata"]["name"] = "another-name"
    running.kubectl("apply", "--filename=-", stdin=other)
    running.kubectl("create", "--filename=-", stdin=strict)
    try:
        dry = ("create", "--dry-run=server", "--filename=-")
        running.await_true(lambda: error in running.kubectl(*dry, stdin=_pod("checked")).stderr)
    finally:
        running.kubectl("delete", WEBHOOKS, "strict")
        running.kubectl("delete", "service", "another-name", "-n", "kube-system")


def test_a_controller_without_its_rights_does_not_start(running: Running, prod: Objects) -> None:
    pod = copy.deepcopy(prod.by_kind("Deployment", "load-balancer-controller"))["spec"]["template"]
    pod |= {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "powerless", "namespace": "kube-system"}}
    pod["spec"]["serviceAccountName"] = "default"
    running.kubectl("create", "--filename=-", stdin=pod)
    said = 'User "system:serviceaccount:kube-system:default" cannot list resource'
    running.await_true(lambda: said in _waits_for(running.get("pod", "powerless", "-n", "kube-system")))
    running.kubectl("delete", "pod", "powerless", "-n", "kube-system")


def test_a_pod_waits_for_its_volumes_and_for_a_node_of_its_pool(running: Running) -> None:
    volume = {"name": "later", "secret": {"secretName": "later"}}
    running.kubectl("create", "--filename=-", stdin=_pod("waits", volumes=[volume], selector={"pool": "new"}))

    def pod() -> Any:
        return running.get("pod", "waits", "-n", "roost")

    running.await_true(lambda: "no node matches" in str(pod()["status"]))
    kubelet = running.cluster.kubelet
    kubelet.nodes = {**kubelet.nodes, "new-0": {"pool": "new"}}
    running.await_true(lambda: 'secret "later" not found' in _waits_for(pod()))
    running.kubectl("create", "secret", "generic", "later", "-n", "roost")
    running.await_true(lambda: _ready(pod()))
    running.kubectl("delete", "pod/waits", "secret/later", "-n", "roost")


def test_every_gpu_node_has_its_own_pod_of_a_daemon(running: Running) -> None:
    items = running.pods("nvidia-device-plugin", "gpu-system")
    assert sorted(pod["spec"]["nodeName"] for pod in items) == ["gpu-2", "gpu-3"]
    assert all(_ready(pod) for pod in items)


def test_a_job_fails_with_the_words_that_it_was_given(
    running: Running, prod: Objects, plugin: Plugin
) -> None:
    job = copy.deepcopy(prod.by_kind("Job", migration_job(head_revision())))
    job["metadata"]["name"] = "migrate-broken"
    running.cluster.kubelet.failing["migrate-broken"] = "relation already exists"
    with pytest.raises(Refusal) as refused:
        plugin.create(JOB, plugin.check(JOB, "broken", job), timeout=30)
    assert refused.value.partial
    assert any("relation already exists" in reason for reason in refused.value.partial.reasons)
    running.kubectl("delete", "job", "migrate-broken", "-n", "roost")


def test_a_held_workload_runs_and_does_not_become_ready(running: Running) -> None:
    held = running.cluster.kubelet.held
    held.add("server")
    try:
        running.await_true(lambda: all(_running(p) and not _ready(p) for p in running.pods("server")))
    finally:
        held.discard("server")
    running.await_true(lambda: all(_ready(pod) for pod in running.pods("server")))


def test_destroy_leaves_nothing_of_prod_and_dev_comes_up_after_it(
    prod: Objects, record: Callable[[str], Objects], plugin: Plugin, running: Running
) -> None:
    prod.delete_all(plugin)
    assert running.kubectl("get", "namespace", "roost").returncode != 0
    left = running.get("all,secrets,leases,pdb", "-n", "kube-system")["items"]
    assert [item["metadata"]["name"] for item in left if _labelled(item)] == []
    dev = record("dev")
    dev.create_all(plugin)
    assert dev.diffs(plugin) == {}
    assert dev.drift(plugin) == {}
    dev.delete_all(plugin)


def _binding(running: Running) -> dict[str, Any]:
    return running.get("targetgroupbinding", "server", "-n", "roost")


def _pod(
    name: str,
    *,
    security: dict[str, Any] | None = None,
    volumes: list[dict[str, Any]] | None = None,
    gates: list[dict[str, Any]] | None = None,
    selector: dict[str, str] | None = None,
) -> dict[str, Any]:
    container = {"name": "it", "image": "docker.io/roost/it:1", "securityContext": security or RESTRICTED}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "roost"},
        "spec": {
            "containers": [container],
            "volumes": volumes or [],
            "readinessGates": gates or [],
            "nodeSelector": selector or {},
        },
    }


def _gates(pod: dict[str, Any]) -> list[str]:
    return [gate["conditionType"] for gate in dig(pod, "spec", "readinessGates", default=[])]


def _ready(pod: dict[str, Any]) -> bool:
    return any(
        c["type"] == "Ready" and c["status"] == "True" for c in dig(pod, "status", "conditions", default=[])
    )


def _running(pod: dict[str, Any]) -> bool:
    return pod["status"].get("phase") == "Running"


def _waits_for(pod: dict[str, Any]) -> str:
    return dig(pod, "status", "containerStatuses", 0, "state", "waiting", "message", default="")


def _labelled(item: dict[str, Any]) -> bool:
    return dig(item, "metadata", "labels", "app.kubernetes.io/part-of") == "roost"


def _scale_controller(running: Running, replicas: int) -> None:
    running.kubectl("scale", f"deployment/{CONTROLLER}", "-n", "kube-system", f"--replicas={replicas}")
