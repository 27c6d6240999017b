"""The telemetry store on AWS: who reaches it, what it may do there, and what of it stays."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from infra.settings.clickhouse import ClickHouseSettings
from infra.workloads.clickhouse_config import CONFIG_DIR, config_files
from infra.workloads.clickhouse_users import USERS
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording
from tests.support.workloads import pod_may_connect, pod_may_reach, workload

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CONFIG = "kubernetes:core/v1:ConfigMap"
CRON = "kubernetes:batch/v1:CronJob"
GRANT = "aws:iam/rolePolicy:RolePolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
JOB = "kubernetes:batch/v1:Job"
SECRET = "kubernetes:core/v1:Secret"
SERVICE = "kubernetes:core/v1:Service"
STATEFUL = "kubernetes:apps/v1:StatefulSet"
JOBS = ("store-schema", "store-backup")

_LOGIN = {"username": "somebody", "password": "not-a-real-one"}
_EXTERNAL = {
    "kind": "external",
    "external": {"host": "ch.example.com", "writer": _LOGIN, "reader": _LOGIN, "schemaOwner": _LOGIN},
}


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def _grants(stack: Recording) -> dict[str, dict[str, Any]]:
    document = json.loads(stack.one(GRANT, "clickhouse-backups").inputs["policy"])
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_the_volume_is_encrypted_backed_up_and_a_resource_of_its_own(stack: Recording) -> None:
    claim = stack.one(CLAIM, "clickhouse-data").inputs
    disks = stack.one(CLASS, "clickhouse").inputs
    assert claim["spec"]["storageClassName"] == disks["metadata"]["name"]
    assert disks["parameters"]["encrypted"] == "true"
    assert disks["parameters"]["kmsKeyId"].startswith("arn:aws:kms:")
    assert disks["parameters"]["tagSpecification_1"].startswith("roost:backup=roost-")
    assert disks["allowVolumeExpansion"] is True
    assert "volumeClaimTemplates" not in stack.one(STATEFUL, "clickhouse").inputs["spec"]


def test_in_prod_the_volume_outlives_mistakes(prod: Recording, dev: Recording) -> None:
    assert prod.one(CLAIM, "clickhouse-data").protect
    assert prod.one(CLASS, "clickhouse").inputs["reclaimPolicy"] == "Retain"
    assert not dev.one(CLAIM, "clickhouse-data").protect


def test_its_role_adds_to_one_folder_and_deletes_nothing(stack: Recording) -> None:
    grants = _grants(stack)
    actions = [action for one in grants.values() for action in one["Action"]]
    assert not [action for action in actions if "Delete" in action or "*" in action]
    assert all(resource.endswith("/clickhouse/*") for resource in grants["KeepBackups"]["Resource"])
    assert grants["ListBackups"]["Condition"] == {"StringLike": {"s3:prefix": "clickhouse/*"}}
    association = stack.one("aws:eks/podIdentityAssociation:PodIdentityAssociation", "clickhouse")
    pods = workload(stack, "clickhouse")
    assert association.inputs["serviceAccount"] == pods.pod["serviceAccountName"] == "clickhouse"
    assert stack.waits_for(pods.owner, association)


def test_only_its_jobs_reach_it_and_only_over_tls(stack: Recording) -> None:
    store = workload(stack, "clickhouse")
    for job in JOBS:
        assert pod_may_connect(stack, workload(stack, job), store, 8443)
        assert not pod_may_connect(stack, workload(stack, job), store, 8123)
    assert not pod_may_connect(stack, workload(stack, "server"), store, 8443)
    ports = {port["port"] for port in stack.one(SERVICE, "clickhouse").inputs["spec"]["ports"]}
    assert ports == {8443, 9440}


def test_it_reaches_s3_and_its_identity_and_nothing_else(stack: Recording) -> None:
    store = workload(stack, "clickhouse")
    assert pod_may_reach(stack, store, "169.254.170.23", 80)
    assert not pod_may_reach(stack, store, "198.51.100.7", 443)
    assert not pod_may_connect(stack, store, workload(stack, "server"), 8283)


def test_every_file_is_where_the_server_looks(stack: Recording) -> None:
    pod = workload(stack, "clickhouse").pod
    (sources,) = [v["projected"]["sources"] for v in pod["volumes"] if v["name"] == "configuration"]
    paths = {item["path"] for one in sources for item in next(iter(one.values()))["items"]}
    store = ClickHouseSettings(kind="in-cluster")
    assert paths == {
        *config_files(store, None),
        "users.d/passwords.xml",
        "tls.crt",
        "tls.key",
        "ca.crt",
        "admin.xml",
    }
    container = pod["containers"][0]
    assert container["command"] == ["clickhouse", "server", f"--config-file={CONFIG_DIR}/config.xml"]
    keys = set(stack.one(CONFIG, "clickhouse").inputs["data"])
    assert keys == {item["key"] for item in sources[0]["configMap"]["items"]}


def test_no_password_is_outside_a_secret(stack: Recording) -> None:
    config = stack.one(CONFIG, "clickhouse")
    assert not [text for text in config.inputs["data"].values() if "password" in text]
    hashes = ET.fromstring(stack.one(SECRET, "clickhouse").inputs["stringData"]["passwords.xml"])
    assert {user.tag for user in hashes.iter("users") for user in user} == {user.name for user in USERS}
    for job in JOBS:
        container = workload(stack, job).pod["containers"][0]
        values = [one["value"] for one in container["env"] if "PASSWORD" in one["name"]]
        assert values == ["/run/secrets/roost/store-password"]


def test_the_url_of_backups_names_no_key(stack: Recording) -> None:
    text = stack.one(CONFIG, "clickhouse").inputs["data"]["config.xml"]
    collection = ET.fromstring(text).find("named_collections/roost_backups")
    assert collection is not None
    assert [(one.tag) for one in collection] == ["url", "use_environment_credentials"]
    assert str(collection.findtext("url")).endswith(".s3.eu-central-1.amazonaws.com/clickhouse/")


def test_tables_come_after_the_server_and_backups_after_the_tables(stack: Recording) -> None:
    schema, backup = stack.one(JOB, "store-schema"), stack.one(CRON, "store-backup")
    assert stack.waits_for(schema, stack.one(STATEFUL, "clickhouse"))
    assert stack.waits_for(backup, schema)
    job = backup.inputs["spec"]["jobTemplate"]["spec"]
    assert job["template"]["spec"]["containers"][0]["args"] == ["store", "backup"]
    assert backup.inputs["spec"]["concurrencyPolicy"] == "Forbid"


def test_a_backup_is_back_before_tables_are_made(variant: Variant) -> None:
    name = "incremental-20270117T020000Z"
    stack = variant("dev", {"clickhouse": {"restore": {"backup": name}}})
    restore = stack.one(JOB, "store-restore")
    args = restore.inputs["spec"]["template"]["spec"]["containers"][0]["args"]
    assert args == ["store", "restore", name, "--database", "otel"]
    assert stack.waits_for(stack.one(JOB, "store-schema"), restore)


def test_another_retention_is_another_job(dev: Recording, variant: Variant) -> None:
    other = variant("dev", {"clickhouse": {"retention": {"logs": {"days": 2, "gibPerDay": 1}}}})
    names = [one.one(JOB, "store-schema").inputs["metadata"]["name"] for one in (dev, other)]
    assert names[0] != names[1]


def test_an_external_store_gets_its_tables_and_nothing_else(variant: Variant) -> None:
    stack = variant("dev", {"clickhouse": None} | {"clickhouse": _EXTERNAL})
    assert stack.one(JOB, "store-schema")
    assert not [one for one in stack.of_type(STATEFUL) if one.name == "clickhouse"]
    assert not [one for one in stack.registrations if "store-backup" in one.name]
    assert pod_may_reach(stack, workload(stack, "store-schema"), "198.51.100.7", 8443)
    assert stack.exports()["telemetryStore"]["url"] == "https://ch.example.com:8443"


def test_its_backups_end_a_week_after_one_can_go_back(stack: Recording, prod: Recording) -> None:
    buckets = ["storage-backup", *(["storage-backup-copy"] if stack is prod else [])]
    for name in buckets:
        rules = stack.one(LIFECYCLE, name).inputs["rules"]
        (rule,) = [one for one in rules if one["filter"]["prefix"] == "clickhouse/"]
        assert rule["expiration"] == {"days": 35}
