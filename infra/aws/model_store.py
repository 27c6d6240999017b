"""The bucket of model weights, and the two roles that pods have there: one writes models, the other reads."""

from __future__ import annotations

import pulumi
from pulumi_aws import eks

from infra.aws.bucket import Bucket
from infra.aws.cluster import Cluster
from infra.aws.documents import Statement, document
from infra.aws.keys import Keys
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options
from infra.ports import ModelStore, NamespaceAccess, Reach
from infra.settings.inference import WeightsSettings
from infra.workloads.connections import POD_IDENTITY_AGENT
from infra.workloads.inference import NAMESPACE
from infra.workloads.weights import FETCHER, READER

AGENT_PORT = 80


class ModelAccess(pulumi.ComponentResource):
    """Pod Identity for the models' namespace. Nobody there deletes, and no server writes."""

    port: ModelStore

    def __init__(
        self,
        name: str,
        settings: WeightsSettings,
        *,
        bucket: Bucket,
        namespace: NamespaceAccess,
        cluster: Cluster,
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ModelAccess", name, None, opts)
        self._name = name
        self._namespace = namespace
        self._cluster = cluster
        self._place = place
        self._options = options
        facts = pulumi.Output.all(bucket=bucket.arn, key=keys.data)
        reading = facts.apply(lambda f: read_models(str(f["bucket"]), str(f["key"]), settings.prefix, place))
        ready = self._identity("reader", READER, {"models": reading})
        if settings.source == "hub":
            writing = facts.apply(lambda f: write_models(str(f["bucket"]), str(f["key"]), settings, place))
            ready += self._identity("fetcher", FETCHER, {"models": reading, "new-models": writing})
        self.port = ModelStore(
            bucket=bucket.name,
            region=place.region,
            cidrs=network.s3_cidrs,
            identity=Reach(name="pod-identity", ports=(AGENT_PORT,), cidrs=(POD_IDENTITY_AGENT,)),
            ready=ready,
        )
        self.register_outputs({})

    def _identity(
        self, purpose: str, service_account: str, documents: dict[str, pulumi.Input[str]]
    ) -> list[pulumi.Resource]:
        role = PodRole(
            f"{self._name}-{purpose}",
            cluster_name=self._cluster.cluster_name,
            namespace=NAMESPACE,
            service_account=service_account,
            documents=documents,
            place=self._place,
            options=self._options,
            opts=self._options.child(self),
        )
        association = eks.PodIdentityAssociation(
            f"{self._name}-{purpose}",
            cluster_name=self._cluster.cluster_name,
            namespace=self._namespace.name,
            service_account=service_account,
            role_arn=role.arn,
            opts=self._options.child(self, depends_on=[self._cluster]),
        )
        return [association, *role.grants]


def read_models(bucket_arn: str, key_arn: str, prefix: str, place: Place) -> str:
    """Read what lies below the prefix, and decrypt it for that alone."""
    return document(
        Statement(
            sid="ListModels",
            actions=["s3:ListBucket"],
            resources=[bucket_arn],
            conditions={"StringLike": {"s3:prefix": f"{prefix}/*"}},
        ),
        Statement(sid="ReadModels", actions=["s3:GetObject"], resources=[f"{bucket_arn}/{prefix}/*"]),
        Statement(
            sid="DecryptThem",
            actions=["kms:Decrypt"],
            resources=[key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}},
        ),
    )


def write_models(bucket_arn: str, key_arn: str, settings: WeightsSettings, place: Place) -> str:
    """Add files below the prefix; and read the hub's token, where the settings name one."""
    token = settings.hub_token_secret
    return document(
        Statement(
            sid="WriteModels",
            actions=["s3:PutObject", "s3:AbortMultipartUpload"],
            resources=[f"{bucket_arn}/{settings.prefix}/*"],
        ),
        Statement(
            sid="EncryptThem",
            actions=["kms:GenerateDataKey"],
            resources=[key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}},
        ),
        *(
            [Statement(sid="ReadHubToken", actions=["secretsmanager:GetSecretValue"], resources=[token])]
            if token
            else []
        ),
    )
