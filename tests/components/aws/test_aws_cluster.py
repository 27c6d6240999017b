"""What a cluster can be beyond the defaults: GPU nodes, Container Insights, and the next Kubernetes minor."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from infra.settings import aws_versions
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, Registration

ADDON = "aws:eks/addon:Addon"
CLUSTER = "aws:eks/cluster:Cluster"
NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
BEFORE_NODES = {"vpc-cni", "kube-proxy", "eks-pod-identity-agent"}


@pytest.fixture(scope="module")
def rich(variant: Variant) -> Recording:
    cluster = {
        "gpuNodes": {"instanceTypes": ["g6.xlarge"], "minNodes": 0, "maxNodes": 2, "diskGib": 200},
        "observability": True,
    }
    return variant("dev", {"aws": {"cluster": cluster}})


def of_version(variant: Variant, version: str) -> Recording:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(aws_versions, "today", lambda: date(2026, 11, 21))
        return variant("dev", {"aws": {"cluster": {"kubernetesVersion": version}}})


def test_gpu_nodes_are_tainted_boot_nvidias_image_and_may_be_none(rich: Recording) -> None:
    group = rich.one(NODE_GROUP, "cluster-nodes-gpu").inputs
    assert group["amiType"] == "AL2023_x86_64_NVIDIA"
    assert group["taints"] == [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}]
    assert group["scalingConfig"] == {"minSize": 0, "maxSize": 2, "desiredSize": 0}
    disk = rich.one("aws:ec2/launchTemplate:LaunchTemplate", "cluster-nodes-gpu").inputs
    assert disk["blockDeviceMappings"][0]["ebs"]["volumeSize"] == 200
    for name in ("system", "app"):
        assert "taints" not in rich.one(NODE_GROUP, f"cluster-nodes-{name}").inputs


def test_nothing_waits_for_gpus_that_may_be_sold_out(rich: Recording) -> None:
    gpu = rich.one(NODE_GROUP, "cluster-nodes-gpu")
    for addon in rich.of_type(ADDON):
        assert not rich.waits_for(addon, gpu), addon.name
    assert not rich.waits_for(rich.one("pulumi:providers:kubernetes"), gpu)


def test_container_insights_writes_to_groups_that_are_encrypted_and_end(rich: Recording) -> None:
    addon = rich.one(ADDON, "cluster-addons-amazon-cloudwatch-observability")
    assert "-eksbuild." in addon.inputs["addonVersion"]
    assert addon.inputs["podIdentityAssociations"][0]["serviceAccount"] == "cloudwatch-agent"
    configuration = json.loads(addon.inputs["configurationValues"])
    assert configuration["manager"]["applicationSignals"]["autoMonitor"] == {"monitorAllServices": False}
    groups = [g for g in rich.of_type(LOG_GROUP) if g.name.startswith("cluster-insights-")]
    cluster = rich.one(CLUSTER).inputs["name"]
    assert {g.inputs["name"] for g in groups} == {
        f"/aws/containerinsights/{cluster}/{stream}"
        for stream in ("application", "dataplane", "host", "performance")
    }
    for group in groups:
        assert group.inputs["kmsKeyId"]
        assert group.inputs["retentionInDays"] >= 30
        assert rich.waits_for(addon, group), "the add-on would make one without a key or an end"


def test_the_agent_writes_to_its_clusters_groups_and_one_namespace_of_metrics(rich: Recording) -> None:
    grant = rich.one("aws:iam/rolePolicy:RolePolicy", "cluster-insights-pod-insights")
    found = {s["Sid"]: s for s in json.loads(grant.inputs["policy"])["Statement"]}
    assert all(":log-group:/aws/containerinsights/" in arn for arn in found["WriteLogs"]["Resource"])
    assert found["PutMetrics"]["Condition"] == {"StringEquals": {"cloudwatch:namespace": "ContainerInsights"}}
    assert all(":Describe" in action for action in found["Look"]["Action"])
    role = rich.one("aws:iam/role:Role", "cluster-insights-pod")
    trusted = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]["Condition"]["StringEquals"]
    assert trusted["aws:RequestTag/kubernetes-namespace"] == "amazon-cloudwatch"


def test_insights_cost_nothing_where_nobody_asked_for_them(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        names = {a.inputs["addonName"] for a in recording.of_type(ADDON)}
        assert "amazon-cloudwatch-observability" not in names


def test_volumes_can_be_snapshotted_because_the_controller_comes_first(prod: Recording) -> None:
    driver = prod.one(ADDON, "cluster-addons-aws-ebs-csi-driver")
    assert prod.waits_for(driver, prod.one(ADDON, "cluster-addons-snapshot-controller"))


@pytest.mark.parametrize(("old", "new"), [("1.34", "1.35"), ("1.35", "1.36")])
def test_the_next_minor_changes_versions_and_nothing_else(variant: Variant, old: str, new: str) -> None:
    before, after = of_version(variant, old), of_version(variant, new)
    assert {r.urn for r in before.registrations} == {r.urn for r in after.registrations}
    changes = {r.name: changed_inputs(r, after.by_urn(r.urn)) for r in before.custom()}
    cluster, *groups = (
        changes.pop(name) for name in ("cluster", *(group.name for group in before.of_type(NODE_GROUP)))
    )
    assert cluster == {"version"}, "the cluster is updated in place"
    assert groups == [{"version"}] * 3, "so are its nodes"
    moved = {name: properties for name, properties in changes.items() if properties}
    assert set(map(frozenset, moved.values())) == {frozenset({"addonVersion"})}
    assert {"cluster-addons-kube-proxy", "cluster-addons-coredns"} <= set(moved)


def changed_inputs(before: Registration, after: Registration) -> set[str]:
    keys = before.inputs.keys() | after.inputs.keys()
    return {key for key in keys if before.inputs.get(key) != after.inputs.get(key)}


def test_an_upgrade_goes_control_plane_add_ons_nodes_and_then_what_runs_on_them(prod: Recording) -> None:
    control_plane, nodes = prod.one(CLUSTER), prod.one(NODE_GROUP, "cluster-nodes-app")
    for addon in prod.of_type(ADDON):
        assert prod.waits_for(addon, control_plane)
        if addon.inputs["addonName"] in BEFORE_NODES:
            assert prod.waits_for(nodes, addon), addon.name
            assert not prod.waits_for(addon, nodes), addon.name
        else:
            assert prod.waits_for(addon, nodes), addon.name


def test_an_upgrade_can_always_be_rehearsed() -> None:
    versions = sorted(aws_versions.ADDONS, key=lambda v: int(v.split(".")[1]))
    assert set(versions) == set(aws_versions.KUBERNETES_STANDARD_SUPPORT)
    minors = [int(v.split(".")[1]) for v in versions]
    assert minors == list(range(minors[0], minors[0] + len(minors))), "EKS moves one minor at a time"
    ends: list[Any] = [aws_versions.KUBERNETES_STANDARD_SUPPORT[v] for v in versions]
    assert ends == sorted(ends)
    supported = [v for v in versions if aws_versions.KUBERNETES_STANDARD_SUPPORT[v] >= date(2027, 3, 1)]
    assert len(supported) >= 2, "the table ends too soon: it needs the next minor"


def test_each_kubernetes_version_has_a_kube_proxy_of_its_own() -> None:
    for version, builds in aws_versions.ADDONS.items():
        assert builds.kube_proxy.startswith(f"v{version}.")
