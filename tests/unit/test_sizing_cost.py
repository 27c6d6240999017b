"""The walk: cases of the field, what it adds up, and what it never leaves out silently."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.sizing.cost import Estimate, estimate
from infra.sizing.cost_lines import COMPONENTS, Usage, by_component, month
from infra.sizing.cost_machines import Disk, NodePool, nodes, vcpus
from infra.sizing.cost_resource import UNKNOWN, Resource
from infra.sizing.prices import HOURS_PER_MONTH, Prices
from infra.sizing.schedule import hours_per_month, times_of, weekdays

NODE_GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:rds/instance:Instance"
ARN = "arn:aws:scheduler:::aws-sdk:eks:updateNodegroupConfig"


def r(type_: str, name: str = "it", made_from: dict[str, str] | None = None, **inputs: Any) -> Resource:
    origins = {key: (urn,) for key, urn in (made_from or {}).items()}
    return Resource(type=type_, name=name, inputs=inputs, urn=f"urn::{type_}::{name}", made_from=origins)


def provider(region: str = "us-east-1") -> Resource:
    return r("pulumi:providers:aws", "aws", region=region)


def group(name: str, type_: str, start: int, largest: int) -> list[Resource]:
    template = r(
        TEMPLATE,
        name,
        blockDeviceMappings=[{"ebs": {"volumeSize": 50, "throughput": 125}}],
        monitoring={"enabled": True},
    )
    scaling = {"minSize": start, "maxSize": largest, "desiredSize": start}
    return [
        template,
        r(
            NODE_GROUP,
            name,
            made_from={"launchTemplate": template.urn},
            instanceTypes=[type_],
            scalingConfig=scaling,
        ),
    ]


def skeleton(zones: int, gateways: int) -> list[Resource]:
    """What every stack has beside machines."""
    subnets = [UNKNOWN] * zones
    return [
        *(r("aws:ec2/natGateway:NatGateway", f"nat-{n}") for n in range(gateways)),
        *(r("aws:ec2/eip:Eip", f"nat-{n}") for n in range(gateways)),
        r("aws:eks/cluster:Cluster", "cluster"),
        r("aws:lb/loadBalancer:LoadBalancer", "edge", subnets=subnets),
        r("aws:wafv2/webAcl:WebAcl", "firewall", rules=[{}] * 6),
        *(r("aws:kms/key:Key", f"key-{n}") for n in range(4)),
        *(r("aws:s3/bucket:Bucket", f"bucket-{n}") for n in range(2)),
        *(r("aws:cloudwatch/logGroup:LogGroup", f"log-{n}", retentionInDays=30) for n in range(5)),
    ]


def total(*resources: Resource, usage: Usage | None = None, region: str = "us-east-1") -> Estimate:
    return estimate([provider(region), *resources], usage)


def test_dev_without_gpu_costs_what_the_field_says() -> None:
    """One NAT gateway, a t4g database, no GPU: 300 to 350 USD a month."""
    found = total(
        *skeleton(2, 1),
        *group("system", "t4g.medium", 2, 3),
        *group("app", "t4g.large", 1, 3),
        r(INSTANCE, "database", instanceClass="db.t4g.medium", allocatedStorage=20),
    )
    assert found.complete
    assert 300 * 0.9 <= found.month <= 350 * 1.1


def test_a_small_prod_costs_what_the_field_says() -> None:
    """Three zones, r7g.large in two of them, 3 x m7i.large, one L40S: 2.2 to 2.6 k, most of it GPU."""
    found = total(
        *skeleton(3, 3),
        *group("app", "m7i.large", 3, 3),
        *group("gpu", "g6e.xlarge", 1, 1),
        r(INSTANCE, "database", instanceClass="db.r7g.large", multiAz=True, allocatedStorage=100),
    )
    assert found.complete
    assert 2200 * 0.9 <= found.month <= 2600 * 1.1
    assert 0.5 <= month(by_component(found.lines)["inference"]) / found.month <= 0.65


def test_seventy_billion_parameters_cost_what_the_field_says() -> None:
    """70B in fp8, on g6e.12xlarge alone: 7.7 k."""
    found = total(*group("gpu", "g6e.12xlarge", 1, 1))
    assert found.month == pytest.approx(7700, rel=0.1)


def test_a_database_in_two_zones_costs_twice_with_its_storage() -> None:
    one = total(r(INSTANCE, instanceClass="db.r7g.large", allocatedStorage=100))
    two = total(r(INSTANCE, instanceClass="db.r7g.large", allocatedStorage=100, multiAz=True))
    assert two.month == pytest.approx(2 * one.month)
    assert one.month == pytest.approx(0.239 * 730 + 11.5)


def test_a_replica_takes_its_size_from_its_primary() -> None:
    primary = r(INSTANCE, "database", instanceClass="db.t4g.large", allocatedStorage=100)
    replica = r(
        INSTANCE,
        "replica",
        made_from={"replicateSourceDb": primary.urn},
        instanceClass="db.t4g.large",
        replicateSourceDb=UNKNOWN,
    )
    assert total(primary, replica).month == pytest.approx(2 * total(primary).month)


def test_a_resource_is_priced_in_its_own_region() -> None:
    there: dict[str, Any] = {"instanceClass": "db.r7g.large", "allocatedStorage": 1, "region": "us-east-1"}
    assert total(r(INSTANCE, **there), region="eu-central-1").month == total(r(INSTANCE, **there)).month


def test_what_grows_by_itself_is_at_its_largest_in_most() -> None:
    found = total(
        *group("app", "m7g.large", 3, 10),
        r(INSTANCE, instanceClass="db.t4g.large", allocatedStorage=100, maxAllocatedStorage=200),
    )
    (pool,) = by_component(found.lines)["nodes"]
    assert pool.most == pytest.approx(pool.month / 3 * 10)
    assert found.most - found.month == pytest.approx(pool.most - pool.month + 11.5)


def test_a_gpu_group_that_starts_empty_costs_by_the_hours_of_the_schedule() -> None:
    gpu = group("gpu", "g6.xlarge", 0, 1)
    always = total(*gpu).month
    schedule = [
        r(
            "aws:scheduler/schedule:Schedule",
            name,
            scheduleExpression=f"cron(0 {hour} ? * MON-FRI *)",
            target={"arn": ARN},
        )
        for name, hour in (("start", 7), ("stop", 19))
    ]
    assert total(*gpu, *schedule).month == pytest.approx(always * 12 * 5 / 7 / 24, rel=0.01)
    assert total(*gpu, *schedule, usage=Usage(gpu_hours=73)).month == pytest.approx(always / 10)
    assert total(*gpu).most == pytest.approx(always), "one node, whether it is counted by use or not"


def test_volumes_of_workloads_belong_to_them() -> None:
    claim = {"resources": {"requests": {"storage": "100Gi"}}}
    found = total(
        r("kubernetes:core/v1:PersistentVolumeClaim", "clickhouse-data", spec=claim),
        r(
            "kubernetes:apps/v1:StatefulSet",
            "clickhouse",
            spec={"replicas": 3, "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": claim}]},
        ),
    )
    assert month(by_component(found.lines)["clickhouse"]) == pytest.approx(4 * 100 * 0.08)


def test_a_type_that_nobody_declared_is_reported() -> None:
    found = total(r("aws:redshift/cluster:Cluster"), r("aws:kms/key:Key"))
    assert found.unknown == ("aws:redshift/cluster:Cluster",)
    assert not found.complete
    assert found.month == 1


@pytest.mark.parametrize(
    ("resource", "says"),
    [
        (r(INSTANCE, "database", instanceClass=UNKNOWN, allocatedStorage=20), "instanceClass is unknown"),
        (r(INSTANCE, "database", instanceClass="db.t4g.large"), "allocatedStorage is missing"),
        (
            r(INSTANCE, "database", instanceClass="db.z9.large", allocatedStorage=2),
            "no price of the database",
        ),
        (r("aws:lb/loadBalancer:LoadBalancer", "edge", subnets=UNKNOWN), "subnets is unknown"),
        (
            r(NODE_GROUP, "app", instanceTypes=["m7g.large"], scalingConfig={"minSize": UNKNOWN}),
            "scalingConfig.minSize is unknown",
        ),
    ],
)
def test_what_cannot_be_priced_is_reported(resource: Resource, says: str) -> None:
    found = total(resource)
    (sentence,) = found.unpriced
    assert says in sentence
    assert resource.name in sentence
    assert found.month == 0


def test_a_stack_without_aws_costs_nothing() -> None:
    claim = r(
        "kubernetes:core/v1:PersistentVolumeClaim", spec={"resources": {"requests": {"storage": "1Gi"}}}
    )
    assert estimate([claim]) == Estimate(())


def test_an_hour_is_an_average_of_the_month() -> None:
    (line,) = total(r("aws:kms/key:Key")).lines
    assert line.hour * HOURS_PER_MONTH == pytest.approx(line.month)


def test_lines_are_grouped_in_one_order() -> None:
    lines = total(r("aws:kms/key:Key"), r("aws:eks/cluster:Cluster"), r("aws:s3/bucket:Bucket")).lines
    assert list(by_component(lines)) == ["network", "cluster", "storage", "keys"]
    assert set(by_component(lines)) <= set(COMPONENTS)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(20, 2000))
def test_nodes_cost_in_proportion_and_never_less_at_their_largest(start: int, more: int, gib: int) -> None:
    def of(count: int) -> float:
        pool = NodePool(
            name="app", instance_type="m7g.large", start=count, largest=count + more, disk=Disk(gib=gib)
        )
        lines = nodes(pool, Prices("eu-central-1"), Usage())
        assert all(line.most >= line.month for line in lines)
        return month(lines)

    assert of(start) == pytest.approx(start * of(1))


def test_assumptions_are_said_by_name() -> None:
    assert Usage.parse("nat_gb=500 emails=0") == Usage(nat_gb=500, emails=0)
    assert Usage.parse("") == Usage()
    for text, says in (
        ("nats=3", "is not an assumption"),
        ("nat_gb", "is not an assumption"),
        ("nat_gb=lots", "is a number"),
        ("nat_gb=-1", "below zero"),
    ):
        with pytest.raises(ValueError, match=says):
            Usage.parse(text)


def test_a_week_of_office_hours() -> None:
    assert hours_per_month("07:00", "19:30", "MON-FRI") == pytest.approx(12.5 * 5 * 365 / 84)
    assert weekdays("SAT-MON,WED") == {"SAT", "SUN", "MON", "WED"}
    assert times_of("cron(30 7 ? * MON-FRI *)") == ("07:30", "MON-FRI")
    assert times_of("rate(1 day)") is None


@pytest.mark.parametrize(
    ("name", "count"),
    [("db.t4g.medium", 2), ("db.r7g.large", 2), ("db.r7g.xlarge", 4), ("db.r7g.4xlarge", 16)],
)
def test_processors_of_a_database(name: str, count: int) -> None:
    assert vcpus(name) == count
