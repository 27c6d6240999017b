"""What a stack on AWS tells about itself: the groups of `CloudOutputs`, from its parts."""

from __future__ import annotations

import pulumi

from infra.aws.cache import Cache
from infra.aws.database import MASTER, Database
from infra.aws.parts import StackParts
from infra.outputs import (
    CacheOutputs,
    CloudOutputs,
    ClusterOutputs,
    Commands,
    DatabaseOutputs,
    LoadBalancerOutputs,
    RecoveryOutputs,
    SecretReferences,
)


def cloud_outputs(parts: StackParts) -> CloudOutputs:
    """Names, ARNs and commands; of secrets only where they are."""
    place, cluster, storage, keys = parts.place, parts.cluster, parts.storage, parts.keys
    buckets = {
        "logs": storage.logs,
        "backup": storage.backup,
        "backupCopy": storage.backup_copy,
        "weights": storage.weights,
    }
    return CloudOutputs(
        account=place.account,
        region=place.region,
        cluster=ClusterOutputs(
            name=cluster.cluster_name, arn=cluster.arn, endpoint=cluster.endpoint, version=cluster.version
        ),
        database=_database(parts.database, parts.database_name),
        cache=_cache(parts.cache) if parts.cache else None,
        load_balancer=LoadBalancerOutputs(
            arn=parts.edge.arn,
            dns_name=parts.edge.dns_name,
            target_group_arn=parts.edge.target_group_arn,
        ),
        registry=parts.registry.urls,
        buckets={purpose: bucket.arn for purpose, bucket in buckets.items() if bucket is not None},
        keys={"data": keys.data, "logs": keys.logs, "backup": keys.backup, "secrets": keys.secrets},
        secrets=SecretReferences(
            database_master=parts.database.master_secret_arn, server=parts.identity.secret_arn
        ),
        commands=_commands(parts),
        recovery=_recovery(parts, place.dr_region) if place.dr_region else None,
    )


def _database(database: Database, name: str) -> DatabaseOutputs:
    return DatabaseOutputs(
        host=database.host,
        port=database.port,
        name=name,
        replica_host=database.replica_host,
        identifier=database.identifier,
        arn=database.arn,
        resource_id=database.resource_id,
    )


def _cache(cache: Cache) -> CacheOutputs:
    return CacheOutputs(host=cache.host, reader_host=cache.reader_host, port=cache.port, arn=cache.arn)


def _commands(parts: StackParts) -> Commands:
    region, name = parts.place.region, parts.cluster.cluster_name
    database = parts.database
    master = _reading(database.master_secret_arn, region)
    url = parts.registry.urls["server"]
    # The password goes into the environment of one process, and neither onto a command line nor to disk.
    psql = pulumi.Output.concat(
        'PGPASSWORD="$(',
        master,
        ' | jq -r .password)" psql "host=',
        database.host,
        f" port={database.port} dbname={parts.database_name} user={MASTER}",
        f' sslmode=verify-full sslrootcert=infra/aws/rds-ca/{region}.pem"',
    )
    return Commands(
        kubeconfig=f"aws eks update-kubeconfig --region {region} --name {name} --alias {name}",
        registry_login=pulumi.Output.concat(
            f"aws ecr get-login-password --region {region} | docker login --username AWS --password-stdin ",
            url.apply(lambda repository: repository.partition("/")[0]),
        ),
        database_password=master,
        psql=psql,
        server_secrets=_reading(parts.identity.secret_arn, region),
    )


def _reading(arn: pulumi.Output[str], region: str) -> pulumi.Output[str]:
    return pulumi.Output.concat(
        f"aws secretsmanager get-secret-value --region {region} --secret-id ",
        arn,
        " --query SecretString --output text",
    )


def _recovery(parts: StackParts, region: str) -> RecoveryOutputs:
    here, there = f":{parts.place.region}:", f":{region}:"
    copy = parts.storage.backup_copy
    return RecoveryOutputs(
        region=region,
        key_arn=parts.keys.backup_replica,
        backup_bucket_arn=copy.arn if copy else None,
        database_backups_arn=parts.database.backups_copy_arn,
        # A replica's ARN differs in its region only.
        server_secret_arn=parts.identity.secret_arn.apply(lambda arn: arn.replace(here, there)),
    )
