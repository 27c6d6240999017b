"""The server on AWS: what its pods may do there, how many there are, and what of it outlives the stack."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app.telemetry.metrics import exposition
from infra.workloads.server import IN_FLIGHT
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording
from tests.support.workloads import pod_may_reach, workload

AUTOSCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
GRANT = "aws:iam/rolePolicy:RolePolicy"
SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
AGENT = "169.254.170.23"
MODEL = "amazon.nova-lite-v1:0"


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def statements(recording: Recording, grant: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(recording.one(GRANT, grant).inputs["policy"])["Statement"]}


def grants_of_the_server(recording: Recording) -> set[str]:
    role = recording.one("aws:iam/role:Role", "server-identity-pod")
    return {g.name for g in recording.of_type(GRANT) if role.urn in g.dependencies}


def test_the_servers_role_reads_its_own_entry_and_no_bucket(stack: Recording) -> None:
    assert grants_of_the_server(stack) == {"server-identity-pod-secrets"}
    found = statements(stack, "server-identity-pod-secrets")
    (entry,) = found["ReadOwnSecrets"]["Resource"]
    assert re.fullmatch(
        r"arn:aws:secretsmanager:eu-central-1:111122223333:secret:roost-(dev|prod)/server-.+", entry
    )
    assert found["DecryptThem"]["Action"] == ["kms:Decrypt"]
    assert not any(a.startswith("s3:") for s in found.values() for a in s["Action"])


def test_the_identity_is_the_servers_alone_and_there_before_its_pods(stack: Recording) -> None:
    association = stack.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "server-identity")
    assert association.inputs["serviceAccount"] == workload(stack, "server").pod["serviceAccountName"]
    assert association.inputs["namespace"] == "roost"
    assert stack.waits_for(workload(stack, "server").owner, association)
    for name in ("migrate", "bootstrap"):
        assert workload(stack, name).pod["serviceAccountName"] != "server"


def test_only_the_server_reaches_the_agent_that_gives_identities(stack: Recording) -> None:
    assert pod_may_reach(stack, workload(stack, "server"), AGENT, 80)
    assert not pod_may_reach(stack, workload(stack, "server"), "169.254.169.254", 80), "the node's own rights"
    for name in ("migrate", "bootstrap"):
        assert not pod_may_reach(stack, workload(stack, name), AGENT, 80), name


def test_bedrock_is_granted_by_model_and_region_where_a_stack_asks(variant: Variant) -> None:
    recording = variant("dev", {"aws": {"bedrockModels": [MODEL]}})
    statement = statements(recording, "server-identity-pod-bedrock")["CallModels"]
    assert statement["Resource"] == [f"arn:aws:bedrock:eu-central-1::foundation-model/{MODEL}"]
    assert statement["Action"] == ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    server = workload(recording, "server")
    variables = {variable["name"]: variable["value"] for variable in server.container["env"]}
    assert variables["BEDROCK_MODELS"] == MODEL
    assert variables["BEDROCK_REGION"] == "eu-central-1"
    assert pod_may_reach(recording, server, "203.0.113.1", 443)


# What outlives the stack


def test_the_servers_secrets_are_kept_encrypted_and_copied_for_the_day_of_a_restore(prod: Recording) -> None:
    entry = prod.one(SECRET)
    assert entry.inputs["kmsKeyId"].startswith("arn:aws:kms:eu-central-1:")
    (copy,) = entry.inputs["replicas"]
    assert copy["region"] == "eu-west-1"
    assert ":eu-west-1:" in copy["kmsKeyId"]
    assert entry.inputs["recoveryWindowInDays"] >= 7
    assert entry.protect
    version = prod.one(VERSION)
    for resource in (entry, version):
        assert resource.retain_on_delete, "the final snapshot needs the key that is in it"


def test_their_values_are_secret_in_the_state(stack: Recording) -> None:
    version = stack.one(VERSION)
    assert "secretString" in version.secrets
    kept = json.loads(version.inputs["secretString"])
    assert set(kept) == {"password", "encryptionKey"}
    files = stack.one("kubernetes:core/v1:Secret", "server").inputs["stringData"]
    assert kept["password"] == files["server-password"]
    assert kept["encryptionKey"] == files["encryption-key"]


# How many


def test_prod_runs_two_to_ten_pods_by_cpu_and_memory(prod: Recording) -> None:
    scaler = prod.one(AUTOSCALER).inputs["spec"]
    assert (scaler["minReplicas"], scaler["maxReplicas"]) == (2, 10)
    targets = {m["resource"]["name"]: m["resource"]["target"] for m in scaler["metrics"]}
    assert targets == {
        "cpu": {"type": "Utilization", "averageUtilization": 70},
        "memory": {"type": "Utilization", "averageUtilization": 80},
    }


def test_requests_in_flight_count_where_an_adapter_serves_them(variant: Variant) -> None:
    recording = variant("prod", {"server": {"autoscaling": {"inFlightPerPod": 40}}})
    metric = recording.one(AUTOSCALER).inputs["spec"]["metrics"][-1]
    assert metric == {
        "type": "Pods",
        "pods": {
            "metric": {"name": "roost_http_in_flight"},
            "target": {"type": "AverageValue", "averageValue": "40"},
        },
    }


def test_the_metric_is_one_that_the_server_exposes() -> None:
    assert f"# TYPE {IN_FLIGHT} gauge" in exposition().decode()


def test_pods_spread_over_zones_on_the_nodes_that_are_there_for_them(stack: Recording) -> None:
    pod = workload(stack, "server").pod
    constraints = {c["topologyKey"]: c for c in pod["topologySpreadConstraints"]}
    assert set(constraints) == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    assert all(c["maxSkew"] == 1 for c in constraints.values())
    group = stack.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-app")
    assert pod["nodeSelector"].items() <= group.inputs["labels"].items()
    system = stack.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-system")
    assert not pod["nodeSelector"].items() <= system.inputs["labels"].items()
