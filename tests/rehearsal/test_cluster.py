"""The stack's own objects in the rehearsal's cluster: real API server, played pods, unchanged kubeconfig."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.kubernetes.harness import Plugin
from tests.rehearsal.conftest import Running
from tests.rehearsal.stack_objects import Objects, objects
from tests.support import realism
from tests.support.aws_answers import AWS_RESOURCES
from tests.support.program import run_program


@pytest.fixture(scope="module", params=["dev", "prod"])
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    with pytest.MonkeyPatch.context() as patch:
        for token, answer in AWS_RESOURCES.items():
            patch.setitem(realism.RESOURCES, token, answer)
        yield objects(run_program(request.param, patch, tmp_path_factory.mktemp("state")))


def test_every_object_is_made_is_ready_shows_no_drift_and_goes(
    stack: Objects, plugin: Plugin, running: Running
) -> None:
    stack.create_all(plugin)
    assert len(stack.made) == len(stack.registrations) > 40
    assert stack.diffs(plugin) == {}
    assert stack.drift(plugin) == {}
    stack.delete_all(plugin)
    assert "roost" not in running.kubectl("get", "namespaces", "--output=name").stdout
