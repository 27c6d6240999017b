"""Zones, machines, and how many of them the account may start."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from botocore.exceptions import ClientError

from infra.settings.aws_cluster import NodeGroupSettings
from infra.sizing.instance_types import ami_type
from local.account.check import Account, Check, Finding, has_code, note, right, wrong

QUOTAS: dict[tuple[str, str], tuple[str, str]] = {
    ("standard", "on-demand"): ("L-1216C47A", "Running On-Demand Standard instances"),
    ("g", "on-demand"): ("L-DB2E81BA", "Running On-Demand G and VT instances"),
    ("p", "on-demand"): ("L-417A185B", "Running On-Demand P instances"),
    ("standard", "spot"): ("L-34B43A08", "All Standard Spot Instance Requests"),
    ("g", "spot"): ("L-3819A6DF", "All G and VT Spot Instance Requests"),
    ("p", "spot"): ("L-7212CCBC", "All P Spot Instance Requests"),
}
"""Service Quotas' codes and names of limits on vCPUs, by family and by how the machine is paid."""

ELASTIC_IPS = "L-0263D0A3"

_IMAGES = {
    "AL2023_x86_64_STANDARD": "x86_64/standard",
    "AL2023_ARM_64_STANDARD": "arm64/standard",
    "AL2023_x86_64_NVIDIA": "x86_64/nvidia",
    "AL2023_ARM_64_NVIDIA": "arm64/nvidia",
}


def _groups(account: Account) -> dict[str, NodeGroupSettings]:
    cluster = account.aws.cluster
    groups = {"systemNodes": cluster.system_nodes, "appNodes": cluster.app_nodes}
    return groups | ({"gpuNodes": cluster.gpu_nodes} if cluster.gpu_nodes is not None else {})


def _zones(account: Account) -> Iterator[Finding]:
    aws = account.aws
    answer = account.client("ec2").describe_availability_zones()
    there = {one["ZoneName"] for one in answer["AvailabilityZones"] if one["State"] == "available"}
    wanted = {f"{aws.region}{letter}" for letter in aws.network.zones}
    if wanted <= there:
        yield right(f"the zones {', '.join(sorted(wanted))} are open to the account")
    else:
        yield wrong(
            f"the account has no {', '.join(sorted(wanted - there))}: open to it are "
            f"{', '.join(sorted(there))}",
            "Correct `roost:aws.network.zones`.",
        )


def _offerings(account: Account) -> Iterator[Finding]:
    """A type that a zone does not have is found out by a node group that hangs for half an hour."""
    aws, ec2 = account.aws, account.client("ec2")
    for name, group in _groups(account).items():
        wanted = {f"{aws.region}{letter}" for letter in group.zones or aws.network.zones}
        offered = _offered(ec2, group.instance_types)
        for kind in group.instance_types:
            zones = offered[kind] & wanted
            setting = f"`roost:aws.cluster.{name}.instanceTypes`"
            if zones == wanted:
                yield right(f"{kind} ({name}) is offered in {', '.join(sorted(zones))}")
            elif zones:
                yield note(
                    f"{kind} ({name}) is offered in {', '.join(sorted(zones))} only, so its nodes will all "
                    "be there",
                    f"Name another type in {setting} if they have to be spread.",
                )
            else:
                elsewhere = ", ".join(sorted(offered[kind])) or "no zone of the region"
                yield wrong(
                    f"{kind} ({name}) is offered in none of the group's zones; it is in {elsewhere}",
                    f"Take other zones or another type in {setting}.",
                )


def _offered(ec2: object, types: tuple[str, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    pages = ec2.get_paginator("describe_instance_type_offerings")  # pyright: ignore[reportAttributeAccessIssue]
    for page in pages.paginate(
        LocationType="availability-zone", Filters=[{"Name": "instance-type", "Values": list(types)}]
    ):
        for one in page["InstanceTypeOfferings"]:
            found[one["InstanceType"]].add(one["Location"])
    return found


def _quotas(account: Account) -> Iterator[Finding]:
    """All groups at their largest; what else runs in the account counts against the same quotas."""
    ec2, quotas = account.client("ec2"), account.client("service-quotas")
    for (code, title), (vcpus, groups) in sorted(_wanted(account, ec2).items()):
        allowed = int(quotas.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]["Value"])
        text = f"{code} ({title}) is {allowed} vCPUs, and {groups} can come to {vcpus}"
        if allowed >= vcpus:
            yield right(text)
        else:
            yield wrong(
                text,
                f"`aws service-quotas request-service-quota-increase --service-code ec2 --quota-code {code} "
                f"--desired-value {vcpus} --region {account.aws.region}`; AWS answers within days. "
                "Until then nodes would not come, and pods would wait.",
            )


def _addresses(account: Account) -> Iterator[Finding]:
    """Each NAT gateway has an Elastic IP."""
    network = account.aws.network
    wanted = {"none": 0, "single": 1, "per-az": len(network.zones)}[network.nat]
    if network.existing is not None or wanted == 0:
        return
    code = ELASTIC_IPS
    quota = account.client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]
    text = f"{code} (EC2-VPC Elastic IPs) is {int(quota['Value'])}, and the NAT gateways take {wanted}"
    yield (
        right(text)
        if quota["Value"] >= wanted
        else wrong(text, "Ask for more in Service Quotas, or set `roost:aws.network.nat` to single.")
    )


def _wanted(account: Account, ec2: object) -> dict[tuple[str, str], tuple[int, str]]:
    sums: dict[tuple[str, str], tuple[int, str]] = {}
    for name, group in _groups(account).items():
        answer = ec2.describe_instance_types(  # pyright: ignore[reportAttributeAccessIssue]
            InstanceTypes=list(group.instance_types)
        )
        # Any of a group's types may be the one that comes.
        each = max(int(one["VCpuInfo"]["DefaultVCpus"]) for one in answer["InstanceTypes"])
        key = QUOTAS[_family(group.instance_types[0]), group.capacity]
        vcpus, names = sums.get(key, (0, ""))
        sums[key] = (vcpus + each * group.max_nodes, f"{names} and {name}" if names else name)
    return sums


def _family(instance_type: str) -> str:
    letter = instance_type[0]
    return letter if letter in {"g", "p"} else "standard"


def _images(account: Account) -> Iterator[Finding]:
    """EKS resolves the image of a node group by this parameter."""
    version, ssm = account.aws.cluster.kubernetes_version, account.client("ssm")
    kinds = {
        ami_type(group.instance_types, gpu=name == "gpuNodes"): name
        for name, group in _groups(account).items()
    }
    for kind, group in kinds.items():
        parameter = (
            f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{_IMAGES[kind]}/recommended/image_id"
        )
        try:
            image = ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
        except ClientError as error:
            if not has_code(error, "ParameterNotFound"):
                raise
            yield wrong(
                f"there is no {kind} image for Kubernetes {version} ({group}) in {account.aws.region}",
                "Take another Kubernetes version, or types of another architecture.",
            )
        else:
            yield right(f"{kind} for Kubernetes {version} is {image}")


CHECKS = (
    Check(name="zones", ask=_zones, actions=("ec2:DescribeAvailabilityZones",)),
    Check(name="instance types", ask=_offerings, actions=("ec2:DescribeInstanceTypeOfferings",)),
    Check(
        name="vCPU quotas",
        ask=_quotas,
        actions=("servicequotas:GetServiceQuota", "ec2:DescribeInstanceTypes"),
    ),
    Check(name="addresses", ask=_addresses, actions=("servicequotas:GetServiceQuota",)),
    Check(name="node images", ask=_images, actions=("ssm:GetParameter",)),
)
