from __future__ import annotations

import itertools
from collections.abc import Generator
from pathlib import Path

import pytest

from local.rehearsal import controlplane
from local.rehearsal.controlplane import ControlPlane
from tests.engine.kubernetes.harness import Cluster, Plugin, Project, start

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Generator[ControlPlane]:
    with controlplane.running(tmp_path_factory.mktemp("control-plane")) as started:
        yield started


@pytest.fixture(scope="session")
def cluster(plane: ControlPlane) -> Cluster:
    return Cluster(plane)


@pytest.fixture(scope="session")
def plugin(plane: ControlPlane) -> Generator[Plugin]:
    started = start({"kubeconfig": str(plane.kubeconfig)})
    yield started
    started.stop()


@pytest.fixture
def namespace(cluster: Cluster) -> str:
    """A namespace of the test's own; the control plane is thrown away as a whole."""
    name = f"test-{next(_numbers)}"
    cluster.kubectl("create", "namespace", name)
    return name


@pytest.fixture
def project(tmp_path: Path, plane: ControlPlane, namespace: str) -> Project:
    made = Project(tmp_path, plane.kubeconfig)
    made.config(kubeconfig=str(plane.kubeconfig), namespace=namespace)
    return made
