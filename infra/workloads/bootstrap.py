"""The bootstrap Job: what only the database's master login can do, before anyone else connects."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.naming import bootstrap_job
from infra.ports import (
    Credentials,
    DatabaseEndpoint,
    MountedCredentials,
    Site,
)
from infra.settings import Settings
from infra.workloads.connections import Connection
from infra.workloads.database import EXTERNAL_SECRETS_DIR, login_environment, login_files
from infra.workloads.jobs import DatabaseCommand, database_job
from infra.workloads.labels import labels
from infra.workloads.openings import open_connections
from infra.workloads.pods import (
    SECRETS_DIR,
    immutable_secret,
    mounted_credentials,
    name_of,
    secret_files,
    service_account,
)

WORKLOAD = "bootstrap"


class Bootstrap(pulumi.ComponentResource):
    """Job `bootstrap-<hash>`: extension, roles with their passwords, schema and grants; idempotent.

    The hash covers the roles, the image and the Secret, which gets a new name whenever a password changes: so
    the Job runs again exactly when there is something to do.
    """

    job: k8s.batch.v1.Job

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        site: Site,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Bootstrap", name, None, opts)
        self._opts = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        self._namespace = site.namespace
        self._database = site.supplies.database
        self._statement_timeout = str(settings.database.statement_timeout_seconds)
        image = site.supplies.images.server
        secret = self._secret()
        openings = open_connections(
            [Connection(client=WORKLOAD, reach=self._database.reach)], self._namespace, self._opts
        )
        self.job = database_job(
            WORKLOAD,
            self._command(image, secret),
            settings.migration,
            namespace=self._namespace.name,
            job_name=self._job_name(image, secret),
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(depends_on=[*self._namespace.ready, *self._database.ready, *openings]),
            ),
        )
        self.register_outputs({})

    def _secret(self) -> k8s.core.v1.Secret:
        database = self._database
        files = {
            **login_files(database, database.master),
            **{f"{role}-password": login.password for role, login in _roles(database).items()},
        }
        return immutable_secret(WORKLOAD, files, self._namespace.name, labels(WORKLOAD), self._opts)

    def _command(self, image: pulumi.Output[str], secret: k8s.core.v1.Secret) -> DatabaseCommand:
        database, master = self._database, self._database.master
        variables = dict(login_environment(database, master, direct=True))
        variables["ROOST_APP_STATEMENT_TIMEOUT_SECONDS"] = self._statement_timeout
        for role, login in _roles(database).items():
            variables[f"ROOST_{role.upper()}_USER"] = login.username
            variables[f"ROOST_{role.upper()}_PASSWORD_FILE"] = f"{SECRETS_DIR}/{role}-password"
        mounts, account = secret_files(secret), None
        if isinstance(master, MountedCredentials):
            mounts = mounts + mounted_credentials(master, EXTERNAL_SECRETS_DIR)
            account = master.service_account
        return DatabaseCommand(
            workload=WORKLOAD,
            args=["db", "bootstrap"],
            image=image,
            environment=variables,
            mounts=mounts,
            service_account=account or service_account(WORKLOAD, self._namespace, self._opts),
        )

    def _job_name(self, image: pulumi.Output[str], secret: k8s.core.v1.Secret) -> pulumi.Output[str]:
        roles = [login.username for login in _roles(self._database).values()]
        facts = [*roles, self._statement_timeout, self._database.direct_host, image, name_of(secret)]
        return pulumi.Output.all(*facts).apply(lambda known: bootstrap_job("\n".join(known)))


def _roles(database: DatabaseEndpoint) -> dict[str, Credentials]:
    return {"migrator": database.migrator, "app": database.app, "readonly": database.readonly}
