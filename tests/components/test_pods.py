"""Every pod of the local stack: restricted, bounded, probed, and without a secret in sight."""

from __future__ import annotations

import pytest

from tests.support.monitor import Recording, leaves
from tests.support.workloads import NAME, Workload, restricted_violations, selects, workloads

EVERY = ("server", "postgres", "standin", "edge", "bootstrap", "migrate")


def test_these_are_all_the_workloads(local: Recording) -> None:
    assert sorted(w.name for w in workloads(local)) == sorted(EVERY)


@pytest.fixture(params=EVERY)
def pod(request: pytest.FixtureRequest, local: Recording) -> Workload:
    return next(w for w in workloads(local) if w.name == request.param)


def test_it_passes_the_restricted_standard_that_the_namespace_enforces(pod: Workload) -> None:
    assert restricted_violations(pod.pod) == []


def test_the_judge_of_this_file_refuses_what_the_standard_refuses() -> None:
    assert restricted_violations({"containers": [{"name": "c"}]}) != []
    assert "pod: mounts the host's files" in restricted_violations(
        {"volumes": [{"hostPath": {"path": "/"}}], "containers": []}
    )


def test_it_states_what_it_needs_and_where_it_stops(pod: Workload) -> None:
    for container in pod.containers:
        resources = container["resources"]
        assert set(resources["requests"]) == {"cpu", "memory"}
        assert "memory" in resources["limits"], "a leak must end in its own pod"
    for volume in pod.pod["volumes"]:
        assert "emptyDir" not in volume or "sizeLimit" in volume["emptyDir"]


def test_it_gets_no_token_and_no_environment_of_other_services(pod: Workload) -> None:
    assert pod.pod["automountServiceAccountToken"] is False
    assert pod.pod["enableServiceLinks"] is False


def test_it_never_pulls_a_moving_tag(pod: Workload) -> None:
    for container in pod.containers:
        assert container["imagePullPolicy"] == "IfNotPresent"
        assert not container["image"].endswith(":latest")
        assert container["image"].startswith("docker.io/roost/")


def test_long_running_pods_have_all_three_probes_and_jobs_none(pod: Workload) -> None:
    probes = {"startupProbe", "livenessProbe", "readinessProbe"}
    expected = set() if pod.kind == "Job" else probes
    for container in pod.containers:
        assert probes & set(container) == expected
        for name in expected:
            assert container[name]["timeoutSeconds"] >= 2, "one second restarts pods that are only busy"


def test_no_secret_is_in_its_arguments_or_environment(pod: Workload, local: Recording) -> None:
    secrets = {
        value
        for secret in local.of_type("kubernetes:core/v1:Secret")
        for value in secret.inputs["stringData"].values()
    }
    assert len(secrets) > 5
    for path, value in leaves(pod.pod):
        assert value not in secrets, f"{path} is a secret in plain sight"
    for container in pod.containers:
        for variable in container.get("env", []):
            name = variable["name"]
            if "PASSWORD" in name or "KEY" in name.split("_"):
                assert name.endswith("_FILE"), f"{name} carries a secret in the environment"


def test_its_error_reaches_the_person_who_deployed(pod: Workload) -> None:
    for container in pod.containers:
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def test_selectors_select_their_own_pods_and_nobody_elses(local: Recording) -> None:
    everything = workloads(local)
    owners = [w for w in everything if w.kind != "Job"]
    selectors = {w.name: w.owner.inputs["spec"]["selector"] for w in owners}
    for service in local.of_type("kubernetes:core/v1:Service"):
        selectors[f"service {service.name}"] = {"matchLabels": service.inputs["spec"]["selector"]}
    budget = local.one("kubernetes:policy/v1:PodDisruptionBudget", "server")
    selectors["budget server"] = budget.inputs["spec"]["selector"]
    for who, selector in selectors.items():
        chosen = [w.name for w in everything if selects(selector, w.labels)]
        assert chosen == [who.split()[-1]], f"{who} selects {chosen}"


def test_every_object_is_labelled_with_what_it_belongs_to(local: Recording) -> None:
    for resource in local.custom():
        if resource.type.startswith("kubernetes:"):
            assert NAME in resource.inputs["metadata"]["labels"], resource.urn
