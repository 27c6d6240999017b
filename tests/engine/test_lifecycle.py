"""The local stack through its life: real program, engine, plugins, API server and controllers.

Only the kubelet is played (`local/rehearsal/kubelet.py`); with real pods `tests/stack/` does the same.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from local.rehearsal.api import Api
from local.rehearsal.controlplane import CONTEXT, ControlPlane, running
from local.rehearsal.kubelet import Kubelet
from tests.engine.workspace import Project, Workspace
from tests.support.program import PLATFORM, REPO

SQL_ERROR = 'ERROR: relation "agents" already exists (SQLSTATE 42P07)'
MIGRATE = migration_job(head_revision())


@dataclass
class Stack:
    """The program's stack on a control plane of its own."""

    project: Project
    plane: ControlPlane
    kubelet: Kubelet
    state: Path

    def use_image(self, tag: str) -> None:
        """Let platform.json name another server image, as `make up` does after a change."""
        images = {**PLATFORM["images"], "server": f"docker.io/roost/server:{tag}"}
        facts = {**PLATFORM, "kubeconfig": str(self.plane.kubeconfig), "context": CONTEXT, "images": images}
        (self.state / "platform.json").write_text(json.dumps(facts))

    def kubectl(self, *arguments: str) -> str:
        command = [str(self.plane.kubectl), f"--kubeconfig={self.plane.kubeconfig}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def objects(self, *arguments: str) -> list[dict[str, Any]]:
        return json.loads(self.kubectl("get", *arguments, "--output=json"))["items"]

    def server_image(self) -> str:
        return self.pod_of("server")["containers"][0]["image"]

    def pod_of(self, deployment: str) -> dict[str, Any]:
        found = json.loads(self.kubectl("get", "deployment", deployment, "-n", "roost", "--output=json"))
        return found["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def stack(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    root = tmp_path_factory.mktemp("lifecycle")
    state = root / "state"
    state.mkdir()
    with running(root / "plane") as plane:
        environment = {"ROOST_STATE": str(state), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
        project = Project(workspace, root / "project", "roost", environment=environment)
        project.write("__main__.py", (REPO / "__main__.py").read_text())
        (project.root / "infra").symlink_to(REPO / "infra")
        project.run("config", "set", "roost:profile", "local")
        kubelet = Kubelet(Api(plane.kubeconfig)).start()
        made = Stack(project, plane, kubelet, state)
        made.use_image("000000000001")
        try:
            yield made
        finally:
            kubelet.stop()
    assert kubelet.errors == []


def test_from_nothing_to_up_and_up_again_without_a_change(stack: Stack) -> None:
    stack.project.up()
    assert stack.server_image().endswith(":000000000001")
    jobs = {j["metadata"]["name"] for j in stack.objects("jobs", "-n", "roost")}
    assert MIGRATE in jobs
    assert any(name.startswith("bootstrap-") for name in jobs)
    stack.project.up("--expect-no-changes")
    stack.project.run("refresh", "--yes", "--skip-preview", "--expect-no-changes")


def test_the_state_shows_no_secret(stack: Stack) -> None:
    exported = stack.project.exported()
    secrets = stack.project.outputs()
    assert secrets["adminPassword"] not in exported
    for secret in stack.objects("secrets", "-n", "roost"):
        for key, value in secret["data"].items():
            if key != "tls.crt":
                assert value not in exported, f"{secret['metadata']['name']}/{key} is in the state in plain"


def test_a_failed_migration_shows_its_error_and_leaves_the_old_server(stack: Stack) -> None:
    stack.use_image("000000000002")
    stack.kubelet.failing[MIGRATE] = SQL_ERROR
    output = stack.project.up(fails=True)
    assert SQL_ERROR in output
    assert stack.server_image().endswith(":000000000001"), "the server changed before its schema did"


def test_the_next_up_runs_the_failed_migration_again_and_rolls_the_server(stack: Stack) -> None:
    stack.kubelet.failing.clear()
    stack.project.up()
    assert stack.server_image().endswith(":000000000002")
    stack.project.up("--expect-no-changes")


def test_a_new_password_rolls_whoever_mounts_it(stack: Stack) -> None:
    before = _mounted_secret(stack, "server")
    urn = next(
        r["urn"]
        for r in json.loads(stack.project.exported())["deployment"]["resources"]
        if r["urn"].endswith("RandomPassword::server-password")
    )
    stack.project.up(f"--replace={urn}")
    assert _mounted_secret(stack, "server") != before
    assert [s["metadata"]["name"] for s in stack.objects("secrets", "-n", "roost")].count(before) == 0


def test_destroy_leaves_nothing_in_the_cluster(stack: Stack) -> None:
    stack.project.run("destroy", "--yes", "--skip-preview")
    assert "roost" not in {n["metadata"]["name"] for n in stack.objects("namespaces")}
    assert stack.objects("persistentvolumes") == []


def _mounted_secret(stack: Stack, name: str) -> str:
    volumes = stack.pod_of(name)["volumes"]
    return next(v["secret"]["secretName"] for v in volumes if "secret" in v)
