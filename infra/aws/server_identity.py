"""What the server's pods are in AWS: a role for their service account, and the entry with their secrets."""

from __future__ import annotations

from collections.abc import Mapping

import pulumi
from pulumi_aws import eks, secretsmanager

from infra.aws.cluster import Cluster
from infra.aws.documents import Statement, document
from infra.aws.keys import Keys
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options
from infra.ports import NamespaceAccess, PodIdentity, Reach
from infra.workloads.connections import POD_IDENTITY_AGENT
from infra.workloads.server import WORKLOAD

AGENT_PORT = 80


class ServerIdentity(pulumi.ComponentResource):
    """May read the server's own entry in Secrets Manager, and call the Bedrock models that the settings name.

    Nothing in the backup bucket: the server never touches it, and whoever takes backups has a role of their
    own. The entry holds the server's password and its encryption key. It is copied to the DR region and
    outlives the stack, as the final snapshot does: what the server encrypted in there needs that key.
    """

    def __init__(
        self,
        name: str,
        *,
        bedrock_models: tuple[str, ...],
        recovery_days: int,
        namespace: NamespaceAccess,
        namespace_name: str,
        cluster: Cluster,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:ServerIdentity", name, None, opts)
        self._name = name
        self._options = options
        self._entry = self._secret(recovery_days, keys, place)
        documents: dict[str, pulumi.Input[str]] = {
            "secrets": pulumi.Output.all(entry=self._entry.arn, key=keys.secrets).apply(
                lambda arns: read_entry(str(arns["entry"]), str(arns["key"]), place)
            )
        }
        if bedrock_models:
            documents["bedrock"] = call_models(bedrock_models, place)
        role = PodRole(
            f"{name}-pod",
            cluster_name=cluster.cluster_name,
            namespace=namespace_name,
            service_account=WORKLOAD,
            documents=documents,
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
        self.secret_arn: pulumi.Output[str] = self._entry.arn
        self.role_arn: pulumi.Output[str] = role.arn
        self.port = PodIdentity(
            reach=Reach(name="pod-identity", ports=(AGENT_PORT,), cidrs=(POD_IDENTITY_AGENT,)),
            # The agent gives a pod its identity when it is admitted: one that came before has none.
            ready=[association, *role.grants],
        )
        self.register_outputs({"secretArn": self.secret_arn, "roleArn": self.role_arn})

    def keep(self, secrets: Mapping[str, pulumi.Output[str]]) -> None:
        """Put the server's secrets into the entry, as one JSON object."""
        secretsmanager.SecretVersion(
            self._name,
            secret_id=self._entry.id,
            secret_string=pulumi.Output.secret(pulumi.Output.json_dumps(dict(secrets))),
            opts=self._options.final_copy(self),
        )

    def _secret(self, recovery_days: int, keys: Keys, place: Place) -> secretsmanager.Secret:
        copies = None
        if place.dr_region and keys.backup_replica is not None:
            copies = [
                secretsmanager.SecretReplicaArgs(region=place.dr_region, kms_key_id=keys.backup_replica)
            ]
        return secretsmanager.Secret(
            self._name,
            name_prefix=f"{place.prefix}/server-",
            description=f"{place.prefix}: the server's password and encryption key",
            kms_key_id=keys.secrets,
            recovery_window_in_days=recovery_days,
            replicas=copies,
            opts=self._options.final_copy(self),
        )


def read_entry(entry_arn: str, key_arn: str, place: Place) -> str:
    """Read one entry of Secrets Manager, and decrypt with its key for that alone."""
    return document(
        Statement(
            sid="ReadOwnSecrets",
            actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
            resources=[entry_arn],
        ),
        Statement(
            sid="DecryptThem",
            actions=["kms:Decrypt"],
            resources=[key_arn],
            conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{place.region}.amazonaws.com"}},
        ),
    )


def call_models(models: tuple[str, ...], place: Place) -> str:
    """Call foundation models by id in the stack's region; they are AWS's, so their ARNs name no account."""
    return document(
        Statement(
            sid="CallModels",
            actions=["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"],
            resources=[
                f"arn:{place.partition}:bedrock:{place.region}::foundation-model/{model}" for model in models
            ],
        )
    )
