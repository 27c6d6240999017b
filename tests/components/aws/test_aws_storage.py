"""The buckets: what is kept, for how long, who may touch it, and what a destroy leaves."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.settings.profiles import merged
from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording
from tests.unit.refusals import elsewhere

BUCKET = "aws:s3/bucket:Bucket"
BUCKETS = {
    "dev": {"storage-logs", "storage-backup", "storage-weights"},
    "prod": {"storage-logs", "storage-backup", "storage-backup-copy", "storage-weights"},
    "no_gpus": {"storage-logs", "storage-backup"},
}
LOGS = {"storage-logs"}


@pytest.fixture(scope="module")
def no_gpus(variant: Variant) -> Recording:
    """Dev with its models elsewhere, and no GPU nodes."""
    return variant("dev", elsewhere())


@pytest.fixture(scope="module", params=["dev", "prod", "no_gpus"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def parts(recording: Recording, kind: str) -> dict[str, dict[str, Any]]:
    """Inputs of a part of every bucket, by the bucket's name."""
    return {r.name: r.inputs for r in recording.of_type(f"aws:s3/bucket{kind}:Bucket{kind}")}


def statements(policy: str) -> dict[str, dict[str, Any]]:
    return {s["Sid"]: s for s in json.loads(policy)["Statement"]}


def age(recording: Recording, name: str) -> dict[str, Any]:
    (rule,) = [one for one in parts(recording, "LifecycleConfiguration")[name]["rules"] if one["id"] == "age"]
    assert rule["status"] == "Enabled"
    return rule


def outputs_of(recording: Recording, component: str) -> dict[str, Any]:
    return next(v for urn, v in recording.outputs.items() if urn.endswith(component))


@pytest.mark.parametrize("name", ["dev", "prod", "no_gpus"])
def test_these_buckets_and_no_others(name: str, request: pytest.FixtureRequest) -> None:
    assert set(parts(request.getfixturevalue(name), "")) == BUCKETS[name]


def test_public_access_is_blocked_in_all_four_ways(stack: Recording) -> None:
    blocks = parts(stack, "PublicAccessBlock")
    assert set(blocks) == set(parts(stack, ""))
    for name, block in blocks.items():
        for flag in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            assert block[flag] is True, name


def test_every_version_is_kept_for_a_while(stack: Recording) -> None:
    versioning = parts(stack, "Versioning")
    assert set(versioning) == set(parts(stack, ""))
    assert all(v["versioningConfiguration"] == {"status": "Enabled"} for v in versioning.values())


def test_access_control_lists_are_off(stack: Recording) -> None:
    owners = parts(stack, "OwnershipControls")
    assert set(owners) == set(parts(stack, ""))
    assert all(o["rule"] == {"objectOwnership": "BucketOwnerEnforced"} for o in owners.values())


def test_nobody_talks_to_a_bucket_without_modern_tls(stack: Recording) -> None:
    policies = parts(stack, "Policy")
    assert set(policies) == set(parts(stack, ""))
    for name, policy in policies.items():
        denied = statements(policy["policy"])
        for sid, condition in (
            ("TlsOnly", {"Bool": {"aws:SecureTransport": "false"}}),
            ("ModernTlsOnly", {"NumericLessThan": {"s3:TlsVersion": "1.2"}}),
        ):
            assert denied[sid]["Effect"] == "Deny", name
            assert denied[sid]["Principal"] == {"AWS": "*"}, name
            assert denied[sid]["Action"] == ["s3:*"], name
            assert len(denied[sid]["Resource"]) == 2, "the bucket and its objects"
            assert denied[sid]["Condition"] == condition, name


def test_data_is_encrypted_with_our_keys_and_access_logs_with_amazons(stack: Recording) -> None:
    encryption = parts(stack, "ServerSideEncryptionConfiguration")
    assert set(encryption) == set(parts(stack, ""))
    for name, inputs in encryption.items():
        (rule,) = inputs["rules"]
        default = rule["applyServerSideEncryptionByDefault"]
        if name in LOGS:
            assert default == {"sseAlgorithm": "AES256"}, "access logs cannot be delivered otherwise"
        else:
            assert default["sseAlgorithm"] == "aws:kms"
            assert default["kmsMasterKeyId"].startswith("arn:aws:kms:")
            assert rule["bucketKeyEnabled"] is True


def test_uploads_that_were_never_finished_go_after_two_days(stack: Recording) -> None:
    for name in parts(stack, ""):
        assert age(stack, name)["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 2}


def test_earlier_versions_end(stack: Recording) -> None:
    for name in parts(stack, ""):
        assert age(stack, name)["noncurrentVersionExpiration"]["noncurrentDays"] >= 7


def test_a_backup_gets_cheaper_after_thirty_and_ninety_days_and_ends(stack: Recording) -> None:
    for name in set(parts(stack, "")) & {"storage-backup", "storage-backup-copy"}:
        rule = age(stack, name)
        assert rule["transitions"] == [
            {"days": 30, "storageClass": "STANDARD_IA"},
            {"days": 90, "storageClass": "GLACIER_IR"},
        ]
        assert rule["expiration"] == {"days": 365}


def test_the_end_of_backups_and_logs_is_a_setting(variant: Variant) -> None:
    changed = variant(
        "prod", {"aws": {"storage": {"backup": {"expireDays": 730, "lockDays": 30}, "logExpireDays": 400}}}
    )
    assert age(changed, "storage-backup")["expiration"] == {"days": 730}
    assert age(changed, "storage-backup-copy")["expiration"] == {"days": 730}
    assert age(changed, "storage-backup")["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert age(changed, "storage-logs")["expiration"] == {"days": 400}


def test_backups_are_locked_and_nothing_else_is(stack: Recording) -> None:
    backups = {name for name in parts(stack, "") if name.startswith("storage-backup")}
    assert {n for n, b in parts(stack, "").items() if b["objectLockEnabled"]} == backups
    locks = parts(stack, "ObjectLockConfiguration")
    assert set(locks) == backups
    for lock in locks.values():
        assert lock["rule"]["defaultRetention"]["days"] == 7


def test_in_prod_nobody_at_all_can_take_the_lock_off(dev: Recording, prod: Recording) -> None:
    for recording, mode in ((dev, "GOVERNANCE"), (prod, "COMPLIANCE")):
        for lock in parts(recording, "ObjectLockConfiguration").values():
            assert lock["rule"]["defaultRetention"]["mode"] == mode


def test_no_version_expires_while_it_is_locked(prod: Recording) -> None:
    for name, lock in parts(prod, "ObjectLockConfiguration").items():
        kept = age(prod, name)["noncurrentVersionExpiration"]["noncurrentDays"]
        assert kept >= lock["rule"]["defaultRetention"]["days"]


def test_backups_are_copied_to_the_second_region_and_the_delay_is_measured(prod: Recording) -> None:
    replication = prod.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig")
    (rule,) = replication.inputs["rules"]
    assert rule["status"] == "Enabled"
    assert rule["filter"] == {"prefix": ""}, "everything"
    assert rule["deleteMarkerReplication"] == {"status": "Disabled"}, "a wrong deletion must not travel"
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}
    target = rule["destination"]
    assert target["metrics"] == {"status": "Enabled", "eventThreshold": {"minutes": 15}}
    assert target["replicationTime"] == {"status": "Enabled", "time": {"minutes": 15}}
    assert ":eu-west-1:" in target["encryptionConfiguration"]["replicaKmsKeyId"]
    assert parts(prod, "")["storage-backup-copy"]["region"] == "eu-west-1"


def test_without_a_second_region_nothing_is_copied(dev: Recording) -> None:
    assert dev.of_type("aws:s3/bucketReplicationConfig:BucketReplicationConfig") == []


def test_every_access_to_data_is_logged(stack: Recording) -> None:
    logged = parts(stack, "Logging")
    # Access logs cannot leave their region, and the log bucket does not log itself.
    assert set(logged) == set(parts(stack, "")) - LOGS - {"storage-backup-copy"}
    targets = {inputs["targetPrefix"] for inputs in logged.values()}
    assert len(targets) == len(logged)
    assert all(t.startswith("s3/") for t in targets), "below the prefix that the log bucket's policy opens"


def test_only_log_services_of_this_account_write_to_the_log_bucket(stack: Recording) -> None:
    allowed = {
        sid: s
        for sid, s in statements(parts(stack, "Policy")["storage-logs"]["policy"]).items()
        if s["Effect"] == "Allow"
    }
    assert set(allowed) == {"LoadBalancerLogs", "BucketLogs"}
    for statement in allowed.values():
        assert statement["Action"] == ["s3:PutObject"]
        assert "111122223333" in json.dumps(statement["Condition"])


# What a destroy does


def test_prod_never_empties_a_bucket(prod: Recording) -> None:
    for bucket in prod.of_type(BUCKET):
        assert bucket.inputs["forceDestroy"] is False, bucket.name
        assert bucket.protect, bucket.name


def test_a_destroy_of_dev_empties_what_is_worth_nothing_without_it(dev: Recording) -> None:
    emptied = {b.name for b in dev.of_type(BUCKET) if b.inputs["forceDestroy"]}
    assert emptied == {"storage-logs", "storage-weights"}, "weights can be fetched again"


def test_backups_outlive_their_stack_with_everything_that_protects_them(stack: Recording) -> None:
    kept = {b.name: b for b in stack.of_type(BUCKET) if b.retain_on_delete}
    assert set(kept) == {n for n in parts(stack, "") if n.startswith("storage-backup")}
    for kind in ("PublicAccessBlock", "Policy", "ServerSideEncryptionConfiguration", "Versioning"):
        for part in stack.of_type(f"aws:s3/bucket{kind}:Bucket{kind}"):
            bucket = stack.one(BUCKET, part.name)
            assert part.deleted_with == bucket.urn, "a bucket that stays must not lose its protection"


# Model weights


def test_only_a_stack_with_gpu_nodes_has_a_bucket_for_weights(
    dev: Recording, prod: Recording, no_gpus: Recording
) -> None:
    for recording, name in ((dev, "dev"), (prod, "prod")):
        bucket = outputs_of(recording, "roost:aws:Storage::storage")["weights"]
        assert bucket.startswith(f"roost-{name}-weights-")
    assert outputs_of(no_gpus, "roost:aws:Storage::storage").get("weights") is None


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_weights_stay_until_they_are_deleted(name: str, request: pytest.FixtureRequest) -> None:
    rule = age(request.getfixturevalue(name), "storage-weights")
    assert not rule.get("transitions")
    assert rule["expiration"] == {"expiredObjectDeleteMarker": True}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 7}


def test_weights_are_encrypted_with_the_data_key(dev: Recording, prod: Recording) -> None:
    for recording in (dev, prod):
        keys = outputs_of(recording, "roost:aws:Keys::keys")
        (rule,) = parts(recording, "ServerSideEncryptionConfiguration")["storage-weights"]["rules"]
        assert rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"] == keys["data"]


def test_a_setting_asks_for_the_bucket_of_weights_or_does_without(variant: Variant) -> None:
    asked = variant("dev", merged(elsewhere(), {"aws": {"storage": {"weights": True}}}))
    assert "storage-weights" in parts(asked, "")
    # GPU nodes for pods that are not the stack's own, without the schedule of the stack's own: dearer.
    without = variant("dev", {**elsewhere(), "aws": {"storage": {"weights": False}, "budget": None}})
    assert without.one("aws:eks/nodeGroup:NodeGroup", "cluster-nodes-gpu")
    assert "storage-weights" not in parts(without, "")
