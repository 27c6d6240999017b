"""After a killed update `make up` removes what that update provably made, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local.cli import kubectl, leftovers
from local.cli.leftovers import Unfinished
from local.cli.platform import Target
from local.progress import PhaseError, Quiet

PULUMI = "pulumi-kubernetes-0123abcd"
SETTINGS = Unfinished("ConfigMap", "default", "settings")
BEFORE = timedelta(minutes=-5)
AFTER = timedelta(minutes=5)


@pytest.fixture
def cluster(own: Target) -> Iterator[Target]:
    yield own
    kubectl.run(own, "delete", "configmap", "settings", "--ignore-not-found")
    kubectl.run(own, "delete", "namespace", "half-made", "--ignore-not-found", "--wait=false")


def make(cluster: Target, manager: str, document: Mapping[str, Any]) -> None:
    """Apply as the provider does: on the server, under a name of its own."""
    command = kubectl.argv(cluster, "apply", "--server-side", f"--field-manager={manager}", "-f", "-")
    subprocess.run(command, input=json.dumps(document), text=True, check=True, capture_output=True)


def settings(cluster: Target, manager: str) -> None:
    metadata = {"name": "settings", "namespace": "default"}
    make(
        cluster, manager, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}
    )


def exists(cluster: Target, *arguments: str) -> bool:
    return bool(kubectl.run(cluster, "get", *arguments, "--ignore-not-found", "-o", "name").strip())


def test_what_the_killed_update_made_is_removed(cluster: Target) -> None:
    began = datetime.now(UTC)
    settings(cluster, PULUMI)
    leftovers.remove(cluster, [SETTINGS], began, Quiet())
    assert not exists(cluster, "configmap", "settings")
    leftovers.remove(cluster, [SETTINGS], began, Quiet())


@pytest.mark.parametrize(
    ("manager", "began", "reason"),
    [
        ("kubectl", BEFORE, "made by kubectl, not by Pulumi"),
        (PULUMI, AFTER, "before that update"),
        (PULUMI, None, "when that update began"),
    ],
)
def test_what_it_may_not_have_made_stays(
    cluster: Target, manager: str, began: timedelta | None, reason: str
) -> None:
    settings(cluster, manager)
    since = datetime.now(UTC) + began if began is not None else None
    with pytest.raises(PhaseError, match=reason) as caught:
        leftovers.remove(cluster, [SETTINGS], since, Quiet())
    assert exists(cluster, "configmap", "settings")
    assert "kubectl delete ConfigMap settings -n default" in caught.value.remedy


def test_what_may_hold_data_stays_and_so_does_everything_else(cluster: Target) -> None:
    began = datetime.now(UTC)
    settings(cluster, PULUMI)
    metadata = {"name": "half-made", "labels": {"a": "b"}}
    make(cluster, PULUMI, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    namespace = Unfinished("Namespace", None, "half-made")
    with pytest.raises(PhaseError, match="a Namespace may hold data"):
        leftovers.remove(cluster, [SETTINGS, namespace], began, Quiet())
    assert exists(cluster, "namespace", "half-made")
    assert exists(cluster, "configmap", "settings")


def test_what_a_later_update_has_made_is_not_left_over() -> None:
    job = {"type": "kubernetes:batch/v1:Job", "inputs": {"metadata": {"name": "one", "namespace": "roost"}}}
    pending = [{"type": "creating", "resource": job}]
    made = [{"type": "kubernetes:batch/v1:Job", "id": "roost/one"}]
    assert leftovers.unfinished({"checkpoint": {"latest": {"pending_operations": pending}}})
    latest = {"pending_operations": pending, "resources": made}
    assert not leftovers.unfinished({"checkpoint": {"latest": latest}})
