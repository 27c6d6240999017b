"""The server: how it scales, rolls, starts and stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import Recording
from tests.support.program import run_program
from tests.support.workloads import workload

AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"


def test_the_autoscaler_owns_the_number_of_pods(local: Recording) -> None:
    spec = workload(local, "server").owner.inputs["spec"]
    assert "replicas" not in spec, "every up would undo what the autoscaler decided"
    autoscaler = local.one(AUTOSCALER).inputs["spec"]
    assert autoscaler["scaleTargetRef"]["name"] == "server"
    assert autoscaler["minReplicas"] == 2
    assert autoscaler["maxReplicas"] == 2, "without metrics it can only hold the minimum"


def test_a_rollout_never_goes_below_what_is_ready(local: Recording) -> None:
    rolling = workload(local, "server").owner.inputs["spec"]["strategy"]["rollingUpdate"]
    assert rolling == {"maxUnavailable": 0, "maxSurge": 1}


def test_a_node_can_be_drained_even_with_one_replica(local: Recording) -> None:
    budget = local.one("kubernetes:policy/v1:PodDisruptionBudget").inputs["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_grace_covers_the_pause_and_the_drain(local: Recording) -> None:
    pod = workload(local, "server").pod
    pause = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    environment = {v["name"]: v["value"] for v in pod["containers"][0]["env"]}
    assert pod["terminationGracePeriodSeconds"] > pause + int(environment["ROOST_DRAIN_SECONDS"])


def test_probes_ask_the_right_endpoints_and_the_startup_budget_fits_the_deadline(local: Recording) -> None:
    server = workload(local, "server")
    probes = server.container
    assert probes["startupProbe"]["httpGet"]["path"] == "/v1/health/"
    assert probes["livenessProbe"]["httpGet"]["path"] == "/v1/health/"
    assert probes["readinessProbe"]["httpGet"]["path"] == "/v1/ready/"
    startup = probes["startupProbe"]["periodSeconds"] * probes["startupProbe"]["failureThreshold"]
    assert startup >= 60
    assert server.owner.inputs["spec"]["progressDeadlineSeconds"] > startup


def test_settings_reach_the_server(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = {
        "server": {
            "logLevel": "DEBUG",
            "poolSize": 7,
            "replicas": {"min": 1, "max": 2},
            "longestStreamSeconds": 100,
            "drainSeconds": 120,
            "image": "registry.example.com/server@sha256:" + "0" * 64,
        }
    }
    recording = run_program("local", monkeypatch, state, config=config)
    server = workload(recording, "server")
    environment = {v["name"]: v["value"] for v in server.container["env"]}
    assert environment["LETTA_LOG_LEVEL"] == "DEBUG"
    assert environment["LETTA_PG_POOL_SIZE"] == "7"
    assert environment["ROOST_DRAIN_SECONDS"] == "120"
    assert server.pod["terminationGracePeriodSeconds"] == 5 + 120 + 10
    assert server.container["image"].startswith("registry.example.com/")
    assert recording.one(AUTOSCALER).inputs["spec"]["minReplicas"] == 1


def test_the_environment_names_are_ones_that_the_server_knows(local: Recording) -> None:
    """The seam to `app/`, which refuses unknown LETTA_ names at start."""
    from app.settings import SECRETS, Settings

    known = {field.alias for field in Settings.model_fields.values()} | {f"{name}_FILE" for name in SECRETS}
    for variable in workload(local, "server").container["env"]:
        assert variable["name"] in known, f"the server does not know {variable['name']}"


def test_hosted_models_are_named_with_their_keys_in_files(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.settings import SECRETS

    config = {"model": {"hosted": {"openaiApiKey": "sk-one", "anthropicApiKey": "sk-two"}}}
    recording = run_program("local", monkeypatch, state, config=config)
    server = workload(recording, "server")
    variables = {variable["name"]: variable["value"] for variable in server.container["env"]}
    secret = next(
        one for one in recording.of_type("kubernetes:core/v1:Secret") if "openai-api-key" in str(one.inputs)
    )
    for name, key in (("openai", "sk-one"), ("anthropic", "sk-two")):
        assert f"{name.upper()}_API_KEY" in SECRETS
        path = variables[f"{name.upper()}_API_KEY_FILE"]
        assert secret.inputs["stringData"][path.rpartition("/")[2]] == key
        assert key not in str(server.pod)
    policies = {one.name for one in recording.of_type("kubernetes:networking.k8s.io/v1:NetworkPolicy")}
    assert {"server-to-openai", "server-to-anthropic"} <= policies


def test_the_encryption_key_outlives_a_mistake_in_prod_only(local: Recording) -> None:
    key = local.one("random:index/randomPassword:RandomPassword", "encryption-key")
    assert not key.protect, "a local stack can be destroyed without ceremony"
