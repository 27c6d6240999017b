"""What a stack on AWS tells people and scripts: every name of the contract, and nothing secret in plain."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording, leaves

EVERYWHERE = {
    "url",
    "adminPassword",
    "namespace",
    "modelKind",
    "databaseRevision",
    "images",
    "telemetryStore",
}
CLOUD = {
    "account": {""},
    "region": {""},
    "cluster": {"name", "arn", "endpoint", "version"},
    "database": {"host", "port", "name", "identifier", "arn", "resourceId"},
    "loadBalancer": {"arn", "dnsName", "targetGroupArn"},
    "registry": {"server"},
    "buckets": {"logs", "backup", "weights"},
    "keys": {"data", "logs", "backup", "secrets"},
    "secrets": {"databaseMaster", "server"},
    "commands": {"kubeconfig", "registryLogin", "databasePassword", "psql", "serverSecrets"},
}
CACHE = {"host", "readerHost", "port", "arn"}
STORE = {"url", "database", "reader", "password"}
PASSWORDS = {"adminPassword", "telemetryStore.password"}
"""Logins that people use, in the stack's state as ciphertext."""
RECOVERY = {"region", "keyArn", "backupBucketArn", "databaseBackupsArn", "serverSecretArn"}


def shape(exports: dict[str, Any]) -> dict[str, set[str]]:
    grouped = {"images", *CLOUD, "cache", "telemetryStore", "recovery"}
    return {
        name: set(value) if isinstance(value, dict) and name in grouped else {""}
        for name, value in exports.items()
    }


def test_dev_exports_exactly_the_contract(dev: Recording) -> None:
    exports = shape(dev.exports())
    assert {name: exports[name] for name in CLOUD} == CLOUD
    assert exports["telemetryStore"] == STORE
    assert set(exports) == EVERYWHERE | set(CLOUD)


def test_prod_adds_its_cache_and_what_a_recovery_elsewhere_starts_from(prod: Recording) -> None:
    exports = shape(prod.exports())
    assert set(exports) == EVERYWHERE | set(CLOUD) | {"cache", "recovery"}
    assert exports["cache"] == CACHE
    assert exports["telemetryStore"] == STORE
    assert exports["recovery"] == RECOVERY
    assert exports["buckets"] == {"logs", "backup", "backupCopy", "weights"}


def test_only_passwords_are_secrets_and_nothing_else_shows_one(prod: Recording) -> None:
    assert prod.export_secrets() == PASSWORDS
    hidden = {
        str(value)
        for resource in prod.of_type("kubernetes:core/v1:Secret")
        for path, value in leaves(resource.inputs.get("stringData", {}))
        if not path.endswith((".crt", ".pem"))
    }
    assert len(hidden) >= 5
    shown = dict(leaves(prod.exports()))
    # The cluster's Secrets have the reader's as a digest.
    hidden |= {str(shown[path]) for path in PASSWORDS}
    for path, leaf in shown.items():
        if path not in PASSWORDS:
            assert not any(secret in str(leaf) for secret in hidden), path


@pytest.mark.parametrize(
    ("group", "name", "pattern"),
    [
        ("cluster", "arn", r"arn:aws:eks:eu-central-1:111122223333:cluster/roost-prod"),
        ("cluster", "endpoint", r"https://.+\.eks\.amazonaws\.com"),
        ("database", "host", r"roost-prod-\w+\..+\.rds\.amazonaws\.com"),
        ("database", "resourceId", r"db-\w+"),
        ("loadBalancer", "arn", r"arn:aws:elasticloadbalancing:.+:loadbalancer/.+"),
        ("registry", "server", r"111122223333\.dkr\.ecr\.eu-central-1\.amazonaws\.com/roost-prod/server"),
        ("buckets", "backup", r"arn:aws:s3:::roost-prod-.+"),
        ("keys", "backup", r"arn:aws:kms:eu-central-1:111122223333:key/.+"),
        ("secrets", "databaseMaster", r"arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-.+"),
        (
            "secrets",
            "server",
            r"arn:aws:secretsmanager:eu-central-1:111122223333:secret:roost-prod/server-.+",
        ),
        ("recovery", "keyArn", r"arn:aws:kms:eu-west-1:111122223333:key/.+"),
        ("recovery", "serverSecretArn", r"arn:aws:secretsmanager:eu-west-1:111122223333:secret:.+"),
    ],
)
def test_an_output_is_what_its_name_says(group: str, name: str, pattern: str, prod: Recording) -> None:
    assert re.fullmatch(pattern, prod.exports()[group][name])


def test_commands_are_whole_and_name_this_stack(prod: Recording) -> None:
    exports = prod.exports()
    commands = exports["commands"]
    assert shlex.split(commands["kubeconfig"]) == [
        "aws", "eks", "update-kubeconfig", "--region", "eu-central-1", "--name", "roost-prod",
        "--alias", "roost-prod",
    ]  # fmt: skip
    assert exports["secrets"]["databaseMaster"] in shlex.split(commands["databasePassword"])
    assert exports["secrets"]["server"] in shlex.split(commands["serverSecrets"])
    assert commands["registryLogin"].endswith(" 111122223333.dkr.ecr.eu-central-1.amazonaws.com")


def test_psql_verifies_the_server_and_takes_the_password_from_secrets_manager(prod: Recording) -> None:
    exports = prod.exports()
    psql = exports["commands"]["psql"]
    assert f"host={exports['database']['host']} port=5432 dbname=roost user=roost_master" in psql
    assert "sslmode=verify-full sslrootcert=infra/aws/rds-ca/eu-central-1.pem" in psql
    assert psql.startswith('PGPASSWORD="$(aws secretsmanager get-secret-value ')


def test_a_replica_shows_its_host_where_there_is_one(variant: Variant) -> None:
    recording = variant("dev", {"aws": {"database": {"readReplica": True}}})
    database = recording.exports()["database"]
    assert database["replicaHost"].startswith("roost-dev-replica-")
    assert database["replicaHost"] != database["host"]


def test_a_restore_elsewhere_takes_outputs_as_they_are(prod: Recording, variant: Variant) -> None:
    exports = prod.exports()
    source = exports["recovery"]["databaseBackupsArn"]
    restore = {"sourceBackupsArn": source}
    moved = {"region": exports["recovery"]["region"], "database": {"restore": restore}}
    recording = variant("dev", {"aws": moved}, named="rebuilt")
    instance = recording.one("aws:rds/instance:Instance").inputs
    assert instance["restoreToPointInTime"]["sourceDbInstanceAutomatedBackupsArn"] == source
