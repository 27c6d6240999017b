"""The stack's own models: what runs on GPU nodes, who reaches it, and how it gets its files."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.settings.inference import ScheduleSettings
from infra.sizing.quantities import memory_bytes
from infra.workloads.canary import cron
from infra.workloads.weights_copy import copy_code
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, Registration
from tests.support.workloads import pod_may_connect, pod_may_reach, restricted_violations, workload

STACKS = ("dev", "prod")
DEPLOYMENT, DAEMON_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:DaemonSet"
JOB, CRON_JOB = "kubernetes:batch/v1:Job", "kubernetes:batch/v1:CronJob"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
SCHEDULE = "aws:scheduler/schedule:Schedule"
MODELS = {"inference", "embedding"}
S3, ELSEWHERE = "52.216.0.9", "203.0.113.9"


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def pod(recording: Recording, name: str, kind: str = DEPLOYMENT) -> dict[str, Any]:
    return recording.one(kind, name).inputs["spec"]["template"]["spec"]


def server(recording: Recording, name: str) -> dict[str, Any]:
    (container,) = pod(recording, name)["containers"]
    return container


def script(recording: Recording, name: str) -> str:
    shell, flag, text = server(recording, name)["command"]
    assert (shell, flag) == ("/bin/sh", "-c")
    return text


def options(recording: Recording, name: str) -> list[str]:
    return shlex.split(script(recording, name).partition("exec ")[2])


def following(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


# The pods


def test_every_pod_of_the_models_is_restricted(stack: Recording) -> None:
    for name in MODELS:
        assert restricted_violations(workload(stack, name).pod) == []
    assert pod(stack, "inference")["securityContext"]["runAsUser"] == 2000


def test_a_replica_has_its_gpus_and_room_for_what_it_loads(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        spec, container = pod(recording, "inference"), server(recording, "inference")
        limits, requests = container["resources"]["limits"], container["resources"]["requests"]
        assert limits["nvidia.com/gpu"] == requests["nvidia.com/gpu"] == "1"
        assert following(options(recording, "inference"), "--tensor-parallel-size") == "1"
        assert "cpu" not in limits
        assert spec["tolerations"] == [
            {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
        ]
        assert spec["nodeSelector"] == {"roost.dev/pool": "gpu"}
        volumes = {volume["name"]: volume for volume in spec["volumes"]}
        shared = volumes["dev-shm"]["emptyDir"]
        assert shared["medium"] == "Memory"
        assert memory_bytes(limits["memory"]) >= memory_bytes(shared["sizeLimit"]) + 8 * 2**30
        on_disk = [
            v["emptyDir"] for v in volumes.values() if "emptyDir" in v and "medium" not in v["emptyDir"]
        ]
        together = sum(memory_bytes(one["sizeLimit"]) for one in on_disk)
        assert memory_bytes(limits["ephemeral-storage"]) >= together
    assert "nvidia.com/gpu" not in server(prod, "embedding")["resources"]["limits"]


def test_the_server_is_told_what_agents_need_and_nothing_secret(stack: Recording) -> None:
    words = options(stack, "inference")
    assert {"--enable-auto-tool-choice", "--enable-prefix-caching", "--disable-fastapi-docs"} <= set(words)
    assert following(words, "--tool-call-parser") == "hermes"
    model = stack.one(DEPLOYMENT, "server").inputs["spec"]["template"]["spec"]["containers"][0]
    told = {entry["name"]: entry["value"] for entry in model["env"]}
    assert following(words, "--max-model-len") == told["GLOBAL_MAX_CONTEXT_WINDOW_LIMIT"]
    assert told["LETTA_DEFAULT_LLM_HANDLE"] == f"vllm/{following(words, '--served-model-name')}"
    for name in MODELS:
        text = json.dumps(pod(stack, name))
        assert "--api-key" not in text
        assert 'VLLM_API_KEY="$(cat /run/secrets/roost/api-key)"' in script(stack, name)
        environment = {entry["name"]: entry.get("value") for entry in server(stack, name)["env"]}
        assert environment["HF_HUB_OFFLINE"] == "1"
        assert "HF_TOKEN" not in environment
        for mount in server(stack, name)["volumeMounts"]:
            assert mount.get("readOnly") or mount["mountPath"] in {"/cache", "/tmp", "/dev/shm"}


def test_models_are_read_from_where_they_were_copied(stack: Recording) -> None:
    for name in MODELS:
        spec = pod(stack, name)
        (copy,) = spec["initContainers"]
        where = {entry["name"]: entry.get("value") for entry in copy["env"]}
        assert options(stack, name)[2] == where["ROOST_WEIGHTS_DIR"]
        assert where["ROOST_WEIGHTS_DIR"].rpartition("/")[2] == where["ROOST_WEIGHTS_PREFIX"].split("/")[-2]
        # The image of the server that it feeds, and no release of ours, decides when it changes.
        assert copy["image"] == server(stack, name)["image"]


def test_the_copying_code_runs_alone(tmp_path: Path) -> None:
    for path, text in copy_code().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    # -S and -I: neither installed packages nor this checkout are on the path.
    start = f"import sys; sys.path.insert(0, {str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{start}; import app.weights.command as c; print(c.run('copy'))"],
        capture_output=True,
        text=True,
        timeout=60,
        env={},
        check=True,
    )
    assert done.stdout.strip() == "2"
    assert "ROOST_WEIGHTS_BUCKET is not set" in done.stderr


# Starting, stopping, rolling


def test_probes_and_deadlines_leave_room_for_what_they_wait_for(stack: Recording) -> None:
    for name in MODELS:
        deployment = stack.one(DEPLOYMENT, name)
        spec, container = pod(stack, name), server(stack, name)
        startup = container["startupProbe"]
        budget = startup["periodSeconds"] * startup["failureThreshold"]
        assert 600 <= budget <= 3600
        assert deployment.inputs["spec"]["progressDeadlineSeconds"] > budget
        assert container["livenessProbe"]["timeoutSeconds"] == 15
        assert {container[probe]["httpGet"]["path"] for probe in ("startupProbe", "readinessProbe")} == {
            "/health"
        }
        stop = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        drain = int(following(options(stack, name), "--shutdown-timeout"))
        assert spec["terminationGracePeriodSeconds"] == stop + drain + 15


def test_no_rollout_waits_for_a_gpu_that_the_old_pod_has(dev: Recording, prod: Recording) -> None:
    assert dev.one(DEPLOYMENT, "inference").inputs["spec"]["strategy"] == {"type": "Recreate"}
    for name in MODELS:
        rolling = prod.one(DEPLOYMENT, name).inputs["spec"]["strategy"]["rollingUpdate"]
        assert rolling == {"maxSurge": 0, "maxUnavailable": 1}
        budget = prod.one("kubernetes:policy/v1:PodDisruptionBudget", name).inputs["spec"]
        assert budget["maxUnavailable"] == 1


def test_compiled_kernels_outlive_a_single_replica_in_the_zone_of_its_volume(
    dev: Recording, prod: Recording
) -> None:
    claim = dev.one(CLAIM, "inference-cache")
    assert claim.inputs["spec"]["accessModes"] == ["ReadWriteOnce"]
    assert len(dev.one(NODE_GROUP, "cluster-nodes-gpu").inputs["subnetIds"]) == 1
    assert not [one for one in prod.of_type(CLAIM) if "inference" in one.name]
    assert len(prod.one(NODE_GROUP, "cluster-nodes-gpu").inputs["subnetIds"]) == 3


# Who reaches whom


def test_only_the_server_and_the_canary_reach_the_models(stack: Recording) -> None:
    for name in MODELS:
        (rule,) = stack.one(POLICY, f"clients-to-{name}").inputs["spec"]["ingress"]
        peers = {
            (
                peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
                peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
            )
            for peer in rule["from"]
        }
        assert peers == {("roost", "server"), ("roost-models", "model-canary")}
        assert rule["ports"] == [{"protocol": "TCP", "port": 8000}]
        (way,) = stack.one(POLICY, f"server-to-{name}").inputs["spec"]["egress"]
        (target,) = way["to"]
        assert target["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"] == "roost-models"
        assert pod_may_connect(stack, workload(stack, "server"), workload(stack, name), 8000)
        assert not pod_may_connect(stack, workload(stack, "server"), workload(stack, name), 22)


def test_a_model_reaches_the_bucket_and_its_identity_alone(stack: Recording) -> None:
    for name in MODELS:
        model = workload(stack, name)
        assert pod_may_reach(stack, model, S3, 443)
        assert not pod_may_reach(stack, model, S3, 80)
        assert not pod_may_reach(stack, model, ELSEWHERE, 443)
        assert not pod_may_reach(stack, model, "169.254.169.254", 80)


def test_a_first_preview_opens_nothing_that_it_does_not_know(dev_preview: Recording) -> None:
    assert "egress" not in json.dumps(dev_preview.one(POLICY, "inference-to-bucket").inputs)


# The files


def statements(recording: Recording, name: str) -> dict[str, dict[str, Any]]:
    document = json.loads(recording.one(ROLE_POLICY, name).inputs["policy"])
    return {one["Sid"]: one for one in document["Statement"]}


def test_servers_read_models_and_only_the_fetcher_adds_any(stack: Recording) -> None:
    reading = statements(stack, "model-access-reader-models")
    assert {action for one in reading.values() for action in one["Action"]} == {
        "s3:ListBucket",
        "s3:GetObject",
        "kms:Decrypt",
    }
    assert all(resource.endswith("/models/*") for resource in reading["ReadModels"]["Resource"])
    writing = statements(stack, "model-access-fetcher-new-models")
    assert "s3:DeleteObject" not in json.dumps(writing)
    for name in MODELS:
        assert pod(stack, name)["serviceAccountName"] == "weights-reader"


def test_models_are_fetched_before_they_are_served(stack: Recording) -> None:
    for name in MODELS:
        deployment = stack.one(DEPLOYMENT, name)
        assert any(
            stack.waits_for(deployment, job) for job in stack.of_type(JOB) if job.name.startswith("fetch-")
        )


def test_only_the_fetching_job_knows_of_the_hub_token(variant: Variant) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:hub-AbCdEf"
    recording = variant("dev", {"inference": {"weights": {"hubTokenSecret": arn}}})
    told = [one for one in recording.registrations if arn in json.dumps(one.inputs)]
    assert {(one.type, one.name.partition("-")[0]) for one in told} == {
        (JOB, "fetch"),
        (ROLE_POLICY, "model"),
    }
    assert statements(recording, "model-access-fetcher-new-models")["ReadHubToken"]["Resource"] == [arn]


def test_weights_that_somebody_put_there_are_not_fetched(variant: Variant) -> None:
    recording = variant("dev", {"inference": {"weights": {"source": "bucket"}}})
    assert not [job for job in recording.of_type(JOB) if job.name.startswith("fetch-")]
    assert not [one for one in recording.of_type(ROLE_POLICY) if "fetcher" in one.name]


# GPUs


def test_gpu_daemons_run_where_gpus_are_and_can_do_no_more_than_they_need(stack: Recording) -> None:
    for name in ("nvidia-device-plugin", "dcgm-exporter"):
        spec = pod(stack, name, DAEMON_SET)
        assert spec["nodeSelector"] == {"roost.dev/pool": "gpu"}
        (container,) = spec["containers"]
        security = container["securityContext"]
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["readOnlyRootFilesystem"] is True
        paths = [volume["hostPath"]["path"] for volume in spec["volumes"] if "hostPath" in volume]
        assert len(paths) == 1
        assert paths[0].startswith("/var/lib/kubelet/")


def test_container_insights_brings_its_own_exporter(variant: Variant) -> None:
    recording = variant("dev", {"aws": {"cluster": {"observability": True}}})
    assert [one.name for one in recording.of_type(DAEMON_SET)] == ["nvidia-device-plugin"]


# By the clock


def test_dev_sleeps_and_nobody_waits_for_it(dev: Recording, prod: Recording) -> None:
    group = dev.one(NODE_GROUP, "cluster-nodes-gpu")
    assert group.inputs["scalingConfig"]["minSize"] == 0
    wanted = {
        one.name: json.loads(one.inputs["target"]["input"])["ScalingConfig"]["DesiredSize"]
        for one in dev.of_type(SCHEDULE)
    }
    assert wanted == {"model-schedule-start": 1, "model-schedule-stop": 0}
    assert dev.one(SCHEDULE, "model-schedule-stop").inputs["scheduleExpression"] == "cron(0 19 ? * MON-FRI *)"
    (grant,) = statements(dev, "model-schedule").values()
    assert grant["Action"] == ["eks:UpdateNodegroupConfig"]
    assert skips_await(dev.one(DEPLOYMENT, "inference"))
    assert not skips_await(dev.one(DEPLOYMENT, "embedding"))
    assert not prod.of_type(SCHEDULE)
    assert not skips_await(prod.one(DEPLOYMENT, "inference"))


def skips_await(one: Registration) -> bool:
    return one.inputs["metadata"].get("annotations", {}).get("pulumi.com/skipAwait") == "true"


def test_the_canary_asks_both_models_while_they_are_up(dev: Recording, prod: Recording) -> None:
    assert dev.one(CRON_JOB, "model-canary").inputs["spec"]["schedule"] == "*/5 8-18 * * MON-FRI"
    assert prod.one(CRON_JOB, "model-canary").inputs["spec"]["schedule"] == "*/5 * * * *"
    for name in MODELS:
        assert pod_may_connect(dev, workload(dev, "model-canary"), workload(dev, name), 8000)


def test_the_canary_of_a_short_day_still_sings() -> None:
    assert cron(ScheduleSettings(start="09:00", stop="10:30")) == ("*/5 10 * * MON-FRI", "Etc/UTC")


# By what waits


def test_the_autoscaler_asks_vllm_what_waits_and_what_its_cache_holds(variant: Variant) -> None:
    changes = {
        "inference": {"replicas": {"min": 2, "max": 4}, "scaling": {"waitingRequests": 7}},
        "aws": {"cluster": {"gpuNodes": {"maxNodes": 4}}, "budget": {"monthlyLimit": 20_000}},
    }
    recording = variant("prod", changes)
    scaled = recording.one("kubernetes:keda.sh/v1alpha1:ScaledObject").inputs["spec"]
    assert (scaled["minReplicaCount"], scaled["maxReplicaCount"]) == (2, 4)
    asked = {one["metadata"]["valueLocation"]: one["metadata"]["targetValue"] for one in scaled["triggers"]}
    assert asked == {"vllm:num_requests_waiting": "7", "vllm:kv_cache_usage_perc": "0.6"}
    assert not {one["type"] for one in scaled["triggers"]} & {"cpu", "memory"}
    deployment = recording.one(DEPLOYMENT, "inference").inputs["spec"]
    assert "replicas" not in deployment
    assert deployment["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    (rule,) = recording.one(POLICY, "clients-to-inference").inputs["spec"]["ingress"]
    assert {"app.kubernetes.io/name": "keda-operator"} in [
        peer["podSelector"]["matchLabels"] for peer in rule["from"]
    ]
    # The embedding server is not scaled, and KEDA has no business there.
    assert "keda" not in json.dumps(recording.one(POLICY, "clients-to-embedding").inputs)
