"""The migration Job: the schema is at the program's revision before any server pod changes."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.naming import migration_job
from infra.ports import Site
from infra.settings.migration import MigrationSettings
from infra.workloads.bootstrap import Bootstrap
from infra.workloads.connections import Connection
from infra.workloads.database import login_environment, login_files
from infra.workloads.jobs import DatabaseCommand, database_job
from infra.workloads.labels import labels
from infra.workloads.openings import open_connections
from infra.workloads.pods import immutable_secret, secret_files, service_account

WORKLOAD = "migrate"


class Migration(pulumi.ComponentResource):
    """Job `migrate-<revision>`: `alembic upgrade head` as the schema's owner, on the direct endpoint.

    A new revision is a new Job, and the old one goes last; a new image with the same revision runs it again,
    which proves in a second that the database is where the image expects it.
    """

    revision: str
    job: k8s.batch.v1.Job

    def __init__(
        self,
        name: str,
        settings: MigrationSettings,
        *,
        site: Site,
        revision: str,
        bootstrap: Bootstrap,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Migration", name, None, opts)
        child = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        namespace, database = site.namespace, site.supplies.database
        secret = immutable_secret(
            WORKLOAD, login_files(database, database.migrator), namespace.name, labels(WORKLOAD), child
        )
        openings = open_connections([Connection(client=WORKLOAD, reach=database.reach)], namespace, child)
        self.revision = revision
        job_name = migration_job(revision)
        self.job = database_job(
            job_name,
            DatabaseCommand(
                workload=WORKLOAD,
                args=["db", "migrate"],
                image=site.supplies.images.server,
                environment={
                    **login_environment(database, database.migrator, direct=True),
                    "ROOST_MIGRATE_LOCK_TIMEOUT_SECONDS": str(settings.lock_timeout_seconds),
                    "ROOST_MIGRATE_ATTEMPTS": str(settings.attempts),
                },
                mounts=secret_files(secret),
                service_account=service_account(WORKLOAD, namespace, child),
            ),
            settings,
            namespace=namespace.name,
            job_name=job_name,
            opts=pulumi.ResourceOptions.merge(
                child,
                pulumi.ResourceOptions(
                    depends_on=[*namespace.ready, *database.ready, *openings, bootstrap.job]
                ),
            ),
        )
        self.register_outputs({"revision": revision})
