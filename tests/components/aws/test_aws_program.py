"""The whole program for dev and prod: an update, and the first preview, in which nothing is known."""

from __future__ import annotations

import re

import pytest

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.support.monitor import UNKNOWN, Recording, Registration, leaves

STACKS = ("dev", "prod")
DATABASE = "aws:rds/instance:Instance"


def recordings(request: pytest.FixtureRequest, stack: str) -> tuple[Recording, Recording]:
    return request.getfixturevalue(stack), request.getfixturevalue(f"{stack}_preview")


@pytest.mark.parametrize("stack", STACKS)
def test_the_first_preview_declares_what_the_update_creates(
    stack: str, request: pytest.FixtureRequest
) -> None:
    update, preview = recordings(request, stack)
    assert {r.urn for r in preview.registrations} == {r.urn for r in update.registrations}
    assert preview.exports()["url"] == UNKNOWN


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_preview_asks_aws_nothing_and_nothing_warns(
    stack: str, request: pytest.FixtureRequest
) -> None:
    update, preview = recordings(request, stack)
    assert preview.invokes == [], "an empty account, or none at all, must be enough for a preview"
    assert preview.warnings == update.warnings == []
    # Where the stack builds the server it signs in to push it, with the repository there already.
    assert all(update.invoke_providers), "none of them asks a default provider"
    logins = [token for token, _ in update.invokes]
    assert set(logins) == (
        {"aws:ecr/getAuthorizationToken:getAuthorizationToken"} if stack == "dev" else set()
    )


@pytest.mark.parametrize("stack", STACKS)
def test_no_output_was_turned_into_text(stack: str, request: pytest.FixtureRequest) -> None:
    for recording in recordings(request, stack):
        for resource in recording.registrations:
            for path, value in leaves(resource.inputs):
                assert "on an Output" not in str(value), f"{resource.urn}: {path}"


@pytest.mark.parametrize("stack", STACKS)
def test_components_have_stable_types_and_register_outputs(
    stack: str, request: pytest.FixtureRequest
) -> None:
    recording, _ = recordings(request, stack)
    for component in recording.components():
        assert re.fullmatch(r"roost:(aws|workloads):[A-Z][A-Za-z]+", component.type)
        assert component.urn in recording.outputs, f"{component.urn} never calls register_outputs"


@pytest.mark.parametrize("stack", STACKS)
def test_logical_names_are_kebab_case_and_name_no_stack(stack: str, request: pytest.FixtureRequest) -> None:
    recording, _ = recordings(request, stack)
    for resource in recording.registrations:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", resource.name), resource.urn
        assert stack not in resource.name.split("-"), f"{resource.urn} names the stack"


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_has_a_component_and_an_explicit_provider(
    stack: str, request: pytest.FixtureRequest
) -> None:
    recording, _ = recordings(request, stack)
    providers = {kind: recording.one(f"pulumi:providers:{kind}").urn for kind in ("aws", "kubernetes")}
    for resource in recording.custom():
        assert "::pulumi:pulumi:Stack::" not in resource.parent, f"{resource.urn} has no component"
        package = resource.type.split(":")[0]
        if package in providers:
            assert resource.provider.startswith(providers[package]), f"{resource.urn} uses a default provider"


@pytest.mark.parametrize("stack", STACKS)
def test_the_provider_refuses_every_other_account(stack: str, request: pytest.FixtureRequest) -> None:
    provider = recordings(request, stack)[0].one("pulumi:providers:aws")
    assert provider.inputs["allowedAccountIds"] == '["111122223333"]'
    for tag in ("owner", "cost-center", "roost:stack", "managed-by"):
        assert f'"{tag}"' in provider.inputs["defaultTags"]


@pytest.mark.parametrize("stack", STACKS)
def test_no_iam_name_is_fixed(stack: str, request: pytest.FixtureRequest) -> None:
    for resource in recordings(request, stack)[0].custom():
        if resource.type.startswith("aws:iam/"):
            assert "name" not in resource.inputs, f"{resource.urn} would collide with a second stack"


def protected(recording: Recording) -> set[str]:
    return {f"{r.type.split(':')[-1]} {r.name}" for r in recording.custom() if r.protect}


def retained(recording: Recording) -> set[str]:
    return {f"{r.type.split(':')[-1]} {r.name}" for r in recording.custom() if r.retain_on_delete}


def test_prod_protects_what_holds_data_and_dev_nothing(dev: Recording, prod: Recording) -> None:
    assert protected(dev) == set()
    assert protected(prod) >= {
        "Instance database",
        "InstanceAutomatedBackupsReplication database-backups-copy",
        "Cluster cluster",
        "Bucket storage-backup",
        "Bucket storage-backup-copy",
        "Key keys-data",
        "Key keys-secrets",
        "Key keys-backup",
        "Key keys-logs",
        "ReplicaKey keys-backup-replica",
    }


def test_keys_outlive_the_stack_because_snapshots_need_them(dev: Recording, prod: Recording) -> None:
    keys = {f"Key keys-{purpose}" for purpose in ("data", "logs", "backup", "secrets")}
    assert keys <= retained(dev)
    assert keys | {"ReplicaKey keys-backup-replica"} <= retained(prod)


@pytest.mark.parametrize("stack", STACKS)
def test_the_master_password_is_nowhere_in_the_stack(stack: str, request: pytest.FixtureRequest) -> None:
    recording = recordings(request, stack)[0]
    database = recording.one(DATABASE)
    assert database.inputs["manageMasterUserPassword"] is True
    assert not {"password", "passwordWo"} & set(database.inputs)
    secret = recording.one("kubernetes:core/v1:Secret", "bootstrap")
    assert set(secret.inputs["stringData"]) == {
        "database-ca.pem",
        "migrator-password",
        "app-password",
        "readonly-password",
    }


@pytest.mark.parametrize("stack", STACKS)
def test_the_bootstrap_job_gets_it_as_a_file_from_secrets_manager(
    stack: str, request: pytest.FixtureRequest
) -> None:
    recording = recordings(request, stack)[0]
    job = recording.one("kubernetes:batch/v1:Job", "bootstrap")
    pod = job.inputs["spec"]["template"]["spec"]
    assert pod["serviceAccountName"] == "database-bootstrap"
    volume = next(v for v in pod["volumes"] if "csi" in v)
    assert volume["csi"] == {
        "driver": "secrets-store.csi.k8s.io",
        "readOnly": True,
        "volumeAttributes": {"secretProviderClass": "database-master"},
    }
    provider_class = recording.one("kubernetes:secrets-store.csi.x-k8s.io/v1:SecretProviderClass")
    driver = recording.one("aws:eks/addon:Addon", "cluster-addons-aws-secrets-store-csi-driver-provider")
    assert recording.waits_for(job, provider_class)
    assert recording.waits_for(provider_class, driver), "its kind is defined by the add-on"
    assert recording.waits_for(
        job, recording.one("aws:iam/rolePolicy:RolePolicy", "database-logins-bootstrap-master-password")
    )


@pytest.mark.parametrize("stack", STACKS)
def test_things_happen_in_an_order_that_works_from_an_empty_account(
    stack: str, request: pytest.FixtureRequest
) -> None:
    recording = recordings(request, stack)[0]

    def addon(name: str) -> Registration:
        return recording.one("aws:eks/addon:Addon", f"cluster-addons-{name}")

    nodes = recording.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-app")
    provider = recording.one("pulumi:providers:kubernetes")
    server = recording.one("kubernetes:apps/v1:Deployment", "server")
    pairs = [
        (nodes, recording.one("aws:ec2/route:Route", "network-private-a-nat")),
        (nodes, addon("vpc-cni")),
        (nodes, addon("eks-pod-identity-agent")),
        (addon("coredns"), recording.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-system")),
        (provider, addon("coredns")),
        (provider, recording.one("aws:eks/accessPolicyAssociation:AccessPolicyAssociation")),
        (recording.one("kubernetes:batch/v1:Job", "bootstrap"), recording.one(DATABASE)),
        (
            recording.one("kubernetes:batch/v1:Job", "bootstrap"),
            recording.one(
                "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "database-from-cluster"
            ),
        ),
        (
            recording.one("kubernetes:batch/v1:Job", migration_job(head_revision())),
            recording.one("kubernetes:batch/v1:Job", "bootstrap"),
        ),
        (server, recording.one("kubernetes:batch/v1:Job", migration_job(head_revision()))),
        (recording.one("kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"), server),
    ]
    for later, earlier in pairs:
        assert recording.waits_for(later, earlier), f"{later.name} does not wait for {earlier.name}"


def test_slow_things_are_made_side_by_side(prod: Recording) -> None:
    database, cluster = prod.one(DATABASE), prod.one("aws:eks/cluster:Cluster")
    balancer = prod.one("aws:lb/loadBalancer:LoadBalancer")
    for a, b in ((database, cluster), (cluster, database), (balancer, cluster), (balancer, database)):
        assert not prod.waits_for(a, b), f"{a.type} waits for {b.type} without need"
