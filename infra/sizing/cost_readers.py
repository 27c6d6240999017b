"""From a resource's inputs to its lines: one function for each priced type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from infra.sizing import cost_machines as machines
from infra.sizing import cost_services as services
from infra.sizing.cost_lines import Line, Usage
from infra.sizing.cost_resource import Resource, UndeterminedError
from infra.sizing.prices import Prices

_EKS_DISK = 20
"""GiB, where a node group has no launch template."""


@dataclass(frozen=True)
class Site:
    """What a resource is priced in: its region's prices, assumptions, and the stack's other resources."""

    prices: Prices
    usage: Usage
    by_urn: Mapping[str, Resource]

    def origin(self, resource: Resource, input_: str, type_: str) -> Resource | None:
        """The resource of that type which an input comes from."""
        found = (self.by_urn.get(urn) for urn in resource.made_from.get(input_, ()))
        return next((one for one in found if one is not None and one.type == type_), None)


Reader = Callable[[Resource, Site], list[Line]]


def _nodes(group: Resource, site: Site) -> list[Line]:
    types = group.items("instanceTypes")
    if not types:
        raise UndeterminedError("instanceTypes is missing")
    template = site.origin(group, "launchTemplate", "aws:ec2/launchTemplate:LaunchTemplate")
    start = max(group.number("scalingConfig.minSize"), group.number("scalingConfig.desiredSize", 0))
    pool = machines.NodePool(
        name=group.name,
        instance_type=str(types[0]),
        start=int(start),
        largest=int(group.number("scalingConfig.maxSize")),
        disk=_disk(template) if template else machines.Disk(gib=group.number("diskSize", _EKS_DISK)),
        monitored=template is not None and template.true("monitoring.enabled"),
    )
    return machines.nodes(pool, site.prices, site.usage)


def _disk(template: Resource) -> machines.Disk:
    ebs = "blockDeviceMappings.0.ebs"
    return machines.Disk(
        gib=template.number(f"{ebs}.volumeSize", _EKS_DISK),
        mib_per_second=template.number(f"{ebs}.throughput", 125),
        iops=template.number(f"{ebs}.iops", 3000),
    )


def _database(instance: Resource, site: Site) -> list[Line]:
    primary = site.origin(instance, "replicateSourceDb", instance.type)
    sized = instance if instance.get("allocatedStorage") is not None or primary is None else primary
    gib = sized.number("allocatedStorage")
    lines = machines.database(
        machines.PostgresInstance(
            name=instance.name,
            instance_class=instance.text("instanceClass"),
            multi_az=instance.true("multiAz"),
            gib=gib,
            largest_gib=instance.number("maxAllocatedStorage", gib),
            advanced_insights=instance.text("databaseInsightsMode", "standard") == "advanced",
        ),
        site.prices,
    )
    if instance.true("manageMasterUserPassword"):
        lines += services.secret(f"{instance.name}: master password", 0, site.prices)
    return lines


def _database_copies(copies: Resource, site: Site) -> list[Line]:
    source = site.origin(copies, "sourceDbInstanceArn", "aws:rds/instance:Instance")
    if source is None:
        raise UndeterminedError("sourceDbInstanceArn is of no instance of the stack")
    gib = source.number("allocatedStorage")
    return services.database_copies(copies.name, gib, site.prices, site.usage)


def _cache(group: Resource, site: Site) -> list[Line]:
    return machines.cache(
        group.name,
        group.text("nodeType"),
        group.text("engine", "redis"),
        int(group.number("numCacheClusters", 1)),
        site.prices,
    )


def _endpoint(endpoint: Resource, site: Site) -> list[Line]:
    if endpoint.text("vpcEndpointType", "Gateway") == "Gateway":
        return []
    return services.endpoint(endpoint.name, len(endpoint.items("subnetIds")), site.prices, site.usage)


def _load_balancer(balancer: Resource, site: Site) -> list[Line]:
    zones = 0 if balancer.true("internal") else len(balancer.items("subnets"))
    return services.load_balancer(balancer.name, zones, site.prices, site.usage)


def _addon(addon: Resource, site: Site) -> list[Line]:
    if addon.text("addonName") != "amazon-cloudwatch-observability":
        return []
    return services.log_group(f"{addon.name}: metrics of all pods, as logs", 30, site.prices, site.usage)


def _alarm(alarm: Resource, site: Site) -> list[Line]:
    queries = range(len(alarm.items("metricQueries")))
    measured = sum(alarm.get(f"metricQueries.{number}.metric") is not None for number in queries)
    return services.alarm(alarm.name, max(1, measured), site.prices)


def _log_group(group: Resource, site: Site) -> list[Line]:
    days = int(group.number("retentionInDays", 365))
    return services.log_group(group.name, days, site.prices, site.usage)


def _key(key: Resource, site: Site) -> list[Line]:
    return services.key(key.name, site.prices, rotates=key.true("enableKeyRotation"))


def _replica_key(key: Resource, site: Site) -> list[Line]:
    return services.key(key.name, site.prices, rotates=True)


def _secret(secret: Resource, site: Site) -> list[Line]:
    return services.secret(secret.name, len(secret.items("replicas")), site.prices)


def _firewall(acl: Resource, site: Site) -> list[Line]:
    return services.firewall(acl.name, len(acl.items("rules")), site.prices, site.usage)


def _address(eip: Resource, site: Site) -> list[Line]:
    return services.address(eip.name, site.prices)


def _plain(line: Callable[[str, Prices], list[Line]]) -> Reader:
    """What only being there costs."""
    return lambda resource, site: line(resource.name, site.prices)


def _used(line: Callable[[str, Prices, Usage], list[Line]]) -> Reader:
    """What costs by use, and nothing in its inputs says how much."""
    return lambda resource, site: line(resource.name, site.prices, site.usage)


_READERS: dict[str, Reader] = {
    "backup/restoreTestingPlan:RestoreTestingPlan": _plain(services.restore_tests),
    "backup/vault:Vault": _used(services.vault),
    "cloudwatch/compositeAlarm:CompositeAlarm": _plain(services.composite_alarm),
    "cloudwatch/dashboard:Dashboard": _plain(services.dashboard),
    "cloudwatch/logGroup:LogGroup": _log_group,
    "cloudwatch/metricAlarm:MetricAlarm": _alarm,
    "ec2/eip:Eip": _address,
    "ec2/flowLog:FlowLog": _used(services.flow_log),
    "ec2/natGateway:NatGateway": _used(services.nat_gateway),
    "ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "ecr/repository:Repository": _used(services.repository),
    "eks/addon:Addon": _addon,
    "eks/cluster:Cluster": _used(services.cluster),
    "eks/nodeGroup:NodeGroup": _nodes,
    "elasticache/replicationGroup:ReplicationGroup": _cache,
    "kms/key:Key": _key,
    "kms/replicaKey:ReplicaKey": _replica_key,
    "lb/loadBalancer:LoadBalancer": _load_balancer,
    "rds/instance:Instance": _database,
    "rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": _database_copies,
    "route53/healthCheck:HealthCheck": _plain(services.health_check),
    "route53/zone:Zone": _plain(services.zone),
    "s3/bucket:Bucket": _used(services.bucket),
    "s3/bucketReplicationConfig:BucketReplicationConfig": _used(services.replication),
    "secretsmanager/secret:Secret": _secret,
    "sns/topic:Topic": _used(services.topic),
    "wafv2/webAcl:WebAcl": _firewall,
}

READERS: dict[str, Reader] = {f"aws:{token}": reader for token, reader in _READERS.items()}
"""By type token."""
