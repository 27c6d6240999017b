"""The policy packs in the real engine: in previews of a program, and on states, without a program."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from policies.catalogue import packs
from tests.engine.workspace import Project

_REPO = Path(__file__).resolve().parents[2]
_LOGS = "aws:cloudwatch/logGroup:LogGroup"
_DATABASE = "aws:rds/instance:Instance"
SEEDED = {
    "aws-network-iam": "net-sg-no-world-admin",
    "aws-data": "rds-private",
    "aws-edge": "alb-https-only",
    "eks-platform": "eks-public-cidrs",
    "k8s-workloads": "pss-privileged",
    "ops-dr-cost": "sec-no-literals",
}
"""Of each pack a rule that the program below breaks."""

_PROVIDERS = """
import json
import pulumi, pulumi_aws as aws, pulumi_kubernetes as k8s

NOWHERE = "http://127.0.0.1:9"
services = ("cloudwatchlogs", "ec2", "eks", "elbv2", "iam", "rds", "sts")
account = pulumi.ResourceOptions(provider=aws.Provider(
    "aws", region="eu-central-1", allowed_account_ids=["111122223333"],
    endpoints=[dict.fromkeys(services, NOWHERE)], s3_use_path_style=True,
    skip_credentials_validation=True, skip_metadata_api_check=True,
))
kubeconfig = json.dumps({
    "apiVersion": "v1", "kind": "Config", "current-context": "nowhere",
    "clusters": [{"name": "nowhere", "cluster": {"server": NOWHERE}}],
    "users": [{"name": "nobody", "user": {"token": "none"}}],
    "contexts": [{"name": "nowhere", "context": {"cluster": "nowhere", "user": "nobody"}}],
})
cluster = pulumi.ResourceOptions(provider=k8s.Provider("k8s", kubeconfig=kubeconfig))
"""

_CLEAN = (
    _PROVIDERS
    + """
aws.cloudwatch.LogGroup("logs", name="logs", retention_in_days=365, kms_key_id="arn:aws:kms:x:1:key/k", tags={
    "owner": "platform", "cost-center": "none", "roost:stack": "test", "roost:profile": "dev",
    "managed-by": "pulumi",
}, opts=account)
k8s.core.v1.ConfigMap("facts", metadata={"name": "facts", "namespace": "apps"}, data={"a": "b"}, opts=cluster)
"""
)

_SEEDED = (
    _CLEAN
    + """
aws.ec2.SecurityGroup("open", description="Open.", ingress=[dict(
    description="SSH.", protocol="tcp", from_port=22, to_port=22, cidr_blocks=["0.0.0.0/0"])], opts=account)
aws.rds.Instance("db", instance_class="db.t4g.micro", publicly_accessible=True, opts=account)
aws.lb.Listener("http", load_balancer_arn="arn:aws:x", port=80, protocol="HTTP",
    default_actions=[dict(type="forward", target_group_arn="arn:aws:y")], opts=account)
aws.eks.Cluster("cluster", role_arn="arn:aws:iam::111122223333:role/r", vpc_config=dict(
    subnet_ids=["subnet-1"], endpoint_public_access=True, public_access_cidrs=["0.0.0.0/0"]), opts=account)
k8s.core.v1.Pod("pod", metadata={"name": "pod", "namespace": "apps"}, spec={"containers": [
    {"name": "c", "image": "i", "securityContext": {"privileged": True}}]}, opts=cluster)
k8s.core.v1.ConfigMap("keys", metadata={"name": "keys", "namespace": "apps"}, data={
    "key": "AKIA" + "IOSFODNN7ABCDEFG"}, opts=cluster)
"""
)


def _flags(policies: Path = _REPO / "policies") -> list[str]:
    configuration = str(policies / "config" / "dev.json")
    return [
        flag
        for pack in packs()
        for flag in ("--policy-pack", str(policies / pack.name), "--policy-pack-config", configuration)
    ]


def _state(*resources: dict[str, Any]) -> dict[str, Any]:
    root = {"urn": "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev", "type": "pulumi:pulumi:Stack"}
    manifest = {"time": "2026-01-01T00:00:00Z", "magic": "", "version": ""}
    return {"version": 3, "deployment": {"manifest": manifest, "resources": [root, *resources]}}


def _resource(type_: str, name: str, props: dict[str, Any]) -> dict[str, Any]:
    return {
        "urn": f"urn:pulumi:dev::p::{type_}::{name}",
        "type": type_,
        "custom": True,
        "id": name,
        "inputs": props,
        "outputs": {**props, "id": name},
    }


_TAGS = {
    "owner": "p",
    "cost-center": "c",
    "roost:stack": "dev",
    "roost:profile": "dev",
    "managed-by": "pulumi",
}
_GOOD = _resource(
    _LOGS,
    "logs",
    {"name": "logs", "retentionInDays": 365, "kmsKeyId": "arn:aws:kms:x:1:key/k", "tags": _TAGS},
)


def test_a_preview_is_refused_by_each_pack_that_finds_something(tiny: Project) -> None:
    tiny.program(_SEEDED)
    said = tiny.run("preview", *_flags(), fails=True)
    for pack, rule in SEEDED.items():
        assert rule in said, f"{pack} did not say {rule}:\n{said}"
    assert "IOSFODNN7" not in said


def test_a_copy_of_the_packs_works_without_the_rest_of_roost(tiny: Project, tmp_path: Path) -> None:
    copied = shutil.copytree(_REPO / "policies", tmp_path / "elsewhere" / "policies")
    tiny.program(_SEEDED)
    said = tiny.run("preview", *_flags(copied), fails=True)
    assert all(rule in said for rule in SEEDED.values()), said


def test_a_preview_without_a_violation_goes_through(tiny: Project) -> None:
    tiny.program(_CLEAN)
    said = tiny.run("preview", *_flags())
    assert "mandatory" not in said


def test_an_exported_state_is_judged_without_a_program_or_a_login(tiny: Project, tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text(json.dumps(_state(_GOOD)))
    tiny.run("policy", "analyze", "--file", str(file), *_flags())
    file.write_text(json.dumps(_state(_GOOD, _resource(_DATABASE, "db", {"publiclyAccessible": True}))))
    said = tiny.run("policy", "analyze", "--file", str(file), *_flags(), fails=True)
    assert "rds-private" in said
    assert "'db'" in said


def test_a_wrong_configuration_is_refused_before_anything_is_judged(tiny: Project, tmp_path: Path) -> None:
    tiny.program(_CLEAN)
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"rds-private": {"enforcementLevel": "mandatory", "strict": "perhaps"}}))
    pack = str(_REPO / "policies" / "aws-data")
    said = tiny.run("preview", "--policy-pack", pack, "--policy-pack-config", str(wrong), fails=True)
    assert "strict" in said
