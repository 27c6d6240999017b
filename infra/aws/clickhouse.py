"""What AWS has for a telemetry store in the cluster: a class of disks, and a folder of the backup bucket."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
from pulumi_aws import eks

from infra.aws.bucket import Bucket
from infra.aws.cluster import Cluster
from infra.aws.documents import Statement, document
from infra.aws.keys import Keys
from infra.aws.metric_publisher import MetricPublisher
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options
from infra.ports import NamespaceAccess, PodIdentity, Reach, StorePlace
from infra.settings.clickhouse import ClickHouseSettings
from infra.tags import BACKUP_TAG
from infra.workloads.clickhouse_pod import WORKLOAD
from infra.workloads.connections import POD_IDENTITY_AGENT
from infra.workloads.store_jobs import BACKUP

FOLDER = "clickhouse"
STORAGE_CLASS = "roost-store"
AGENT_PORT = 80


class ClickHousePlace(pulumi.ComponentResource):
    """Disks that AWS Backup takes, by their tag; and a role that writes one folder and deletes nothing.

    With `alarms`, the daily backup may say outside the cluster that it is there.
    """

    port: StorePlace

    def __init__(
        self,
        name: str,
        *,
        alarms: bool,
        bucket: Bucket,
        namespace: NamespaceAccess,
        namespace_name: str,
        cluster: Cluster,
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ClickHousePlace", name, None, opts)
        self._options = options
        disks = self._storage_class(name, cluster, keys, place)
        role = PodRole(
            name,
            cluster_name=cluster.cluster_name,
            namespace=namespace_name,
            service_account=WORKLOAD,
            documents={
                "backups": pulumi.Output.all(bucket=bucket.arn, key=keys.backup).apply(
                    lambda f: keep_backups(str(f["bucket"]), str(f["key"]), place)
                )
            },
            place=place,
            options=options,
            opts=options.child(self),
        )
        association = eks.PodIdentityAssociation(
            name,
            cluster_name=cluster.cluster_name,
            namespace=namespace.name,
            service_account=WORKLOAD,
            role_arn=role.arn,
            opts=options.child(self, depends_on=[cluster]),
        )
        self.role_arn: pulumi.Output[str] = role.arn
        publisher = (
            MetricPublisher(
                f"{BACKUP}-metrics",
                workload=BACKUP,
                namespace=namespace,
                namespace_name=namespace_name,
                cluster=cluster,
                place=place,
                options=options,
                opts=options.child(self),
            )
            if alarms
            else None
        )
        self.port = StorePlace(
            storage_class=STORAGE_CLASS,
            backups_url=bucket.name.apply(
                lambda bucket_name: f"https://{bucket_name}.s3.{place.region}.amazonaws.com/{FOLDER}/"
            ),
            cidrs=network.s3_cidrs,
            identity=PodIdentity(
                reach=Reach(name="pod-identity", ports=(AGENT_PORT,), cidrs=(POD_IDENTITY_AGENT,)),
                ready=[association, *role.grants],
            ),
            backup_sink=publisher.sink if publisher else None,
            ready=[disks],
        )
        self.register_outputs({"roleArn": self.role_arn})

    def _storage_class(
        self, name: str, cluster: Cluster, keys: Keys, place: Place
    ) -> k8s.storage.v1.StorageClass:
        return k8s.storage.v1.StorageClass(
            name,
            metadata=k8s.meta.v1.ObjectMetaArgs(name=STORAGE_CLASS),
            provisioner="ebs.csi.aws.com",
            parameters={
                "type": "gp3",
                "encrypted": "true",
                "kmsKeyId": keys.data,
                "tagSpecification_1": f"{BACKUP_TAG}={place.prefix}",
            },
            reclaim_policy="Retain" if self._options.protects_data else "Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=pulumi.ResourceOptions.merge(
                self._options.child(self), pulumi.ResourceOptions(provider=cluster.provider)
            ),
        )


def backup_folders(settings: ClickHouseSettings) -> dict[str, int]:
    """When its folder's objects end: a week later than one can go back, for what is built on them."""
    if settings.kind != "in-cluster":
        return {}
    return {f"{FOLDER}/": settings.backup.retention_days + 7}


def keep_backups(bucket_arn: str, key_arn: str, place: Place) -> str:
    """Write and read what lies in the store's folder; whatever is there stays until the bucket ends it."""
    return document(
        Statement(
            sid="ListBackups",
            actions=["s3:ListBucket"],
            resources=[bucket_arn],
            conditions={"StringLike": {"s3:prefix": f"{FOLDER}/*"}},
        ),
        Statement(
            sid="KeepBackups",
            actions=["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"],
            resources=[f"{bucket_arn}/{FOLDER}/*"],
        ),
        Statement(
            sid="EncryptThem",
            actions=["kms:GenerateDataKey", "kms:Decrypt"],
            resources=[key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}},
        ),
    )
