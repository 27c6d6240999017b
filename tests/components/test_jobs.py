"""The two Jobs that prepare the database."""

from __future__ import annotations

from pathlib import Path

import pytest

import infra.workloads.revision
from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.support.monitor import Recording, Registration
from tests.support.program import PLATFORM, run_program
from tests.support.workloads import workload

JOB = "kubernetes:batch/v1:Job"


@pytest.fixture(params=["bootstrap", "migrate"])
def job(request: pytest.FixtureRequest, local: Recording) -> Registration:
    return workload(local, request.param).owner


def test_it_is_bounded_kept_and_run_again_when_it_failed(job: Registration) -> None:
    spec = job.inputs["spec"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["activeDeadlineSeconds"] == 300
    assert 0 < spec["backoffLimit"] <= 6
    assert "ttlSecondsAfterFinished" not in spec, "a refresh would find it gone and run it again"
    assert job.inputs["metadata"]["annotations"]["pulumi.com/replaceUnready"] == "true"
    assert job.timeouts["create"] == "360s", "the Job's own deadline must strike first"


def test_it_goes_before_its_successor_comes(job: Registration) -> None:
    """Else a failed update leaves two, and the way back to the old version is blocked by its own Job."""
    assert job.delete_before_replace


def test_an_error_of_the_program_ends_it_at_once_and_a_lost_node_does_not(job: Registration) -> None:
    rules = job.inputs["spec"]["podFailurePolicy"]["rules"]
    assert rules[0]["action"] == "Ignore"
    assert rules[0]["onPodConditions"][0]["type"] == "DisruptionTarget"
    assert rules[1]["action"] == "FailJob"
    container = job.inputs["spec"]["template"]["spec"]["containers"][0]["name"]
    assert rules[1]["onExitCodes"]["containerName"] == container


def test_the_migration_is_named_by_its_revision_and_runs_as_the_owner_of_the_schema(local: Recording) -> None:
    migrate = workload(local, "migrate")
    assert migrate.owner.inputs["metadata"]["name"] == migration_job(head_revision())
    environment = {v["name"]: v["value"] for v in migrate.container["env"]}
    assert environment["LETTA_PG_USER"] == "roost_migrator"
    assert environment["ROOST_MIGRATE_LOCK_TIMEOUT_SECONDS"] == "2"
    assert migrate.container["args"] == ["db", "migrate"]


def test_the_bootstrap_runs_as_the_master_and_knows_all_roles(local: Recording) -> None:
    bootstrap = workload(local, "bootstrap")
    environment = {v["name"]: v["value"] for v in bootstrap.container["env"]}
    assert environment["LETTA_PG_USER"] == "postgres"
    assert environment["ROOST_MIGRATOR_USER"] == "roost_migrator"
    assert environment["ROOST_APP_USER"] == "roost_app"
    assert environment["ROOST_READONLY_USER"] == "roost_readonly"
    assert environment["ROOST_APP_STATEMENT_TIMEOUT_SECONDS"] == "60"
    assert environment["ROOST_READONLY_PASSWORD_FILE"] == "/run/secrets/roost/readonly-password"


def test_a_new_revision_is_a_new_job(state: Path, monkeypatch: pytest.MonkeyPatch, local: Recording) -> None:
    monkeypatch.setattr(infra.workloads.revision, "head_revision", lambda: "0002_next")
    recording = run_program("local", monkeypatch, state)
    assert workload(recording, "migrate").owner.inputs["metadata"]["name"] == "migrate-0002-next"
    assert workload(recording, "migrate").owner.urn != workload(local, "migrate").owner.urn


def test_the_bootstrap_runs_again_when_what_it_runs_changes(
    state: Path, monkeypatch: pytest.MonkeyPatch, local: Recording
) -> None:
    again = run_program("local", monkeypatch, state)
    images = {**PLATFORM["images"], "server": "docker.io/roost/server:ba9876543210"}
    other = run_program("local", monkeypatch, state, platform={**PLATFORM, "images": images})
    name = workload(local, "bootstrap").owner.inputs["metadata"]["name"]
    assert workload(again, "bootstrap").owner.inputs["metadata"]["name"] == name
    assert workload(other, "bootstrap").owner.inputs["metadata"]["name"] != name


def test_two_heads_are_refused_before_anything_is_created(tmp_path: Path) -> None:
    versions = tmp_path / "versions"
    versions.mkdir()
    for name in ("a", "b"):
        (versions / f"{name}.py").write_text(f'revision = "{name}"\ndown_revision = None\n')
    with pytest.raises(ValueError, match="2 heads"):
        head_revision(tmp_path)
