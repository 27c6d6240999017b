"""What AWS's services offer today, against what the settings pin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from infra.settings.aws_versions import ADDON_NAMES, PGVECTOR_FLOOR
from local.account.check import Account, Check, Finding, right, wrong

_STANDARD = {"STANDARD_SUPPORT", "standard-support"}


def _postgres(account: Account) -> Iterator[Finding]:
    """The version can be had, carries pgvector 0.8, and the instance class runs it in enough zones."""
    wanted, rds = account.aws.database, account.client("rds")
    answer = rds.describe_db_engine_versions(
        Engine="postgres", DBParameterGroupFamily=f"postgres{wanted.major}"
    )
    versions = {one["EngineVersion"] for one in answer["DBEngineVersions"]}
    floor = PGVECTOR_FLOOR[wanted.major]
    fitting = [one for one in versions if _minor(one) >= floor]
    exact = wanted.engine_version if not wanted.minor_upgrades else max(fitting, key=_minor, default="")
    if exact not in fitting:
        yield wrong(
            f"RDS offers no Postgres {wanted.engine_version} with pgvector 0.8 ({wanted.major}.{floor} or "
            f"later) in {account.aws.region}: it has {', '.join(sorted(versions, key=_minor)) or 'none'}",
            "Correct `roost:aws.database.engineVersion`.",
        )
        return
    yield right(f"RDS offers Postgres {exact}, which carries pgvector 0.8 or later")
    yield from _class(account, exact)


def _minor(version: str) -> int:
    return int(version.partition(".")[2].partition("-")[0] or 0)


def _class(account: Account, version: str) -> Iterator[Finding]:
    wanted, region = account.aws.database, account.aws.region
    answer = account.client("rds").describe_orderable_db_instance_options(
        Engine="postgres", EngineVersion=version, DBInstanceClass=wanted.instance_class, Vpc=True
    )
    options = [
        one
        for one in answer["OrderableDBInstanceOptions"]
        if one.get("StorageType") == "gp3" and one["DBInstanceClass"] == wanted.instance_class
    ]
    zones = {zone["Name"] for one in options for zone in one["AvailabilityZones"]}
    here = zones & {f"{region}{letter}" for letter in account.aws.network.zones}
    needed = 2 if wanted.multi_az else 1
    if len(here) < needed:
        yield wrong(
            f"{wanted.instance_class} with Postgres {version} and gp3 is offered in {len(here)} of the "
            f"stack's zones, and {'multiAz needs two' if needed == 2 else 'one is needed'}",
            "Take another `roost:aws.database.instanceClass`, or other zones.",
        )
    else:
        yield right(
            f"{wanted.instance_class} with Postgres {version} is offered in {', '.join(sorted(here))}"
        )


def _kubernetes(account: Account) -> Iterator[Finding]:
    """The version is in standard support today, and every pinned add-on build exists for it."""
    cluster, eks = account.aws.cluster, account.client("eks")
    version = cluster.kubernetes_version
    answer = eks.describe_cluster_versions(clusterVersions=[version])
    found = next(iter(answer["clusterVersions"]), None)
    status = (found.get("versionStatus") or found.get("status")) if found else "unknown to EKS"
    if status in _STANDARD:
        yield right(f"Kubernetes {version} is in standard support")
    else:
        yield wrong(
            f"Kubernetes {version} is {str(status).lower().replace('_', ' ')}",
            "Take another `roost:aws.cluster.kubernetesVersion`.",
        )
        return
    pinned = {ADDON_NAMES[field]: build for field, build in asdict(cluster.addons).items()}
    if not cluster.observability:
        del pinned[ADDON_NAMES["cloudwatch_observability"]]
    offered = {name: _builds(eks, name, version) for name in pinned}
    absent = {name: build for name, build in pinned.items() if build not in offered[name]}
    for name, build in absent.items():
        yield wrong(
            f"the add-on {name} has no build {build} for Kubernetes {version}",
            "Name one in `roost:aws.cluster.addonVersions`; EKS lists "
            f"{', '.join(offered[name][:3]) or 'none'}.",
        )
    if not absent:
        yield right(f"all {len(pinned)} add-ons have their builds for Kubernetes {version}")


def _builds(eks: object, name: str, version: str) -> list[str]:
    pages = eks.get_paginator("describe_addon_versions")  # pyright: ignore[reportAttributeAccessIssue]
    return [
        build["addonVersion"]
        for page in pages.paginate(addonName=name, kubernetesVersion=version)
        for addon in page["addons"]
        for build in addon["addonVersions"]
    ]


CHECKS = (
    Check(
        name="Postgres",
        ask=_postgres,
        actions=("rds:DescribeDBEngineVersions", "rds:DescribeOrderableDBInstanceOptions"),
    ),
    Check(
        name="Kubernetes",
        ask=_kubernetes,
        actions=("eks:DescribeClusterVersions", "eks:DescribeAddonVersions"),
    ),
)
