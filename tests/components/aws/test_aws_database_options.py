"""The database beyond its defaults: a replica that answers reads, and a pooler before the server's logins."""

from __future__ import annotations

import asyncio
import configparser
import re
from typing import Any

import asyncpg
import pytest
from pydantic import SecretStr

from app.db.connect import SERVER_SETTINGS
from app.db.pool import ACQUIRE_SECONDS, COMMAND_SECONDS, Database
from app.settings import DatabaseSettings
from infra.naming import migration_job
from infra.workloads.pooler_config import SESSION
from infra.workloads.revision import head_revision
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording
from tests.support.workloads import (
    pod_may_connect,
    pod_may_reach,
    restricted_violations,
    workload,
    world_may_connect,
)

DATABASE = "aws:rds/instance:Instance"
SECRET = "kubernetes:core/v1:Secret"
JOB = "kubernetes:batch/v1:Job"
IMAGE = f"example.com/pgbouncer@sha256:{'0' * 64}"


@pytest.fixture(scope="module")
def rich(variant: Variant) -> Recording:
    return variant("prod", {"aws": {"database": {"readReplica": True, "pooler": {"image": IMAGE}}}})


@pytest.fixture(scope="module")
def rich_preview(variant: Variant) -> Recording:
    changes = {"aws": {"database": {"readReplica": True, "pooler": {"image": IMAGE}}}}
    return variant("prod", changes, preview=True)


def test_the_first_preview_knows_both(rich: Recording, rich_preview: Recording) -> None:
    assert {r.urn for r in rich_preview.registrations} == {r.urn for r in rich.registrations}
    assert rich_preview.warnings == []


# The replica


def test_a_replica_follows_the_primary_and_is_as_private(rich: Recording) -> None:
    primary, replica = rich.one(DATABASE, "database"), rich.one(DATABASE, "database-replica")
    assert replica.inputs["replicateSourceDb"] == primary.inputs["identifier"]
    for same in ("instanceClass", "parameterGroupName", "vpcSecurityGroupIds", "caCertIdentifier"):
        assert replica.inputs[same] == primary.inputs[same], same
    assert replica.inputs["storageEncrypted"] is True
    assert replica.inputs["publiclyAccessible"] is False
    assert replica.inputs["iamDatabaseAuthenticationEnabled"] is True
    assert rich.waits_for(replica, primary)


def test_a_replica_is_given_nothing_that_rds_refuses_for_one(rich: Recording) -> None:
    given = set(rich.one(DATABASE, "database-replica").inputs)
    # From the primary: its login, data, version, subnets and (in its region) its key.
    refused = {"username", "password", "manageMasterUserPassword", "dbName", "engine", "engineVersion"}
    assert not given & (refused | {"kmsKeyId", "dbSubnetGroupName", "backupRetentionPeriod"})
    assert rich.one(DATABASE, "database-replica").inputs["skipFinalSnapshot"] is True


def test_a_replica_can_be_taken_away_and_the_primary_cannot(rich: Recording) -> None:
    replica = rich.one(DATABASE, "database-replica")
    assert not replica.protect
    assert replica.inputs["deletionProtection"] is False
    assert replica.timeouts["create"] == "120m"
    assert rich.one(DATABASE, "database").protect


def test_a_replicas_logs_are_encrypted_before_rds_would_make_its_own(rich: Recording) -> None:
    replica = rich.one(DATABASE, "database-replica")
    groups = [
        g
        for g in rich.of_type("aws:cloudwatch/logGroup:LogGroup")
        if g.inputs["name"].startswith(f"/aws/rds/instance/{replica.inputs['identifier']}/")
    ]
    assert len(groups) == 2
    assert all(rich.waits_for(replica, g) for g in groups)


def test_nobody_pays_for_a_replica_unasked(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        assert [i.name for i in recording.of_type(DATABASE)] == ["database"]
        names = {r.inputs["metadata"]["name"] for r in recording.of_type("kubernetes:apps/v1:Deployment")}
        assert "pooler" not in names


# The pooler


def configuration(recording: Recording) -> configparser.ConfigParser:
    text = recording.one("kubernetes:core/v1:ConfigMap", "pooler").inputs["data"]["pgbouncer.ini"]
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(text)
    return parser


def variables(recording: Recording, name: str) -> dict[str, str]:
    return {v["name"]: v["value"] for v in workload(recording, name).container["env"]}


def test_the_server_goes_to_the_pooler_and_migrations_to_postgres(rich: Recording) -> None:
    server = variables(rich, "server")
    assert (server["LETTA_PG_HOST"], server["LETTA_PG_PORT"]) == ("pooler.roost.svc", "6432")
    assert server["LETTA_PG_SSLMODE"] == "verify-full"
    for job in ("bootstrap", "migrate"):
        direct = variables(rich, job)
        assert direct["LETTA_PG_HOST"].endswith(".rds.amazonaws.com"), job
        assert direct["LETTA_PG_PORT"] == "5432", job


def test_only_the_server_reaches_the_pooler_and_only_the_pooler_and_the_jobs_reach_postgres(
    rich: Recording,
) -> None:
    server, pooler, migrate = (workload(rich, n) for n in ("server", "pooler", "migrate"))
    database = rich.of_type("aws:ec2/subnet:Subnet")
    address = next(s.inputs["cidrBlock"] for s in database if s.inputs["tags"]["tier"] == "database")
    inside = address.rpartition(".")[0] + ".9"
    assert pod_may_connect(rich, server, pooler, 6432)
    assert not pod_may_connect(rich, migrate, pooler, 6432)
    assert not world_may_connect(rich, pooler, 6432)
    assert pod_may_reach(rich, pooler, inside, 5432)
    assert pod_may_reach(rich, migrate, inside, 5432)
    assert not pod_may_reach(rich, server, inside, 5432), "it would bypass the budget"


def test_both_sides_are_encrypted_and_each_end_proves_who_it_is(rich: Recording) -> None:
    settings = configuration(rich)["pgbouncer"]
    assert settings["client_tls_sslmode"] == "require"
    assert settings["server_tls_sslmode"] == "verify-full"
    assert settings["auth_type"] == "scram-sha-256"
    request = rich.one("tls:index/certRequest:CertRequest", "pooler-certificate")
    assert request.inputs["dnsNames"] == ["pooler.roost.svc"]
    trusted = rich.one(SECRET, "server").inputs["stringData"]["database-ca.pem"]
    authority = rich.one("tls:index/selfSignedCert:SelfSignedCert", "pooler-certificate-ca")
    assert "CERTIFICATE" in trusted
    assert rich.waits_for(rich.one(SECRET, "server"), authority)
    pem = rich.one(SECRET, "pooler").inputs["stringData"]["database-ca.pem"]
    assert pem != trusted, "the pooler trusts RDS, the server the pooler"


def test_the_password_is_in_a_secret_and_nowhere_else(rich: Recording) -> None:
    secret = rich.one(SECRET, "pooler")
    assert re.fullmatch(r'"roost_app" "\w{40}"\n', secret.inputs["stringData"]["userlist.txt"])
    assert "stringData" in secret.secrets
    password = secret.inputs["stringData"]["userlist.txt"].split('"')[3]
    config = rich.one("kubernetes:core/v1:ConfigMap", "pooler").inputs["data"]["pgbouncer.ini"]
    assert password not in config
    assert password not in str(workload(rich, "pooler").owner.inputs)


def test_transactions_share_connections_and_named_statements_survive_it(rich: Recording) -> None:
    settings = configuration(rich)["pgbouncer"]
    assert settings["pool_mode"] == "transaction"
    # asyncpg keeps up to 100 statements by name on each connection.
    assert int(settings["max_prepared_statements"]) >= 100
    assert int(settings["query_wait_timeout"]) <= COMMAND_SECONDS
    assert int(settings["query_wait_timeout"]) > ACQUIRE_SECONDS
    assert int(settings["server_lifetime"]) <= 300, "a statement that a migration broke ends with it"


def test_one_pod_holds_all_clients_and_all_pods_fit_the_database(rich: Recording) -> None:
    settings = configuration(rich)["pgbouncer"]
    pool = int(variables(rich, "server")["LETTA_PG_POOL_SIZE"])
    most = rich.one("kubernetes:autoscaling/v2:HorizontalPodAutoscaler").inputs["spec"]["maxReplicas"]
    assert int(settings["max_client_conn"]) == (2 * most + 1) * (pool + 2)
    pods = 2 * workload(rich, "pooler").owner.inputs["spec"]["replicas"] + 1
    assert pods * int(settings["max_db_connections"]) + 12 <= 1000 - 3


def test_the_pooler_sets_up_sessions_exactly_as_the_server_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    async def nothing() -> None: ...

    def create_pool(**arguments: Any) -> Any:
        seen.update(arguments)
        return nothing()

    monkeypatch.setattr(asyncpg, "create_pool", create_pool)
    asyncio.run(Database.open(DatabaseSettings(password=SecretStr("x")), size=1))
    asked = dict(seen["server_settings"])
    # PgBouncer itself passes these two on with every transaction.
    assert asked.pop("timezone") == "UTC"
    asked.pop("application_name")
    assert asked.keys() == SESSION.keys(), "whatever else is asked for, PgBouncer refuses"
    assert {k: v.replace(" ", "") for k, v in asked.items()} == {
        k: v.replace(" ", "") for k, v in SESSION.items()
    }
    assert SERVER_SETTINGS.keys() <= seen["server_settings"].keys()


def test_a_session_gets_them_from_the_pooler(rich: Recording) -> None:
    line = configuration(rich)["databases"]["roost"]
    assert (
        "connect_query='SET search_path = roost, public; SET idle_in_transaction_session_timeout = ''60s'';"
        in line
    )
    assert "SET hnsw.iterative_scan = ''strict_order'''" in line
    ignored = configuration(rich)["pgbouncer"]["ignore_startup_parameters"].split(",")
    assert set(ignored) == set(SESSION)


def test_the_pooler_is_restricted_spread_and_drained_in_turn(rich: Recording) -> None:
    pooler = workload(rich, "pooler")
    assert restricted_violations(pooler.pod) == []
    assert pooler.container["image"] == IMAGE
    assert pooler.owner.inputs["spec"]["replicas"] == 2
    assert pooler.owner.inputs["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    keys = {c["topologyKey"] for c in pooler.pod["topologySpreadConstraints"]}
    assert keys == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    budget = rich.one("kubernetes:policy/v1:PodDisruptionBudget", "pooler").inputs["spec"]
    assert budget["maxUnavailable"] == 1


def test_the_pooler_signs_in_after_the_roles_exist_and_before_the_server(rich: Recording) -> None:
    deployment = rich.one("kubernetes:apps/v1:Deployment", "pooler")
    assert rich.waits_for(deployment, rich.one(JOB, "bootstrap"))
    assert rich.waits_for(rich.one("kubernetes:apps/v1:Deployment", "server"), deployment)
    assert not rich.waits_for(rich.one(JOB, migration_job(head_revision())), deployment)
