from __future__ import annotations

import base64
import itertools
import json
from dataclasses import dataclass
from typing import Any

import pytest

from infra.settings.aws_versions import ADDONS
from local.emulator.child import ACCOUNT, Emulated
from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import UNKNOWN
from tests.engine.aws.harness import REGION, Made, World

CLUSTER = "aws:eks/cluster:Cluster"
NODES = "aws:eks/nodeGroup:NodeGroup"
ADDON = "aws:eks/addon:Addon"
ENTRY = "aws:eks/accessEntry:AccessEntry"
POLICY = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
IDENTITY = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/roost-deployer"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """What a cluster stands on."""

    world: World
    name: str
    subnets: list[str]
    role: str
    key: str

    def cluster(self, **more: Any) -> dict[str, Any]:
        """As the prod stack asks for it."""
        return {
            "name": self.name,
            "version": "1.34",
            "roleArn": self.role,
            "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
            "vpcConfig": {
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
                "subnetIds": self.subnets,
            },
            "enabledClusterLogTypes": ["api", "audit", "authenticator", "controllerManager", "scheduler"],
            "kubernetesNetworkConfig": {"serviceIpv4Cidr": "172.20.0.0/16"},
            "upgradePolicy": {"supportType": "STANDARD"},
            "deletionProtection": False,
            "encryptionConfig": {"resources": ["secrets"], "provider": {"keyArn": self.key}},
            "bootstrapSelfManagedAddons": False,
            "tags": {"owner": "platform"},
            **more,
        }

    def nodes(self, template: str, version: str = "1", **more: Any) -> dict[str, Any]:
        """As the prod stack asks for them."""
        return {
            "clusterName": self.name,
            "version": "1.34",
            "instanceTypes": ["m7g.large"],
            "updateConfig": {"maxUnavailablePercentage": 33},
            "subnetIds": self.subnets,
            "amiType": "AL2023_ARM_64_STANDARD",
            "nodeRepairConfig": {"enabled": True},
            "labels": {"roost.dev/pool": "system"},
            "capacityType": "ON_DEMAND",
            "launchTemplate": {"id": template, "version": version},
            "nodeRoleArn": self.role,
            "scalingConfig": {"minSize": 3, "maxSize": 6, "desiredSize": 3},
            **more,
        }

    def addon(self, **more: Any) -> dict[str, Any]:
        """As the prod stack asks for its network plugin."""
        configuration = {"enableNetworkPolicy": "true", "env": {"WARM_PREFIX_TARGET": "1"}}
        return {
            "clusterName": self.name,
            "addonName": "vpc-cni",
            "addonVersion": ADDONS["1.34"].vpc_cni,
            "configurationValues": json.dumps(configuration),
            "podIdentityAssociations": [{"serviceAccount": "aws-node", "roleArn": self.role}],
            "resolveConflictsOnCreate": "NONE",
            "resolveConflictsOnUpdate": "OVERWRITE",
            **more,
        }

    def template(self) -> str:
        ec2 = self.world.client("ec2")
        made = ec2.create_launch_template(
            LaunchTemplateName=f"{self.name}-{next(_numbers)}", LaunchTemplateData={"UserData": "IyE="}
        )
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def made(self, **more: Any) -> Made:
        return self.world.create(CLUSTER, "cluster", self.cluster(**more))


@pytest.fixture
def ground(world: World) -> Ground:
    name = f"roost-eks{next(_numbers)}"
    ec2 = world.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=REGION + zone)
        for index, zone in enumerate("ab")
    ]
    role = world.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    return Ground(world, name, [one["Subnet"]["SubnetId"] for one in subnets], role, key)


def test_a_cluster_gives_what_a_kubeconfig_and_the_security_groups_need(ground: Ground) -> None:
    made = ground.world.roundtrip(CLUSTER, ground.cluster())
    assert made.id == ground.name
    assert made.outputs["arn"] == f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{ground.name}"
    assert made.outputs["endpoint"].startswith("https://127.0.0.1:")
    assert base64.b64decode(made.outputs["certificateAuthority"]["data"]).startswith(b"-----BEGIN CERT")
    assert made.outputs["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert made.outputs["vpcConfig"]["vpcId"].startswith("vpc-")
    assert made.outputs["identities"][0]["oidcs"][0]["issuer"].startswith("https://oidc.eks.")
    assert made.outputs["status"] == "ACTIVE"
    ground.world.gone(made)


def test_a_preview_does_not_know_the_endpoint_yet(ground: Ground) -> None:
    shown = ground.world.preview(CLUSTER, ground.cluster())
    assert shown["version"] == "1.34"
    assert not isinstance(shown["endpoint"], str) or not shown["endpoint"].startswith("https")


def test_all_that_a_cluster_changes_in_place_changes_in_one_update(ground: Ground) -> None:
    made = ground.made()
    private = ground.cluster()["vpcConfig"]
    wanted = ground.cluster(
        version="1.35",
        upgradePolicy={"supportType": "EXTENDED"},
        enabledClusterLogTypes=["audit"],
        deletionProtection=True,
        vpcConfig={**private, "endpointPublicAccess": True, "publicAccessCidrs": ["203.0.113.0/24"]},
        tags={"owner": "data"},
    )
    changed = ground.world.update(made, wanted)
    ground.world.settled(changed, wanted)
    found = ground.world.client("eks").describe_cluster(name=ground.name)["cluster"]
    assert (found["version"], found["deletionProtection"]) == ("1.35", True)
    assert found["upgradePolicy"] == {"supportType": "EXTENDED"}
    assert found["resourcesVpcConfig"]["publicAccessCidrs"] == ["203.0.113.0/24"]
    assert found["tags"] == {"owner": "data"}
    on = [one["types"] for one in found["logging"]["clusterLogging"] if one["enabled"]]
    assert on == [["audit"]]


def test_a_cluster_leaves_a_private_endpoints_ranges_alone_when_the_program_stops_naming_them(
    ground: Ground,
) -> None:
    public = {
        **ground.cluster()["vpcConfig"],
        "endpointPublicAccess": True,
        "publicAccessCidrs": ["203.0.113.0/24"],
    }
    made = ground.made(vpcConfig=public)
    changed = ground.world.update(made, ground.cluster())
    ground.world.settled(changed, ground.cluster())
    assert changed.outputs["vpcConfig"]["endpointPublicAccess"] is False


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"roleArn": f"arn:aws:iam::{ACCOUNT}:role/other"}, "roleArn"),
        ({"name": "other"}, "name"),
        (
            {"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.100.0.0/16"}},
            "kubernetesNetworkConfig.serviceIpv4Cidr",
        ),
        (
            {"accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": True}},
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
        ),
    ],
)
def test_what_a_cluster_is_made_with_makes_another_one(
    ground: Ground, change: dict[str, Any], path: str
) -> None:
    made = ground.made()
    assert ground.world.diff(made, ground.cluster(**change)).replaces == {path}


def test_a_protected_cluster_is_not_deleted_and_the_reason_is_told(ground: Ground) -> None:
    made = ground.made(deletionProtection=True)
    with pytest.raises(ResourceError, match="deletion protection is enabled"):
        ground.world.delete(made)
    assert ground.world.refresh(made) is not None


def test_a_change_of_the_endpoint_behind_our_back_is_drift_and_is_undone(ground: Ground) -> None:
    made = ground.made()
    eks = ground.world.client("eks")
    eks.update_cluster_config(name=ground.name, resourcesVpcConfig={"endpointPublicAccess": True})
    eks.describe_cluster(name=ground.name)
    seen = ground.world.refresh(made)
    assert seen is not None
    assert ground.world.diff(seen, ground.cluster()).changed == {"vpcConfig.endpointPublicAccess": "update"}
    ground.world.update(seen, ground.cluster())
    found = eks.describe_cluster(name=ground.name)["cluster"]["resourcesVpcConfig"]
    assert found["endpointPublicAccess"] is False


def test_a_cluster_is_imported_with_what_it_has(ground: Ground) -> None:
    made = ground.made()
    found = ground.world.import_(CLUSTER, made.id)
    assert found is not None
    asked = ground.cluster()
    same = (
        "encryptionConfig",
        "roleArn",
        "version",
        "upgradePolicy",
        "enabledClusterLogTypes",
        "accessConfig",
    )
    assert {key: found.inputs[key] for key in same} == {key: asked[key] for key in same}
    assert ground.world.import_(CLUSTER, "nobody") is None


def test_what_is_not_mapped_is_refused_and_not_dropped(ground: Ground) -> None:
    with pytest.raises(ResourceError, match="has no computeConfig"):
        ground.made(computeConfig={"enabled": True})


def test_a_failed_wait_leaves_a_cluster_in_the_state(emulated: Emulated, ground: Ground) -> None:
    from local.plugins.aws.lifecycle import UnfinishedError

    emulated.fail("eks", "DescribeCluster", code="AccessDeniedException", message="not now", http_status=403)
    with pytest.raises(UnfinishedError, match="not now") as unfinished:
        ground.made()
    assert unfinished.value.stored.id == ground.name


def test_nodes_live_with_their_launch_template(ground: Ground) -> None:
    ground.made()
    wish = ground.nodes(ground.template())
    made = ground.world.roundtrip(NODES, wish, "cluster-nodes-system")
    cluster, _, name = made.id.partition(":")
    assert cluster == ground.name
    assert name == made.outputs["nodeGroupName"]
    assert name.startswith("cluster-nodes-system-")
    assert made.outputs["resources"][0]["autoscalingGroups"][0]["name"].startswith("eks-")
    assert made.outputs["status"] == "ACTIVE"
    ground.world.gone(made)


def test_nodes_change_their_number_labels_taints_and_template_version_in_place(ground: Ground) -> None:
    ground.made()
    template = ground.template()
    taint = {"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}
    made = ground.world.create(NODES, "gpu", ground.nodes(template, taints=[taint]))
    ground.world.client("ec2").create_launch_template_version(
        LaunchTemplateId=template, LaunchTemplateData={"UserData": "IyEv"}
    )
    wanted = ground.nodes(
        template,
        "2",
        scalingConfig={"minSize": 4, "maxSize": 6, "desiredSize": 4},
        labels={"roost.dev/pool": "gpu", "more": "1"},
        updateConfig={"maxUnavailable": 1},
        tags={"owner": "data"},
    )
    changed = ground.world.update(made, wanted)
    ground.world.settled(changed, wanted)
    assert changed.outputs["launchTemplate"]["version"] == "2"
    name = made.outputs["nodeGroupName"]
    found = ground.world.client("eks").describe_nodegroup(clusterName=ground.name, nodegroupName=name)
    assert (found["nodegroup"]["taints"], found["nodegroup"]["labels"]) == ([], wanted["labels"])


def test_nodes_follow_their_control_plane_in_place(ground: Ground) -> None:
    cluster = ground.made()
    template = ground.template()
    made = ground.world.create(NODES, "system", ground.nodes(template))
    wanted = ground.nodes(template, version="1") | {"version": "1.35"}
    with pytest.raises(ResourceError, match="ahead of the cluster"):
        ground.world.update(made, wanted)
    ground.world.update(cluster, ground.cluster(version="1.35"))
    changed = ground.world.update(made, wanted)
    assert changed.outputs["version"] == "1.35"
    ground.world.settled(changed, wanted)


@pytest.mark.parametrize(
    "change",
    [
        {"instanceTypes": ["m7g.xlarge"]},
        {"amiType": "AL2023_x86_64_STANDARD"},
        {"capacityType": "SPOT"},
        {"nodeRoleArn": f"arn:aws:iam::{ACCOUNT}:role/other"},
    ],
)
def test_what_nodes_are_made_of_makes_other_nodes_beside_the_old_ones(
    ground: Ground, change: dict[str, Any]
) -> None:
    ground.made()
    template = ground.template()
    made = ground.world.create(NODES, "system", ground.nodes(template))
    difference = ground.world.diff(made, ground.nodes(template, **change))
    assert {path.partition("[")[0] for path in difference.replaces} == set(change)
    assert not difference.delete_first


def test_another_launch_template_makes_other_nodes_and_another_version_of_it_does_not(ground: Ground) -> None:
    ground.made()
    template = ground.template()
    made = ground.world.create(NODES, "system", ground.nodes(template))
    assert ground.world.diff(made, ground.nodes("lt-0123456789abcdef0")).replaces == {"launchTemplate.id"}
    assert ground.world.diff(made, ground.nodes(template, "2")).replaces == set()


def test_an_add_on_lives_with_its_configuration_and_its_role(ground: Ground) -> None:
    ground.made()
    made = ground.world.roundtrip(ADDON, ground.addon())
    assert made.id == f"{ground.name}:vpc-cni"
    assert made.outputs["podIdentityAssociations"] == ground.addon()["podIdentityAssociations"]
    ground.world.gone(made)


def test_an_add_on_changes_its_version_configuration_and_role_in_place(ground: Ground) -> None:
    ground.made(version="1.34")
    made = ground.world.create(ADDON, "vpc-cni", ground.addon())
    build = ADDONS["1.34"].vpc_cni.partition("-eksbuild.")[0] + "-eksbuild.99"
    wanted = ground.addon(addonVersion=build, configurationValues='{"enableNetworkPolicy": "false"}')
    del wanted["podIdentityAssociations"]
    changed = ground.world.update(made, wanted)
    ground.world.settled(changed, wanted)
    found = ground.world.client("eks").describe_addon(clusterName=ground.name, addonName="vpc-cni")["addon"]
    assert (found["addonVersion"], found["podIdentityAssociations"]) == (build, [])


def test_the_same_configuration_in_other_words_is_no_change(ground: Ground) -> None:
    ground.made()
    made = ground.world.create(ADDON, "vpc-cni", ground.addon())
    spaced = json.dumps(json.loads(ground.addon()["configurationValues"]), indent=2, sort_keys=True)
    assert ground.world.diff(made, ground.addon(configurationValues=spaced)).changed == {}


def test_an_administrator_enters_by_an_entry_and_a_policy(ground: Ground) -> None:
    ground.made()
    who = {"clusterName": ground.name, "principalArn": DEPLOYER}
    entry = ground.world.roundtrip(ENTRY, {**who, "type": "STANDARD"})
    policy = ground.world.roundtrip(POLICY, {**who, "policyArn": ADMIN, "accessScope": {"type": "cluster"}})
    assert entry.id == f"{ground.name}:{DEPLOYER}"
    assert policy.id == f"{ground.name}#{DEPLOYER}#{ADMIN}"
    ground.world.gone(policy)
    ground.world.gone(entry)
    assert ground.world.refresh(policy) is None


def test_an_entry_changes_its_groups_in_place_and_its_principal_not(ground: Ground) -> None:
    ground.made()
    who = {"clusterName": ground.name, "principalArn": DEPLOYER}
    made = ground.world.create(ENTRY, "admin", {**who, "kubernetesGroups": ["viewers"]})
    changed = ground.world.update(made, {**who, "kubernetesGroups": ["editors"], "tags": {"owner": "data"}})
    ground.world.settled(changed, {**who, "kubernetesGroups": ["editors"], "tags": {"owner": "data"}})
    other = {**who, "principalArn": f"{DEPLOYER}-2"}
    assert ground.world.diff(made, other).replaces == {"principalArn"}


def test_a_service_account_gets_another_role_in_place(ground: Ground) -> None:
    ground.made()
    wish = {
        "clusterName": ground.name,
        "namespace": "roost",
        "serviceAccount": "server",
        "roleArn": ground.role,
    }
    made = ground.world.roundtrip(IDENTITY, wish)
    assert made.id == made.outputs["associationId"]
    other = ground.world.client("iam").create_role(
        RoleName=f"{ground.name}-other", AssumeRolePolicyDocument="{}"
    )
    wanted = {**wish, "roleArn": other["Role"]["Arn"], "tags": {"owner": "data"}}
    changed = ground.world.update(made, wanted)
    ground.world.settled(changed, wanted)
    assert ground.world.diff(made, {**wish, "serviceAccount": "other"}).replaces == {"serviceAccount"}
    imported = ground.world.import_(IDENTITY, f"{ground.name},{made.id}")
    assert imported is not None
    assert imported.inputs["roleArn"] == other["Role"]["Arn"]
    ground.world.gone(changed)


def test_what_eks_puts_into_the_network_is_unknown_before_and_kept_in_a_change(world: World) -> None:
    given = {
        "name": "previewed",
        "roleArn": f"arn:aws:iam::{ACCOUNT}:role/cluster",
        "vpcConfig": {"subnetIds": ["subnet-1", "subnet-2"]},
    }
    outputs = world.preview(CLUSTER, given)
    network = outputs["vpcConfig"]
    assert isinstance(network, dict)
    assert network["clusterSecurityGroupId"] is UNKNOWN
    assert network["subnetIds"] == ["subnet-1", "subnet-2"]
