"""Who signs in to the database, and how the one pod that needs the master password gets it."""

from __future__ import annotations

import json

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_aws import eks

from infra.aws.cluster import Cluster
from infra.aws.database import MASTER, Database
from infra.aws.documents import Statement, document
from infra.aws.keys import Keys
from infra.aws.place import Place
from infra.aws.pod_role import PodRole
from infra.options import Options
from infra.ports import Credentials, MountedCredentials, NamespaceAccess
from infra.workloads.labels import labels

SERVICE_ACCOUNT = "database-bootstrap"
SECRET_PROVIDER_CLASS = "database-master"  # noqa: S105 - a name
PASSWORD_FILE = "password"  # noqa: S105 - a name
PASSWORD_LENGTH = 40


class DatabaseLogins(pulumi.ComponentResource):
    """Passwords of our own roles, and a door to the master's.

    RDS keeps the master password in Secrets Manager and rotates it every week. It is never in the state: the
    Secrets Store CSI driver reads it with the identity of the bootstrap pod, and shows it to that pod as a
    file.
    """

    def __init__(
        self,
        name: str,
        *,
        database: Database,
        cluster: Cluster,
        namespace: NamespaceAccess,
        namespace_name: str,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:DatabaseLogins", name, None, opts)
        self._name = name
        self._database = database
        self._cluster = cluster
        self._namespace = namespace
        self._place = place
        self._options = options
        self._in_cluster = pulumi.ResourceOptions.merge(
            options.child(self), pulumi.ResourceOptions(provider=cluster.provider)
        )
        role = PodRole(
            f"{name}-bootstrap",
            cluster_name=cluster.cluster_name,
            namespace=namespace_name,
            service_account=SERVICE_ACCOUNT,
            documents={"master-password": _read_secret(database, keys, place)},
            place=place,
            options=options,
            opts=options.child(self),
        )
        association = self._associate(role)
        account = self._service_account()
        provider_class = self._secret_provider_class()
        self.master = MountedCredentials(
            username=MASTER,
            service_account=account.metadata.apply(lambda m: str(m.name)),
            secret_provider_class=pulumi.Output.from_input(SECRET_PROVIDER_CLASS),
            file=PASSWORD_FILE,
        )
        self.migrator = self._login("migrator")
        self.app = self._login("app")
        self.readonly = self._login("readonly")
        self.ready: list[pulumi.Resource] = [association, account, provider_class, *role.grants]
        self.register_outputs({})

    def _login(self, role: str) -> Credentials:
        password = random.RandomPassword(
            f"{self._name}-{role}",
            length=PASSWORD_LENGTH,
            special=False,  # clients build URLs from it
            opts=self._options.child(self),
        )
        return Credentials(username=f"roost_{role}", password=password.result)

    def _associate(self, role: PodRole) -> eks.PodIdentityAssociation:
        return eks.PodIdentityAssociation(
            f"{self._name}-bootstrap",
            cluster_name=self._cluster.cluster_name,
            namespace=self._namespace.name,
            service_account=SERVICE_ACCOUNT,
            role_arn=role.arn,
            opts=self._options.child(self, depends_on=[self._cluster]),
        )

    def _service_account(self) -> k8s.core.v1.ServiceAccount:
        return k8s.core.v1.ServiceAccount(
            f"{self._name}-bootstrap",
            metadata={
                "name": SERVICE_ACCOUNT,
                "namespace": self._namespace.name,
                "labels": labels(SERVICE_ACCOUNT),
            },
            automount_service_account_token=False,
            opts=self._in_cluster,
        )

    def _secret_provider_class(self) -> k8s.apiextensions.CustomResource:
        return k8s.apiextensions.CustomResource(
            f"{self._name}-master",
            api_version="secrets-store.csi.x-k8s.io/v1",
            kind="SecretProviderClass",
            metadata={
                "name": SECRET_PROVIDER_CLASS,
                "namespace": self._namespace.name,
                "labels": labels(SERVICE_ACCOUNT),
            },
            spec={
                "provider": "aws",
                "parameters": {
                    "region": self._place.region,
                    "usePodIdentity": "true",
                    "objects": self._database.master_secret_arn.apply(secret_objects),
                },
            },
            opts=self._in_cluster,
        )


def secret_objects(secret_arn: str) -> str:
    """The driver's list of what to mount, as JSON (which is YAML): only the password, under its own name."""
    return json.dumps(
        [
            {
                "objectName": secret_arn,
                "objectType": "secretsmanager",
                "objectAlias": "master.json",
                "jmesPath": [{"path": "password", "objectAlias": PASSWORD_FILE}],
            }
        ]
    )


def _read_secret(database: Database, keys: Keys, place: Place) -> pulumi.Output[str]:
    def policy(facts: dict[str, str]) -> str:
        return document(
            Statement(
                sid="ReadMasterPassword",
                actions=["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
                resources=[facts["secret"]],
            ),
            Statement(
                sid="DecryptIt",
                actions=["kms:Decrypt"],
                resources=[facts["key"]],
                conditions={
                    "StringEquals": {"kms:ViaService": f"secretsmanager.{place.region}.amazonaws.com"}
                },
            ),
        )

    return pulumi.Output.all(secret=database.master_secret_arn, key=keys.secrets).apply(policy)
