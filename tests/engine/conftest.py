from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from local.progress import Quiet
from local.toolchain import gobuild
from local.toolchain.versions import PULUMI
from tests.engine.workspace import Project, Workspace

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine() -> Path:
    """The engine that `make up` builds; compiled here on a machine that has never done so."""
    return gobuild.build(PULUMI, Quiet()) / "pulumi"


@pytest.fixture(scope="session")
def workspace(engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    made = Workspace(engine, tmp_path_factory.mktemp("workspace"))
    made.prepare()
    return made


@pytest.fixture
def new_project(workspace: Workspace, tmp_path: Path) -> Callable[..., Project]:
    """Makes a project with its own stack; an argument `settings` replaces `runtime: python`."""

    def make(**given: str) -> Project:
        name = f"project{next(_numbers)}"
        return Project(workspace, tmp_path / name, name, **given)

    return make


@pytest.fixture
def tiny(new_project: Callable[..., Project]) -> Project:
    return new_project()
