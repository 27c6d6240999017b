"""State and caches of each test's own."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from local.cli.platform import Target
from local.rehearsal import controlplane
from local.rehearsal.controlplane import ControlPlane


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with `state` and `cache` in it, in force for `local.paths`."""
    monkeypatch.setenv("ROOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Generator[ControlPlane]:
    """A real API server, whose cluster stands for one of the user's own."""
    with controlplane.running(tmp_path_factory.mktemp("control-plane")) as started:
        yield started


@pytest.fixture
def own(plane: ControlPlane, roots: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """That cluster as `make up CONTEXT=…` sees it; kubectl is on PATH and knows its context."""
    monkeypatch.setenv("PATH", f"{plane.kubectl.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    return Target(plane.kubeconfig, controlplane.CONTEXT, embedded=False)
