from __future__ import annotations

import base64
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.settings.aws_versions import ADDONS
from local.emulator.child import Emulated
from tests.emulator.conftest import ABROAD, AUTHORITY, ENDPOINT, HOME, Place, statuses

CNI = ADDONS["1.34"].vpc_cni


@pytest.fixture
def eks(account: Emulated) -> Any:
    return account.client("eks", HOME)


def cluster(eks: Any, place: Place, version: str = "1.34", **more: Any) -> dict[str, Any]:
    eks.create_cluster(
        name=place.name,
        version=version,
        roleArn=place.role,
        resourcesVpcConfig={"subnetIds": place.subnets, "endpointPrivateAccess": True},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        **more,
    )
    eks.describe_cluster(name=place.name)
    return eks.describe_cluster(name=place.name)["cluster"]


def nodegroup(eks: Any, place: Place, **more: Any) -> None:
    eks.create_nodegroup(
        clusterName=place.name, nodegroupName="app", subnets=place.subnets, nodeRole=place.role, **more
    )
    statuses(eks.describe_nodegroup, ("nodegroup", "status"), clusterName=place.name, nodegroupName="app")


def settle(eks: Any, place: Place, update: dict[str, Any], **named: str) -> list[str]:
    return statuses(
        eks.describe_update, ("update", "status"), name=place.name, updateId=update["update"]["id"], **named
    )


def test_a_cluster_is_created_for_a_while_and_then_active(eks: Any, place: Place) -> None:
    made = eks.create_cluster(
        name=place.name, roleArn=place.role, resourcesVpcConfig={"subnetIds": place.subnets}
    )
    assert made["cluster"]["status"] == "CREATING"
    assert statuses(eks.describe_cluster, ("cluster", "status"), name=place.name) == ["CREATING", "ACTIVE"]


def test_a_cluster_says_where_the_rehearsals_api_server_is(eks: Any, place: Place) -> None:
    made = cluster(eks, place)
    assert made["endpoint"] == ENDPOINT
    assert base64.b64decode(made["certificateAuthority"]["data"]).decode() == AUTHORITY


def test_a_region_without_a_cluster_of_its_own_gets_an_endpoint_of_aws(
    account: Emulated, place: Place
) -> None:
    ec2 = account.client("ec2", ABROAD)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=ABROAD + zone)
        for n, zone in enumerate("ab")
    ]
    made = account.client("eks", ABROAD).create_cluster(
        name=place.name,
        roleArn=place.role,
        resourcesVpcConfig={"subnetIds": [one["Subnet"]["SubnetId"] for one in subnets]},
    )
    assert made["cluster"]["endpoint"].endswith(".gr7.eu-west-1.eks.amazonaws.com")


def test_the_clusters_security_group_is_a_real_one_and_goes_with_it(
    account: Emulated, eks: Any, place: Place
) -> None:
    ec2 = account.client("ec2", HOME)
    network = cluster(eks, place)["resourcesVpcConfig"]
    group = ec2.describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])["SecurityGroups"][0]
    assert group["VpcId"] == network["vpcId"]
    eks.delete_cluster(name=place.name)
    assert eks.describe_cluster(name=place.name)["cluster"]["status"] == "DELETING"
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_cluster(name=place.name)
    with pytest.raises(ClientError, match="does not exist"):
        ec2.describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])


def test_a_cluster_needs_a_role_a_key_and_subnets_in_two_zones(eks: Any, place: Place) -> None:
    good: dict[str, Any] = {
        "name": place.name,
        "roleArn": place.role,
        "resourcesVpcConfig": {"subnetIds": place.subnets},
    }
    strange_key = "arn:aws:kms:eu-central-1:111122223333:key/nobody"
    wrong: dict[str, dict[str, Any]] = {
        "could not be assumed": {"roleArn": "arn:aws:iam::111122223333:role/nobody"},
        "two different AZs": {"resourcesVpcConfig": {"subnetIds": place.subnets[:1]}},
        "does not exist": {"resourcesVpcConfig": {"subnetIds": ["subnet-0123456789abcdef0"]}},
        "unsupported Kubernetes version": {"version": "1.20"},
        "keyArn": {"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": strange_key}}]},
    }
    for sentence, change in wrong.items():
        with pytest.raises(eks.exceptions.InvalidParameterException, match=sentence):
            eks.create_cluster(**{**good, **change})
    assert place.name not in eks.list_clusters()["clusters"]


def test_a_minor_version_goes_up_by_one_and_never_down(eks: Any, place: Place) -> None:
    cluster(eks, place, "1.34")
    for version in ("1.33", "1.36", "1.34"):
        with pytest.raises(eks.exceptions.InvalidParameterException):
            eks.update_cluster_version(name=place.name, version=version)
    update = eks.update_cluster_version(name=place.name, version="1.35")
    assert eks.describe_cluster(name=place.name)["cluster"]["version"] == "1.34"
    assert settle(eks, place, update)[-1] == "Successful"
    assert eks.describe_cluster(name=place.name)["cluster"]["version"] == "1.35"


def test_an_update_shows_in_the_cluster_and_in_itself_and_bars_another_one(eks: Any, place: Place) -> None:
    cluster(eks, place)
    update = eks.update_cluster_config(name=place.name, upgradePolicy={"supportType": "STANDARD"})
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.update_cluster_config(name=place.name, deletionProtection=True)
    assert settle(eks, place, update) == ["InProgress", "Successful"]
    found = eks.describe_cluster(name=place.name)["cluster"]
    assert (found["status"], found["upgradePolicy"]) == ("ACTIVE", {"supportType": "STANDARD"})


def test_a_config_update_changes_one_thing_and_has_to_change_something(eks: Any, place: Place) -> None:
    cluster(eks, place)
    invalid = eks.exceptions.InvalidParameterException
    with pytest.raises(invalid, match="Only one type"):
        eks.update_cluster_config(
            name=place.name, deletionProtection=True, upgradePolicy={"supportType": "STANDARD"}
        )
    with pytest.raises(invalid, match="already at the desired configuration"):
        eks.update_cluster_config(name=place.name, deletionProtection=False)
    with pytest.raises(invalid, match="cannot be disabled"):
        eks.update_cluster_config(
            name=place.name,
            resourcesVpcConfig={"endpointPublicAccess": False, "endpointPrivateAccess": False},
        )


def test_the_endpoints_ranges_change_and_go_when_it_becomes_private(eks: Any, place: Place) -> None:
    assert cluster(eks, place)["resourcesVpcConfig"]["publicAccessCidrs"] == ["0.0.0.0/0"]
    for wish, ranges in (
        ({"publicAccessCidrs": ["203.0.113.0/24"]}, ["203.0.113.0/24"]),
        ({"endpointPublicAccess": False}, []),
    ):
        settle(eks, place, eks.update_cluster_config(name=place.name, resourcesVpcConfig=wish))
        found = eks.describe_cluster(name=place.name)["cluster"]["resourcesVpcConfig"]
        assert found["publicAccessCidrs"] == ranges


def test_a_protected_cluster_and_one_with_nodes_stay(eks: Any, place: Place) -> None:
    cluster(eks, place, deletionProtection=True)
    with pytest.raises(eks.exceptions.InvalidRequestException, match="deletion protection is enabled"):
        eks.delete_cluster(name=place.name)
    settle(eks, place, eks.update_cluster_config(name=place.name, deletionProtection=False))
    nodegroup(eks, place)
    with pytest.raises(eks.exceptions.ResourceInUseException, match="nodegroups attached"):
        eks.delete_cluster(name=place.name)
    eks.delete_nodegroup(clusterName=place.name, nodegroupName="app")
    eks.describe_nodegroup(clusterName=place.name, nodegroupName="app")
    eks.delete_cluster(name=place.name)


def test_nodes_are_never_ahead_of_their_control_plane(eks: Any, place: Place) -> None:
    cluster(eks, place, "1.34")
    with pytest.raises(eks.exceptions.InvalidParameterException, match="ahead of the cluster"):
        nodegroup(eks, place, version="1.35")
    nodegroup(eks, place)
    with pytest.raises(eks.exceptions.InvalidParameterException, match="ahead of the cluster"):
        eks.update_nodegroup_version(clusterName=place.name, nodegroupName="app", version="1.35")
    settle(eks, place, eks.update_cluster_version(name=place.name, version="1.35"))
    assert (
        eks.describe_nodegroup(clusterName=place.name, nodegroupName="app")["nodegroup"]["version"] == "1.34"
    )
    update = eks.update_nodegroup_version(clusterName=place.name, nodegroupName="app")
    assert settle(eks, place, update, nodegroupName="app") == ["InProgress", "Successful"]
    assert (
        eks.describe_nodegroup(clusterName=place.name, nodegroupName="app")["nodegroup"]["version"] == "1.35"
    )


def test_a_launch_template_changes_its_version_and_not_itself(
    account: Emulated, eks: Any, place: Place
) -> None:
    ec2 = account.client("ec2", HOME)
    ids = [
        ec2.create_launch_template(LaunchTemplateName=f"{place.name}-{which}", LaunchTemplateData={})
        for which in "ab"
    ]
    ours, other = (one["LaunchTemplate"]["LaunchTemplateId"] for one in ids)
    cluster(eks, place)
    nodegroup(eks, place, launchTemplate={"id": ours, "version": "1"})
    for wish, sentence in (
        ({"id": ours, "version": "2"}, "no version 2"),
        ({"id": other, "version": "1"}, "another version of the same"),
    ):
        with pytest.raises(eks.exceptions.InvalidParameterException, match=sentence):
            eks.update_nodegroup_version(clusterName=place.name, nodegroupName="app", launchTemplate=wish)
    ec2.create_launch_template_version(LaunchTemplateId=ours, LaunchTemplateData={})
    update = eks.update_nodegroup_version(
        clusterName=place.name, nodegroupName="app", launchTemplate={"id": ours, "version": "2"}
    )
    settle(eks, place, update)
    found = eks.describe_nodegroup(clusterName=place.name, nodegroupName="app")["nodegroup"]
    assert found["launchTemplate"] == {"id": ours, "name": f"{place.name}-a", "version": "2"}


def test_labels_taints_and_size_change_in_place(eks: Any, place: Place) -> None:
    cluster(eks, place)
    taint = {"key": "gpu", "value": "true", "effect": "NO_SCHEDULE"}
    nodegroup(
        eks,
        place,
        labels={"pool": "app", "old": "1"},
        taints=[taint],
        scalingConfig={"minSize": 1, "maxSize": 3, "desiredSize": 1},
    )
    update = eks.update_nodegroup_config(
        clusterName=place.name,
        nodegroupName="app",
        labels={"addOrUpdateLabels": {"new": "2"}, "removeLabels": ["old"]},
        taints={"removeTaints": [taint]},
        scalingConfig={"desiredSize": 2},
    )
    settle(eks, place, update)
    found = eks.describe_nodegroup(clusterName=place.name, nodegroupName="app")["nodegroup"]
    assert (found["labels"], found["taints"]) == ({"pool": "app", "new": "2"}, [])
    assert found["scalingConfig"] == {"minSize": 1, "maxSize": 3, "desiredSize": 2}


def test_an_add_on_lives_with_its_configuration_and_its_rights(eks: Any, place: Place) -> None:
    cluster(eks, place)
    eks.create_addon(
        clusterName=place.name,
        addonName="vpc-cni",
        addonVersion=CNI,
        configurationValues='{"enableNetworkPolicy": "true"}',
        podIdentityAssociations=[{"serviceAccount": "aws-node", "roleArn": place.role}],
    )
    named = {"clusterName": place.name, "addonName": "vpc-cni"}
    assert statuses(eks.describe_addon, ("addon", "status"), **named) == ["CREATING", "ACTIVE"]
    addon = eks.describe_addon(**named)["addon"]
    assert addon["configurationValues"] == '{"enableNetworkPolicy": "true"}'
    (rights,) = eks.list_pod_identity_associations(clusterName=place.name)["associations"]
    assert addon["podIdentityAssociations"] == [rights["associationArn"]]
    assert (rights["namespace"], rights["ownerArn"]) == ("kube-system", addon["addonArn"])
    eks.delete_addon(**named)
    assert eks.describe_addon(**named)["addon"]["status"] == "DELETING"
    assert eks.list_pod_identity_associations(clusterName=place.name)["associations"] == []
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_addon(**named)


def test_an_add_on_is_raised_to_another_build_and_only_to_one_that_fits(eks: Any, place: Place) -> None:
    cluster(eks, place, "1.34")
    old, new = ADDONS["1.34"].kube_proxy, ADDONS["1.35"].kube_proxy
    eks.create_addon(clusterName=place.name, addonName="kube-proxy", addonVersion=old)
    eks.describe_addon(clusterName=place.name, addonName="kube-proxy")
    with pytest.raises(eks.exceptions.InvalidParameterException, match="not supported"):
        eks.update_addon(clusterName=place.name, addonName="kube-proxy", addonVersion=new)
    with pytest.raises(eks.exceptions.InvalidParameterException, match="not supported"):
        eks.update_addon(clusterName=place.name, addonName="kube-proxy", addonVersion="v9.9.9-eksbuild.1")
    settle(eks, place, eks.update_cluster_version(name=place.name, version="1.35"))
    update = eks.update_addon(clusterName=place.name, addonName="kube-proxy", addonVersion=new)
    assert settle(eks, place, update, addonName="kube-proxy") == ["InProgress", "Successful"]
    assert eks.describe_addon(clusterName=place.name, addonName="kube-proxy")["addon"]["addonVersion"] == new


def test_every_build_that_the_stack_pins_is_offered_for_its_version(eks: Any) -> None:
    for version, pinned in ADDONS.items():
        offered = eks.describe_addon_versions(kubernetesVersion=version, addonName="vpc-cni")["addons"][0]
        assert [one["addonVersion"] for one in offered["addonVersions"]] == [pinned.vpc_cni]


def test_access_entries_and_their_policies(eks: Any, place: Place) -> None:
    cluster(eks, place)
    principal = "arn:aws:iam::111122223333:role/deployer"
    policy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
    named = {"clusterName": place.name, "principalArn": principal}
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.associate_access_policy(**named, policyArn=policy, accessScope={"type": "cluster"})
    eks.create_access_entry(**named, tags={"owner": "platform"})
    eks.associate_access_policy(**named, policyArn=policy, accessScope={"type": "cluster"})
    found = eks.list_associated_access_policies(**named)["associatedAccessPolicies"]
    assert [(one["policyArn"], one["accessScope"]["type"]) for one in found] == [(policy, "cluster")]
    eks.update_access_entry(**named, kubernetesGroups=["viewers"])
    entry = eks.describe_access_entry(**named)["accessEntry"]
    assert (entry["kubernetesGroups"], entry["tags"]) == (["viewers"], {"owner": "platform"})
    eks.disassociate_access_policy(**named, policyArn=policy)
    assert eks.list_associated_access_policies(**named)["associatedAccessPolicies"] == []
    eks.delete_access_entry(**named)
    assert eks.list_access_entries(clusterName=place.name)["accessEntries"] == []


def test_a_service_account_has_one_role(account: Emulated, eks: Any, place: Place) -> None:
    cluster(eks, place)
    wish = {
        "clusterName": place.name,
        "namespace": "roost",
        "serviceAccount": "server",
        "roleArn": place.role,
    }
    made = eks.create_pod_identity_association(**wish)["association"]
    with pytest.raises(eks.exceptions.ResourceInUseException):
        eks.create_pod_identity_association(**wish)
    named = {"clusterName": place.name, "associationId": made["associationId"]}
    with pytest.raises(eks.exceptions.InvalidParameterException):
        eks.update_pod_identity_association(**named, roleArn="arn:aws:iam::111122223333:role/nobody")
    eks.delete_pod_identity_association(**named)
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_pod_identity_association(**named)


def test_two_node_groups_do_not_share_their_tags(eks: Any, place: Place) -> None:
    cluster(eks, place)
    named = {"clusterName": place.name, "subnets": place.subnets, "nodeRole": place.role}
    arns = [
        eks.create_nodegroup(nodegroupName=name, **named)["nodegroup"]["nodegroupArn"] for name in ("a", "b")
    ]
    eks.tag_resource(resourceArn=arns[0], tags={"owner": "data"})
    assert eks.list_tags_for_resource(resourceArn=arns[1])["tags"] == {}


def test_tags_of_everything_change(eks: Any, place: Place) -> None:
    arn = cluster(eks, place, tags={"owner": "platform", "old": "1"})["arn"]
    eks.tag_resource(resourceArn=arn, tags={"owner": "data"})
    eks.untag_resource(resourceArn=arn, tagKeys=["old"])
    assert eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"owner": "data"}
