"""What the cluster reads of the emulated account's EKS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local.emulator.child import Emulated, running
from local.rehearsal.account import Account

REGION, CLUSTER = "eu-central-1", "roost-prod"
ROLE = "arn:aws:iam::111122223333:role/{}"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
POLICY = "arn:aws:eks::aws:cluster-access-policy/{}"


@pytest.fixture(scope="module")
def emulated() -> Iterator[Emulated]:
    with running() as started:
        yield started


@pytest.fixture(scope="module")
def account(emulated: Emulated) -> Account:
    """An account with a cluster, two people and a node group in two zones."""
    ec2, eks = emulated.client("ec2", REGION), emulated.client("eks", REGION)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    made = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")
        for i, zone in enumerate("ab")
    ]
    subnets = [answer["Subnet"]["SubnetId"] for answer in made]
    for name in ("cluster", "nodes", "deployer", "reader"):
        emulated.client("iam", REGION).create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    eks.create_cluster(
        name=CLUSTER,
        roleArn=ROLE.format("cluster"),
        resourcesVpcConfig={"subnetIds": subnets},
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        bootstrapSelfManagedAddons=False,
    )
    eks.get_waiter("cluster_active").wait(name=CLUSTER, WaiterConfig={"Delay": 0, "MaxAttempts": 9})
    for person, policy in (("deployer", "AmazonEKSClusterAdminPolicy"), ("reader", "AmazonEKSViewPolicy")):
        principal = ROLE.format(person)
        eks.create_access_entry(clusterName=CLUSTER, principalArn=principal, type="STANDARD")
        eks.associate_access_policy(
            clusterName=CLUSTER,
            principalArn=principal,
            policyArn=POLICY.format(policy),
            accessScope={"type": "cluster"},
        )
    eks.create_nodegroup(
        clusterName=CLUSTER,
        nodegroupName="app",
        scalingConfig={"minSize": 2, "maxSize": 4, "desiredSize": 3},
        subnets=subnets,
        nodeRole=ROLE.format("nodes"),
        labels={"roost.dev/pool": "app"},
    )
    eks.create_addon(clusterName=CLUSTER, addonName="aws-secrets-store-csi-driver-provider")
    return Account(emulated, REGION, CLUSTER)


def test_access_entries_and_their_policies_are_seen(account: Account) -> None:
    deployer, reader, stranger = (ROLE.format(name) for name in ("deployer", "reader", "stranger"))
    assert [account.knows(p) for p in (deployer, reader, stranger)] == [True, True, False]
    assert [account.administrates(p) for p in (deployer, reader, stranger)] == [True, False, False]


def test_every_node_of_a_group_has_its_labels_and_a_zone(account: Account) -> None:
    nodes = account.nodes()
    assert {labels["roost.dev/pool"] for labels in nodes.values()} == {"app"}
    assert sorted(labels["topology.kubernetes.io/zone"] for labels in nodes.values()) == [
        f"{REGION}a",
        f"{REGION}a",
        f"{REGION}b",
    ]


def test_add_ons_are_seen(account: Account) -> None:
    assert account.addons() == {"aws-secrets-store-csi-driver-provider"}


def test_a_cluster_that_does_not_exist_yet_knows_nobody_and_has_nothing(emulated: Emulated) -> None:
    account = Account(emulated, REGION, "roost-later")
    assert not account.knows(ROLE.format("deployer"))
    assert not account.administrates(ROLE.format("deployer"))
    assert account.addons() == set()
    assert account.nodes() == {}
