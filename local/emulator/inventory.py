"""What is in the account: to see that destroy leaves only what is meant to stay.

What AWS puts there by itself (default VPCs and groups, its own policies, a zone's NS and SOA records) is left
out, and so is what is already on its way out (KMS keys pending deletion, deleted NAT gateways).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

from moto.backends import get_backend

from local.emulator.backup import TESTS
from local.emulator.chatbot import CONFIGURATIONS
from local.emulator.costs import COSTS
from local.emulator.eks.state import CLUSTERS
from local.emulator.elasticache.state import PARAMETER_GROUPS, REPLICATION_GROUPS, SNAPSHOTS, USER_GROUPS
from local.emulator.rds.backups import BACKUPS

Finder = Callable[[Any], Iterator[str]]


def inventory() -> dict[str, list[str]]:
    """`<region>/<id>` by kind (`ec2:vpc`), sorted; the region of global services is `aws`."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for service, kinds in _KINDS.items():
        for _, region, backend in get_backend(cast("Any", service)).iter_backends():
            for kind, finder in kinds.items():
                found[f"{service}:{kind}"] += [f"{region}/{one}" for one in finder(backend)]
    for region, clusters in CLUSTERS.items():
        for name, cluster in clusters.items():
            found["eks:cluster"].append(f"{region}/{name}")
            found["eks:nodegroup"] += [f"{region}/{name}/{one}" for one in cluster.nodegroups]
            found["eks:addon"] += [f"{region}/{name}/{one}" for one in cluster.addons]
    for region, backups in BACKUPS.items():
        found["rds:automated-backup"] += [
            f"{region}/{one.record.answer['DBInstanceIdentifier']}" for one in backups.values()
        ]
    for account, costs in COSTS.items():
        found["ce:anomaly-monitor"] += [f"aws/{account}/{arn.rpartition('/')[2]}" for arn in costs.monitors]
        found["ce:anomaly-subscription"] += [
            f"aws/{account}/{arn.rpartition('/')[2]}" for arn in costs.subscriptions
        ]
    for kind, by_region in _BY_REGION.items():
        found[kind] += [f"{region}/{name}" for region, names in by_region.items() for name in names]
    found["chatbot:slack-channel"] += [f"aws/{arn.rpartition('/')[2]}" for arn in CONFIGURATIONS]
    return {kind: sorted(ids) for kind, ids in sorted(found.items()) if ids}


def _ids(attribute: str) -> Finder:
    return lambda backend: iter(list(getattr(backend, attribute)))


def _own_vpcs(ec2: Any) -> set[str]:
    return {one.id for one in ec2.vpcs.values() if not one.is_default}


def _vpcs(ec2: Any) -> Iterator[str]:
    yield from _own_vpcs(ec2)


def _subnets(ec2: Any) -> Iterator[str]:
    for zone in ec2.subnets.values():
        yield from (one.id for one in zone.values() if one.vpc_id in _own_vpcs(ec2))


def _route_tables(ec2: Any) -> Iterator[str]:
    yield from (one.id for one in ec2.route_tables.values() if not one.main_association_id)


def _network_acls(ec2: Any) -> Iterator[str]:
    yield from (one.id for one in ec2.network_acls.values() if not one.default)


def _security_groups(ec2: Any) -> Iterator[str]:
    for groups in ec2.groups.values():
        yield from (one.id for one in groups.values() if one.name != "default")


def _not_deleted(attribute: str) -> Finder:
    def find(ec2: Any) -> Iterator[str]:
        yield from (one.id for one in getattr(ec2, attribute).values() if one.state != "deleted")

    return find


def _event_rules(events: Any) -> Iterator[str]:
    for bus in events.event_buses.values():
        yield from bus.rules


def _addresses(ec2: Any) -> Iterator[str]:
    yield from (one.allocation_id for one in ec2.addresses)


def _keys(kms: Any) -> Iterator[str]:
    yield from (one.id for one in kms.keys.values() if one.key_state != "PendingDeletion")


def _aliases(kms: Any) -> Iterator[str]:
    for key in kms.keys.values():
        yield from (one for one in key.aliases if not one.startswith("alias/aws/"))


def _policies(iam: Any) -> Iterator[str]:
    yield from (arn for arn in iam.managed_policies if not arn.startswith("arn:aws:iam::aws:"))


def _roles(iam: Any) -> Iterator[str]:
    yield from (one.name for one in iam.roles.values() if not one.path.startswith("/aws-service-role/"))


def _parameter_groups(rds: Any) -> Iterator[str]:
    yield from (one for one in rds.db_parameter_groups if not one.startswith("default."))


def _backup_plans(backup: Any) -> Iterator[str]:
    yield from (one.backup_plan_id for one in backup.plans.values() if one.deletion_date is None)


def _cache_users(elasticache: Any) -> Iterator[str]:
    yield from (one for one in elasticache.users if one != "default")


def _records(route53: Any) -> Iterator[str]:
    for zone in route53.zones.values():
        yield from (f"{one.type} {one.name}" for one in zone.rrsets if one.type not in ("NS", "SOA"))


def _secrets(secretsmanager: Any) -> Iterator[str]:
    yield from (one.name for one in secretsmanager.secrets.values() if not one.is_deleted())


def _schedules(scheduler: Any) -> Iterator[str]:
    for group in scheduler.schedule_groups.values():
        yield from group.schedules


def _budgets(budgets: Any) -> Iterator[str]:
    for by_name in budgets.budgets.values():
        yield from by_name


_BY_REGION: dict[str, Mapping[str, Iterable[str]]] = {
    "backup:restore-testing-plan": TESTS,
    "elasticache:parameter-group": PARAMETER_GROUPS,
    "elasticache:replication-group": REPLICATION_GROUPS,
    "elasticache:snapshot": SNAPSHOTS,
    "elasticache:user-group": USER_GROUPS,
}
"""What only our services keep."""

_KINDS: dict[str, dict[str, Finder]] = {
    "acm": {"certificate": _ids("_certificates")},
    "backup": {"vault": _ids("vaults"), "plan": _backup_plans},
    "budgets": {"budget": _budgets},
    "cloudwatch": {"alarm": _ids("alarms")},
    "ec2": {
        "address": _addresses,
        "egress-only-internet-gateway": _ids("egress_only_internet_gateways"),
        "flow-log": _ids("flow_logs"),
        "internet-gateway": _ids("internet_gateways"),
        "launch-template": _ids("launch_templates"),
        "nat-gateway": _not_deleted("nat_gateways"),
        "network-acl": _network_acls,
        "network-interface": _ids("enis"),
        "route-table": _route_tables,
        "security-group": _security_groups,
        "subnet": _subnets,
        "vpc": _vpcs,
        "vpc-endpoint": _not_deleted("vpc_end_points"),
    },
    "ecr": {"repository": _ids("repositories")},
    "elasticache": {"subnet-group": _ids("cache_subnet_groups"), "user": _cache_users},
    "elbv2": {"load-balancer": _ids("load_balancers"), "target-group": _ids("target_groups")},
    "events": {"rule": _event_rules},
    "iam": {"policy": _policies, "role": _roles},
    "kms": {"alias": _aliases, "key": _keys},
    "logs": {"log-group": _ids("groups")},
    "rds": {
        "event-subscription": _ids("event_subscriptions"),
        "instance": _ids("databases"),
        "parameter-group": _parameter_groups,
        "snapshot": _ids("database_snapshots"),
        "subnet-group": _ids("subnet_groups"),
    },
    "route53": {"record": _records, "zone": _ids("zones")},
    "s3": {"bucket": _ids("buckets")},
    "scheduler": {"schedule": _schedules},
    "secretsmanager": {"secret": _secrets},
    "sns": {"topic": _ids("topics"), "subscription": _ids("subscriptions")},
    "wafv2": {"web-acl": _ids("wacls")},
}
