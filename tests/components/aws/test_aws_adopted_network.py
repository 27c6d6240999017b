"""Building in a VPC that was there before: what the stack asks about it, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pulumi
import pytest

from infra.aws.adopted_checks import Wanted
from infra.aws.adopted_network import AdoptedNetwork
from infra.settings.aws_network import NetworkSettings
from tests.components.aws.conftest import Variant
from tests.support import realism
from tests.support.aws_vpc import EXISTING, MAIN, ExistingVpc
from tests.support.monitor import Recording, record

ADOPTED = {"network": {"existing": EXISTING}}
OWNED = (
    "vpc:Vpc",
    "subnet:Subnet",
    "routeTable:RouteTable",
    "route:Route",
    "natGateway:NatGateway",
    "internetGateway:InternetGateway",
    "networkAcl:NetworkAcl",
    "vpcEndpoint:VpcEndpoint",
    "flowLog:FlowLog",
    "defaultSecurityGroup:DefaultSecurityGroup",
)

Run = Callable[..., Recording]


@contextmanager
def answering(vpc: ExistingVpc) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for token, answer in vpc.invokes().items():
            patch.setitem(realism.INVOKES, token, answer)
        yield


@pytest.fixture(scope="module")
def run(variant: Variant) -> Run:
    """Runs the whole of dev in a VPC; `edge` is laid over its settings."""

    def with_vpc(vpc: ExistingVpc, **options: Any) -> Recording:
        edge = {"edge": options.pop("edge")} if "edge" in options else {}
        with answering(vpc):
            return variant("dev", {"aws": {**ADOPTED, **edge}}, **options)

    return with_vpc


def look_at(vpc: ExistingVpc, *, preview: bool = False, dual_stack: bool = False) -> str:
    """Declares the network alone, and returns the VPC's id as the rest of the program would see it."""
    settings = NetworkSettings.model_validate(ADOPTED["network"])
    assert settings.existing is not None
    wanted = Wanted(
        region="eu-central-1",
        cluster_name="roost-dev",
        service_cidr="172.20.0.0/16",
        addresses=180,
        dual_stack=dual_stack,
        plan=settings.plan(),
    )

    def program() -> None:
        assert settings.existing is not None
        pulumi.export("vpc", AdoptedNetwork("network", settings.existing, wanted=wanted).vpc_id)

    with answering(vpc):
        return str(record(program, stack="dev", preview=preview).exports()["vpc"])


@pytest.fixture(scope="module")
def adopted(run: Run) -> Recording:
    return run(ExistingVpc.good())


def test_the_stack_makes_nothing_of_the_vpc_itself(adopted: Recording) -> None:
    assert not [r.urn for r in adopted.custom() if r.type in {f"aws:ec2/{kind}" for kind in OWNED}]


def test_everything_else_is_made_as_in_a_vpc_of_its_own(adopted: Recording, dev: Recording) -> None:
    def rest(recording: Recording) -> set[str]:
        """Without alarms on NAT gateways: those of an adopted VPC are its owner's."""
        of_the_vpc = ("network", "alarms-nat-")
        return {r.urn for r in recording.registrations if not r.name.startswith(of_the_vpc)}

    assert rest(adopted) == rest(dev)


def test_every_part_is_in_its_own_tier(adopted: Recording) -> None:
    public, private, database = (
        list(EXISTING[t]["subnets"].values()) for t in ("public", "private", "database")
    )
    assert adopted.one("aws:lb/loadBalancer:LoadBalancer").inputs["subnets"] == public
    assert adopted.one("aws:eks/cluster:Cluster").inputs["vpcConfig"]["subnetIds"] == private
    for group in adopted.of_type("aws:eks/nodeGroup:NodeGroup"):
        in_one_zone = group.name.endswith("gpu")
        assert group.inputs["subnetIds"] == (private[:1] if in_one_zone else private)
    assert adopted.one("aws:rds/subnetGroup:SubnetGroup").inputs["subnetIds"] == database
    for group in adopted.of_type("aws:ec2/securityGroup:SecurityGroup"):
        assert group.inputs["vpcId"] == EXISTING["vpcId"]


def test_pods_connect_to_its_database_subnets_and_the_load_balancer_comes_from_its_public_ones(
    adopted: Recording,
) -> None:
    entrance = adopted.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "load-balancer-to-server").inputs
    sources = {peer["ipBlock"]["cidr"] for peer in entrance["spec"]["ingress"][0]["from"]}
    assert sources == set(EXISTING["public"]["cidrs"].values())
    policy = adopted.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "server-to-rds").inputs
    targets = {peer["ipBlock"]["cidr"] for peer in policy["spec"]["egress"][0]["to"]}
    assert targets == set(EXISTING["database"]["cidrs"].values())


def asked(recording: Recording) -> list[str]:
    return sorted(f"{token} {args}" for token, args in recording.invokes if token.startswith("aws:ec2/"))


def test_a_preview_already_asks_and_declares_the_same(run: Run, adopted: Recording) -> None:
    preview = run(ExistingVpc.good(), preview=True)
    assert {r.urn for r in preview.registrations} == {r.urn for r in adopted.registrations}
    assert asked(preview) == asked(adopted) != []


def test_the_vpc_is_asked_about_in_the_stacks_own_account(adopted: Recording) -> None:
    provider = adopted.one("pulumi:providers:aws")
    assert adopted.invoke_providers
    assert all(used.startswith(provider.urn) for used in adopted.invoke_providers)


def spoil_dns(vpc: ExistingVpc) -> None:
    vpc.vpc["enableDnsHostnames"] = False


def spoil_range(vpc: ExistingVpc) -> None:
    second = {"associationId": "vpc-cidr-assoc-1", "cidrBlock": "172.20.0.0/16", "state": "associated"}
    vpc.vpc["cidrBlockAssociations"].append(second)


def subnet(id_: str, **changes: Any) -> Callable[[ExistingVpc], None]:
    return lambda vpc: vpc.subnets[id_].update(changes)


def route(table: str, routes: dict[str, str]) -> Callable[[ExistingVpc], None]:
    return lambda vpc: vpc.routes.update({table: routes})


def lose_nat(vpc: ExistingVpc) -> None:
    vpc.nat_gateways = []


def follow_main(vpc: ExistingVpc) -> None:
    del vpc.tables["subnet-0aa2"]


OWNED_BY_OTHER = {"kubernetes.io/cluster/legacy": "owned"}
SPOILED: dict[str, tuple[Callable[[ExistingVpc], None], str]] = {
    "no host names": (spoil_dns, "vpc-0e1 has enableDnsHostnames off, without which nodes cannot find"),
    "a range of Services": (spoil_range, "has the range 172.20.0.0/16, which overlaps cluster.serviceCidr"),
    "another zone": (
        subnet("subnet-0ab2", availabilityZone="eu-central-1c"),
        "subnet-0ab2 (network.existing.private, zone b) lies in eu-central-1c and not in eu-central-1b",
    ),
    "another VPC": (subnet("subnet-0aa3", vpcId="vpc-0ff"), "lies in vpc-0ff and not in vpc-0e1"),
    "another range": (
        subnet("subnet-0aa2", cidrBlock="10.7.32.0/20"),
        "has the range 10.7.32.0/20, and the settings say 10.7.32.0/19",
    ),
    "public without internet": (
        route("rtb-0public", {"0.0.0.0/0": "nat-0a"}),
        "has no default route to an internet gateway (it leads to nat-0a), so nobody could reach",
    ),
    "private with internet": (
        route("rtb-0a", {"0.0.0.0/0": "igw-01"}),
        "Name a subnet without one for private.",
    ),
    "database with internet over IPv6": (
        route(MAIN, {"::/0": "igw-01"}),
        "Name a subnet without one for database.",
    ),
    "private without a way out": (route("rtb-0b", {}), "has no default route, so nodes could not reach AWS"),
    "private by the main table": (
        follow_main,
        "subnet-0aa2 (network.existing.private, zone a) has no default",
    ),
    "a NAT gateway that is gone": (lose_nat, "routes to nat-0a, which is not available"),
    "owned by another cluster": (
        subnet("subnet-0aa2", tags=OWNED_BY_OTHER),
        "is tagged as owned by the cluster legacy, whose tools may delete it",
    ),
    "marked as the other tier": (
        subnet("subnet-0aa1", tags={"kubernetes.io/role/internal-elb": "1"}),
        "marks the other kind: name a public subnet",
    ),
    "no room for pods": (
        subnet("subnet-0aa2", availableIpAddressCount=-7900),
        "the private subnets have 100 free addresses, and nodes and pods can ask for 180",
    ),
    "no room for a load balancer": (
        subnet("subnet-0ab1", availableIpAddressCount=7),
        "has 7 free addresses, and a load balancer wants 8",
    ),
}


@pytest.mark.parametrize("name", SPOILED)
def test_a_vpc_that_does_not_fit_is_refused_in_the_first_preview(name: str) -> None:
    spoil, says = SPOILED[name]
    vpc = ExistingVpc.good()
    spoil(vpc)
    with pytest.raises(pulumi.RunError, match=re.escape(says)) as caught:
        look_at(vpc, preview=True)
    assert "vpc-0e1 cannot be used as network.existing:" in str(caught.value)


def test_several_faults_are_told_at_once() -> None:
    vpc = ExistingVpc.good()
    spoil_dns(vpc)
    lose_nat(vpc)
    with pytest.raises(pulumi.RunError) as caught:
        look_at(vpc)
    assert str(caught.value).count("\n  - ") == 2


def test_a_good_vpc_is_known_in_the_first_preview() -> None:
    assert look_at(ExistingVpc.good(), preview=True) == EXISTING["vpcId"]


def test_ipv6_for_clients_needs_it_in_the_public_subnets() -> None:
    vpc = ExistingVpc.good()
    with pytest.raises(pulumi.RunError, match=re.escape("has no IPv6 range, which edge.dualStack needs")):
        look_at(vpc, dual_stack=True)
    for id_ in EXISTING["public"]["subnets"].values():
        vpc.subnets[id_]["ipv6CidrBlock"] = "2a05:d014:1:ff00::/64"
    assert look_at(vpc, dual_stack=True)


def test_addresses_that_the_stacks_own_nodes_hold_are_not_missed() -> None:
    vpc = ExistingVpc.good()
    for id_ in (*EXISTING["private"]["subnets"].values(), *EXISTING["public"]["subnets"].values()):
        vpc.subnets[id_]["availableIpAddressCount"] = 0
    vpc.clusters = ["roost-dev"]
    assert look_at(vpc)
    vpc.clusters = ["roost-other"]
    with pytest.raises(pulumi.RunError, match="the private subnets have 0 free addresses"):
        look_at(vpc)


def test_the_tags_of_an_ordinary_vpc_do_not_keep_a_stack_out() -> None:
    vpc = ExistingVpc.good()
    for id_ in EXISTING["private"]["subnets"].values():
        vpc.subnets[id_]["tags"] = {
            "kubernetes.io/cluster/roost-dev": "owned",
            "kubernetes.io/cluster/legacy": "shared",
            "kubernetes.io/role/internal-elb": "1",
        }
    assert look_at(vpc)


def test_nothing_is_made_in_a_vpc_before_it_was_found_good(run: Run) -> None:
    vpc = ExistingVpc.good()
    lose_nat(vpc)
    seen = Recording()
    with pytest.raises(pulumi.RunError, match="cannot be used"):
        run(vpc, into=seen)
    inside = {"vpcId", "subnetIds", "subnets", "vpcConfig"}
    assert seen.custom(), "what needs no network may be there"
    assert not [r.urn for r in seen.custom() if inside & set(r.inputs)]
