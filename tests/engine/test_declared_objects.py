"""The real API server accepts every object that the local stack declares, and every pod in its namespace."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from local.rehearsal.controlplane import ControlPlane, running
from tests.support.monitor import Recording
from tests.support.program import run_program
from tests.support.workloads import workloads


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recording]:
    with pytest.MonkeyPatch.context() as patch:
        yield run_program("local", patch, tmp_path_factory.mktemp("state"))


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, recording: Recording) -> Iterator[ControlPlane]:
    """A control plane with the stack's namespace and identities in it."""
    with running(tmp_path_factory.mktemp("declared")) as plane:
        for kind in ("Namespace", "ServiceAccount", "ResourceQuota", "LimitRange"):
            for item in recording.of_type(f"kubernetes:core/v1:{kind}"):
                _kubectl(plane, item.inputs, "create", "--validate=strict")
        yield plane


def test_every_object_is_valid_to_the_last_field(cluster: ControlPlane, recording: Recording) -> None:
    there = {"Namespace", "ServiceAccount", "ResourceQuota", "LimitRange"}
    refused: list[str] = []
    checked = 0
    for resource in recording.custom():
        if resource.type.startswith("kubernetes:") and resource.inputs["kind"] not in there:
            manifest = copy.deepcopy(resource.inputs)
            manifest["metadata"].setdefault("name", resource.name)
            answer = _kubectl(
                cluster, manifest, "apply", "--server-side", "--validate=strict", "--dry-run=server"
            )
            checked += 1
            if answer.returncode or "Warning" in answer.stderr:
                refused.append(f"{resource.type} {resource.name}: {answer.stderr.strip()}")
    assert refused == []
    assert checked > 25


def test_the_namespace_admits_every_pod(cluster: ControlPlane, recording: Recording) -> None:
    """The real pod security admission, quota and limit range judge each pod template as a pod."""
    refused: list[str] = []
    for workload in workloads(recording):
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"try-{workload.name}", "namespace": "roost", "labels": workload.labels},
            "spec": workload.pod,
        }
        answer = _kubectl(cluster, pod, "create", "--validate=strict", "--dry-run=server")
        if answer.returncode or "Warning" in answer.stderr:
            refused.append(f"{workload.name}: {answer.stderr.strip()}")
    assert refused == []


def test_the_namespace_refuses_a_pod_that_is_not_restricted(cluster: ControlPlane) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "root", "namespace": "roost"},
        "spec": {"containers": [{"name": "root", "image": "docker.io/roost/server:x"}]},
    }
    answer = _kubectl(cluster, pod, "create", "--dry-run=server")
    assert answer.returncode != 0
    assert "violates PodSecurity" in answer.stderr


def _kubectl(
    plane: ControlPlane, manifest: dict[str, Any], *arguments: str
) -> subprocess.CompletedProcess[str]:
    command = [str(plane.kubectl), f"--kubeconfig={plane.kubeconfig}", *arguments, "--filename=-"]
    return subprocess.run(
        command, input=json.dumps(manifest), capture_output=True, text=True, timeout=60, check=False
    )
