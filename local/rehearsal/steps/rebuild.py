"""The primary region is lost: another stack in the DR region, from what the first one copied there."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Mapping
from typing import Any

import botocore.exceptions

from infra.workloads.labels import NAME
from infra.workloads.namespace import NAME as NAMESPACE
from infra.workloads.server import WORKLOAD
from local.progress import Progress
from local.rehearsal.api import Api
from local.rehearsal.stage import Stage, refuted, succeeded, unchanged

_MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": f"sha256:{'c' * 64}"},
    "layers": [{"digest": f"sha256:{'d' * 64}"}],
}
"""Of an image that has a place in the registry, and nothing in it: nobody pulls it here."""
_KEPT = ("encryption-key", "server-password")
"""What the rebuilt server must have from the lost one, by the files of its Secret."""


def region_lost(stage: Stage, progress: Progress) -> str:
    """Every connection to the primary region is closed, and `Pulumi.prod-dr.yaml` comes up in the other one.

    What differs from that file is what its comments ask for: the copies' names, as the lost stack's output
    `recovery` says them.
    """
    rebuild, lost = stage.rebuild, stage.region
    assert rebuild is not None
    region = str(rebuild.setting("aws.region"))
    left: dict[str, str] = stage.workspace.outputs()["recovery"]
    wanted = _server_secrets(stage, lost)
    monitor = stage.workspace.resource("aws:costexplorer/anomalyMonitor:AnomalyMonitor", "budget")["id"]
    digest = _push(stage, str(rebuild.setting("server.image")))
    before = _of_region(stage, lost)
    shut_off(stage, lost)
    rebuild.configure(
        {
            "aws.emulator": stage.account.url,
            "aws.restore.keyArn": left["keyArn"],
            "aws.restore.serverSecretArn": left["serverSecretArn"],
            "aws.restore.backupBucket": left["backupBucketArn"].rpartition(":")[2],
            "aws.database.restore.sourceBackupsArn": left["databaseBackupsArn"],
            "aws.budget.anomalyMonitorArn": monitor,
            "server.image": f"{_repository(rebuild.setting('server.image'))}@{digest}",
        }
    )
    asked = stage.account.asked_in_vain()
    outcome = succeeded(rebuild.up(progress))
    unchanged(rebuild.up(progress))
    if stage.account.asked_in_vain() != asked:
        raise refuted(f"the rebuild asked the lost region: {stage.account.asked_in_vain()}")
    if _of_region(stage, lost) != before:
        raise refuted(f"the rebuild changed something in {lost}")
    if _server_secrets(stage, region) != wanted:
        raise refuted("the server has another password or encryption key than the lost one")
    _database_is_the_copy(stage, region, left)
    _domain_leads_to(stage, region)
    stage.facts["rebuild_seconds"] = outcome.seconds
    return (
        f"{lost} shut off and never asked; {len(outcome.changes)} resources in {region}: database, "
        "encryption key and image are its copies, the domain leads there; a second up changes nothing"
    )


def shut_off(stage: Stage, region: str) -> None:
    """Let a region go, and see that it does not answer."""
    stage.account.shut_off(region)
    try:
        stage.client("rds", region).describe_db_instances()
    except botocore.exceptions.ConnectionClosedError:
        return
    raise refuted(f"{region} still answers")


def _push(stage: Stage, reference: str) -> str:
    """Push an image in the primary region; its digest, by which it must be in the other one, too."""
    name = _repository(reference).partition("/")[2]
    pushed = stage.client("ecr").put_image(
        repositoryName=name, imageManifest=json.dumps(_MANIFEST), imageTag="tested"
    )
    digest: str = pushed["image"]["imageId"]["imageDigest"]
    region = reference.split(".")[3]
    there = stage.client("ecr", region).describe_images(repositoryName=name)["imageDetails"]
    if digest not in {one["imageDigest"] for one in there}:
        raise refuted(f"{name} in {region} has no copy of {digest}")
    return digest


def _repository(reference: str) -> str:
    return reference.partition("@")[0]


def _server_secrets(stage: Stage, region: str) -> Mapping[str, bytes]:
    """From the Secret that the server's pods mount in that region's cluster."""
    secrets = Api(stage.clusters[region].kubeconfig).items(
        f"/api/v1/namespaces/{NAMESPACE}/secrets", labelSelector=f"{NAME}={WORKLOAD}"
    )
    found = {name: value for secret in secrets for name, value in secret["data"].items() if name in _KEPT}
    if sorted(found) != sorted(_KEPT):
        raise refuted(f"the server's Secret in {region} has {sorted(found)} of {sorted(_KEPT)}")
    return {name: b64decode(value) for name, value in found.items()}


def _of_region(stage: Stage, region: str) -> dict[str, list[str]]:
    return {
        kind: [one for one in things if one.startswith(f"{region}/")]
        for kind, things in stage.account.inventory().items()
    }


def _database_is_the_copy(stage: Stage, region: str, left: Mapping[str, str]) -> None:
    if stage.account.calls().get("rds.RestoreDBInstanceToPointInTime", 0) != 1:
        raise refuted("the new database does not come from the copied backups")
    (database,) = stage.client("rds", region).describe_db_instances()["DBInstances"]
    if database["KmsKeyId"] != left["keyArn"]:
        raise refuted(f"the new database is encrypted with {database['KmsKeyId']}, not with the copies' key")


def _domain_leads_to(stage: Stage, region: str) -> None:
    rebuild: Any = stage.rebuild
    records = stage.client("route53", region).list_resource_record_sets(
        HostedZoneId=rebuild.setting("aws.edge.zoneId")
    )["ResourceRecordSets"]
    domain = rebuild.setting("aws.edge.domain")
    (target,) = {
        one["AliasTarget"]["DNSName"]
        for one in records
        if one["Name"].rstrip(".") == domain and "AliasTarget" in one
    }
    if f".{region}." not in target:
        raise refuted(f"{domain} leads to {target}, which is not in {region}")
