"""Which steps each stack goes through."""

from __future__ import annotations

from dataclasses import fields

from infra.naming import migration_job
from infra.settings.aws_versions import (
    ADDON_NAMES,
    ADDONS,
    KUBERNETES_STANDARD_SUPPORT,
    AddonVersions,
    today,
)
from infra.workloads.revision import head_revision
from local.rehearsal.stage import Step
from local.rehearsal.steps import copies, drift, farewell, faults, life, policies, policy_cost, rebuild
from local.rehearsal.steps.changes import Change, step

_OTHER_IMAGE = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-prod/server@sha256:{'1' * 64}"
_NODE_GROUPS = ("cluster-nodes-app", "cluster-nodes-system")


def first_kubernetes() -> str:
    """The version to start with: the last but one that EKS supports, so that there is one to go to.

    The last one, while there is no other: then nothing is upgraded.
    """
    return supported_kubernetes()[-2:][0]


def supported_kubernetes() -> list[str]:
    """Versions in standard support today, oldest first."""
    supported = [version for version, ends in KUBERNETES_STANDARD_SUPPORT.items() if today() <= ends]
    return sorted(supported, key=lambda version: int(version.partition(".")[2]))


def plan(stack: str) -> list[Step]:
    """The steps of `dev`, `prod` or `prod-dr`, in order.

    Prod shows that it comes up at once, loses nothing, and is rebuilt elsewhere; dev, which may be destroyed,
    that it survives failures on its way up and leaves nothing behind.
    """
    if stack == "prod-dr":
        return [*policy_plan(stack), Step("Up again", life.second_up), _NO_DRIFT]
    if stack == "prod":
        return [
            Step("First preview", life.preview_from_nothing),
            Step("Up", life.first_up),
            Step("Up again", life.second_up),
            Step("Policies", policies.state_is_compliant),
            _NO_DRIFT,
            Step("Rule changed", drift.rule_changed_by_hand),
            Step("Rule removed", drift.rule_removed_by_hand),
            *map(step, [*_SMALL_CHANGES, *_upgrade()]),
            Step("Refresh again", life.refresh_finds_no_drift),
            Step("Protection", faults.protected_data_stays),
            Step("Region lost", rebuild.region_lost),
        ]
    return [
        Step("First preview", life.preview_from_nothing),
        Step("AWS refuses", faults.provider_errors),
        Step("Killed", faults.engine_killed),
        Step("Converges", faults.converges),
        Step("Up again", life.second_up),
        Step("Policies", policies.state_is_compliant),
        _NO_DRIFT,
        step(_NEW_ZONE),
        Step("Destroy", farewell.destroy),
    ]


def policy_plan(stack: str) -> list[Step]:
    """The steps of `make policy`: the packs on a stack that is to come, and on one that is there."""
    if stack == "prod-dr":
        first = [Step("Region lost", copies.left_behind), Step("First preview", copies.preview)]
    else:
        first = [Step("First preview", life.preview_from_nothing)]
    return [
        *first,
        Step("Up", life.first_up),
        Step("Policies", policies.state_is_compliant),
    ]


def policy_bench() -> list[Step]:
    """The steps of `make bench-policies`."""
    return [
        Step("First preview", life.preview_from_nothing),
        Step("Up", life.first_up),
        Step("Warm previews", policy_cost.previews),
        Step("Growth", policy_cost.growth),
    ]


_NO_DRIFT = Step("Refresh", life.refresh_finds_no_drift)
_SMALL_CHANGES = (
    Change(
        "Image",
        {"server.image": _OTHER_IMAGE},
        frozenset(
            {
                "replace Job bootstrap",
                f"replace Job {migration_job(head_revision())}",
                "update CronJob heartbeat",
                # The models' own pods do not: a release of the server restarts no GPU.
                "update CronJob model-canary",
                "update Deployment server",
                # The Jobs of the telemetry store run the server's image.
                "replace Job store-schema",
                "update CronJob store-backup",
            }
        ),
    ),
    Change(
        "RDS class",
        {"aws.database.instanceClass": "db.r7g.xlarge"},
        frozenset({"update Instance database"}),
        in_maintenance_window=True,
    ),
    # Each is known to touch one resource: five in one up prove as much as five ups.
    Change(
        "Small changes",
        {
            "aws.cluster.appNodes.maxNodes": 12,
            "aws.cache.nodeType": "cache.t4g.medium",
            "aws.database.backupRetentionDays": 28,
            "aws.cluster.addonVersions": {
                "coredns": f"{ADDONS[first_kubernetes()].coredns.rpartition('.')[0]}.99"
            },
            "aws.cluster.api.publicCidrs": ["203.0.113.0/24", "198.51.100.0/24"],
        },
        frozenset(
            {
                "update NodeGroup cluster-nodes-app",
                "update ReplicationGroup cache",
                "update Instance database",
                "update Addon cluster-addons-coredns",
                "update Cluster cluster",
            }
        ),
    ),
)

_NEW_ZONE = Change(
    "New zone",
    {"aws.network.zones": ["a", "b", "c"]},
    frozenset(
        {
            *(f"create Subnet network-{tier}-c" for tier in ("public", "private", "database")),
            *(f"create RouteTableAssociation network-{tier}-c" for tier in ("public", "private", "database")),
            "create RouteTable network-private-c",
            "create Route network-private-c-nat",
            "update VpcEndpoint network-endpoints-s3",
            "update NetworkAcl network-database",
            "update SubnetGroup database",
            "update Cluster cluster",
            "update LoadBalancer edge",
            *(
                f"update NetworkPolicy {client}-to-rds"
                for client in ("bootstrap", "heartbeat", "migrate", "server")
            ),
            "update NetworkPolicy load-balancer-to-server",
            # EKS takes a group's subnets once; the new group is there before the old one drains.
            *(f"replace NodeGroup {group}" for group in _NODE_GROUPS),
        }
    ),
)


def _upgrade() -> list[Change]:
    """To the next minor, in one up: control plane, add-ons, nodes; and back to the program's own builds."""
    old, new = first_kubernetes(), supported_kubernetes()[-1]
    if old == new:
        return []
    other_builds = [
        ADDON_NAMES[field.name]
        for field in fields(AddonVersions)
        if field.name != "cloudwatch_observability"  # not in the stack unless asked for
        and (getattr(ADDONS[old], field.name) != getattr(ADDONS[new], field.name) or field.name == "coredns")
    ]
    expected = {
        "update Cluster cluster",
        *(f"update Addon cluster-addons-{name}" for name in other_builds),
        *(f"update NodeGroup {group}" for group in (*_NODE_GROUPS, "cluster-nodes-gpu")),
    }
    settings = {"aws.cluster.kubernetesVersion": new, "aws.cluster.addonVersions": None}
    return [Change(f"Kubernetes {new}", settings, frozenset(expected))]
