from __future__ import annotations

import json
from collections.abc import Generator

import pytest

from infra.aws.documents import Statement, document, pod_trust, service_trust
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

ROLE = "aws:iam/role:Role"
ROLE_POLICY = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY = "aws:iam/policy:Policy"

TRUST = service_trust("monitoring.rds.amazonaws.com", account=ACCOUNT)
POD_TRUST = pod_trust(account=ACCOUNT, cluster="roost-dev", namespace="roost", service_account="roost-server")
MAY_LOOK = document(Statement(sid="Look", actions=["ec2:DescribeVpcs"], resources=["*"]))
MAY_LOG = document(
    Statement(
        sid="Log", actions=["logs:PutLogEvents", "logs:CreateLogStream"], resources=["arn:aws:logs:*:*:*"]
    )
)
AWS_MANAGED = [  # those that the stacks attach
    "arn:aws:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly",
    "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy",
    "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
    "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
]


@pytest.fixture
def role(world: World) -> Generator[Made]:
    made = world.create(ROLE, "some", {"assumeRolePolicy": TRUST})
    yield made
    world.delete(made)


def test_a_role_has_the_outputs_of_the_real_provider(world: World) -> None:
    made = world.roundtrip(ROLE, {"assumeRolePolicy": TRUST}, "database-monitoring")

    assert made.id == made.outputs["name"]
    assert str(made.id).startswith("database-monitoring-")
    assert made.outputs["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{made.id}"
    assert str(made.outputs["uniqueId"]).startswith("AROA")
    assert made.outputs["maxSessionDuration"] == 3600
    assert made.outputs["path"] == "/"
    assert str(made.outputs["createDate"]).endswith("Z")
    world.gone(made)


def test_a_role_changes_in_place_in_all_but_its_name_and_path(world: World) -> None:
    first = {"assumeRolePolicy": TRUST, "description": "roost-prod: pods", "tags": {"role": "a", "old": "x"}}
    second = {
        "assumeRolePolicy": POD_TRUST,
        "description": "roost-prod: pods of roost/server",
        "maxSessionDuration": 7200,
        "permissionsBoundary": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
        "tags": {"role": "b"},
    }
    made = world.roundtrip(ROLE, first)
    changed = world.update(made, second)
    world.settled(changed, second)
    role = world.client("iam").get_role(RoleName=made.id)["Role"]
    assert role["AssumeRolePolicyDocument"] == json.loads(POD_TRUST)
    assert (role["Description"], role["MaxSessionDuration"]) == ("roost-prod: pods of roost/server", 7200)
    assert role["Tags"] == [{"Key": "role", "Value": "b"}]

    back = world.update(changed, {"assumeRolePolicy": POD_TRUST})
    world.settled(back, {"assumeRolePolicy": POD_TRUST})
    role = world.client("iam").get_role(RoleName=made.id)["Role"]
    assert not role.get("Description")
    assert not role.get("Tags")
    assert "PermissionsBoundary" not in role
    assert role["MaxSessionDuration"] == 3600
    assert world.diff(back, {"assumeRolePolicy": POD_TRUST, "path": "/roost/"}).replaces == {"path"}
    assert world.diff(back, {"assumeRolePolicy": POD_TRUST, "name": "other"}).replaces == {"name"}
    world.gone(back)


def test_a_boundary_and_a_trust_changed_by_hand_are_seen(world: World) -> None:
    boundary = {"permissionsBoundary": "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"}
    inputs = {"assumeRolePolicy": TRUST, "description": "ours", **boundary}
    made = world.roundtrip(ROLE, inputs)
    iam = world.client("iam")
    iam.delete_role_permissions_boundary(RoleName=made.id)
    iam.update_assume_role_policy(RoleName=made.id, PolicyDocument=POD_TRUST)
    iam.update_role(RoleName=made.id, Description="")

    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"assumeRolePolicy", "description", "permissionsBoundary"}
    world.gone(made)


def test_a_role_deleted_by_hand_is_gone(world: World) -> None:
    made = world.roundtrip(ROLE, {"assumeRolePolicy": TRUST})
    world.client("iam").delete_role(RoleName=made.id)
    assert world.refresh(made) is None


def test_a_role_with_policies_is_deleted_only_by_force(world: World) -> None:
    iam = world.client("iam")
    kept = world.create(ROLE, "kept", {"assumeRolePolicy": TRUST})
    forced = world.roundtrip(ROLE, {"assumeRolePolicy": TRUST, "forceDetachPolicies": True})
    for made in (kept, forced):
        iam.attach_role_policy(RoleName=made.id, PolicyArn=AWS_MANAGED[0])
        iam.put_role_policy(RoleName=made.id, PolicyName="inline", PolicyDocument=MAY_LOOK)

    with pytest.raises(ResourceError, match="DeleteConflict"):
        world.delete(kept)
    world.gone(forced)
    # Of a program that says `forceDetachPolicies` later, the state alone learns it.
    world.gone(world.update(kept, {"assumeRolePolicy": TRUST, "forceDetachPolicies": True}))


def test_a_role_that_holds_all_its_policies_itself_is_refused(world: World) -> None:
    inputs = {"assumeRolePolicy": TRUST, "managedPolicyArns": AWS_MANAGED[:1]}
    with pytest.raises(ResourceError, match=r"knows no managedPolicyArns .* use aws\.iam\.RolePolicy"):
        world.create(ROLE, "whole", inputs)


def test_an_inline_policy_is_named_by_its_role_and_its_own_name(world: World, role: Made) -> None:
    inputs = {"role": role.id, "policy": MAY_LOG}
    made = world.roundtrip(ROLE_POLICY, inputs, "network-flow-logs")
    assert made.id == f"{role.id}:{made.outputs['name']}"
    assert str(made.outputs["name"]).startswith("network-flow-logs-")

    changed = world.update(made, {"role": role.id, "policy": MAY_LOOK})
    world.settled(changed, {"role": role.id, "policy": MAY_LOOK})
    assert world.diff(changed, {"role": "other", "policy": MAY_LOOK}).replaces == {"role"}
    assert world.diff(changed, {"role": role.id, "name": "x", "policy": MAY_LOOK}).replaces == {"name"}
    imported = world.import_(ROLE_POLICY, made.id)
    assert imported is not None
    assert imported.inputs["role"] == role.id
    world.gone(changed)


def test_an_inline_policy_changed_or_deleted_by_hand_is_seen(world: World, role: Made) -> None:
    inputs = {"role": role.id, "policy": MAY_LOG}
    made = world.roundtrip(ROLE_POLICY, inputs)
    iam, name = world.client("iam"), made.outputs["name"]
    iam.put_role_policy(RoleName=role.id, PolicyName=name, PolicyDocument=MAY_LOOK)
    seen = world.refresh(made)
    assert seen is not None
    assert set(world.diff(seen, inputs).changed) == {"policy"}

    iam.delete_role_policy(RoleName=role.id, PolicyName=name)
    assert world.refresh(made) is None


@pytest.mark.parametrize("arn", AWS_MANAGED)
def test_a_policy_of_aws_can_be_attached_and_detached(world: World, role: Made, arn: str) -> None:
    inputs = {"role": role.id, "policyArn": arn}
    made = world.roundtrip(ATTACHMENT, inputs)
    assert made.id == f"{role.id}/{arn}"
    assert world.diff(made, {"role": "other", "policyArn": arn}).replaces == {"role"}
    assert world.diff(made, {"role": role.id, "policyArn": f"{arn}2"}).replaces == {"policyArn"}

    world.client("iam").detach_role_policy(RoleName=role.id, PolicyArn=arn)
    assert world.refresh(made) is None
    world.delete(made)
    world.gone(world.create(ATTACHMENT, "again", inputs))


def test_a_managed_policy_keeps_its_versions_within_the_limit(world: World) -> None:
    def inputs(number: int) -> dict[str, object]:
        statement = Statement(sid=f"Look{number}", actions=["ec2:DescribeVpcs"], resources=["*"])
        return {"policy": document(statement), "description": "ours", "tags": {"number": str(number)}}

    made = world.roundtrip(POLICY, inputs(0), "server")
    assert made.id == made.outputs["arn"] == f"arn:aws:iam::{ACCOUNT}:policy/{made.outputs['name']}"
    for number in range(1, 8):
        made = world.update(made, inputs(number))
        world.settled(made, inputs(number))
    versions = world.client("iam").list_policy_versions(PolicyArn=made.id)["Versions"]
    assert len(versions) == 5
    assert world.diff(made, {**inputs(7), "description": "theirs"}).replaces == {"description"}
    assert world.diff(made, {**inputs(7), "path": "/roost/"}).replaces == {"path"}
    world.gone(made)


def test_a_managed_policy_is_attached_like_one_of_aws(world: World, role: Made) -> None:
    policy = world.create(POLICY, "ours", {"policy": MAY_LOOK})
    attached = world.roundtrip(ATTACHMENT, {"role": role.id, "policyArn": policy.id})
    world.settled(policy, {"policy": MAY_LOOK})
    world.gone(attached)
    world.client("iam").delete_policy(PolicyArn=policy.id)
    assert world.refresh(policy) is None
