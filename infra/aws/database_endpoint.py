"""The database on RDS as workloads see it: the port, from the instance, its door and its logins."""

from __future__ import annotations

import pulumi

from infra.aws.database import Database
from infra.aws.database_logins import DatabaseLogins
from infra.aws.foundation import Foundation
from infra.aws.rds_ca import ca_of
from infra.ports import DatabaseEndpoint, NamespaceAccess, Reach
from infra.workloads.namespace import NAME as NAMESPACE


def build_database(ground: Foundation, namespace: NamespaceAccess) -> tuple[Database, DatabaseEndpoint]:
    """The instance, which the cluster may reach, and who signs in to it."""
    database = Database(
        "database",
        ground.aws.database,
        ground.settings.database,
        network=ground.network,
        keys=ground.keys,
        place=ground.place,
        options=ground.options,
        opts=ground.opts,
    )
    door = database.admit("cluster", ground.cluster.security_group_id)
    logins = DatabaseLogins(
        "database-logins",
        database=database,
        cluster=ground.cluster,
        namespace=namespace,
        namespace_name=NAMESPACE,
        keys=ground.keys,
        place=ground.place,
        options=ground.options,
        opts=ground.opts,
    )
    endpoint = DatabaseEndpoint(
        host=database.host,
        direct_host=database.host,
        port=database.port,
        database=ground.settings.database.name,
        ssl_mode="verify-full",
        ca_bundle=pulumi.Output.from_input(ca_of(ground.place.region)),
        master=logins.master,
        migrator=logins.migrator,
        app=logins.app,
        readonly=logins.readonly,
        max_connections=ground.aws.database.max_connections,
        replica_host=database.replica_host,
        reach=Reach(name="rds", ports=(database.port,), cidrs=tuple(ground.network.plan.database.values())),
        ready=[*database.ready, door, *logins.ready],
    )
    return database, endpoint
