from __future__ import annotations

from typing import Any

import pytest

from infra.aws.documents import Statement, document
from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from local.plugins.base.values import Secret
from tests.engine.aws.harness import REGION, World

SECRET = "aws:secretsmanager/secret:Secret"
VERSION = "aws:secretsmanager/secretVersion:SecretVersion"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/01234567-89ab-cdef-0123-456789abcdef"
FOR_NOBODY = document(
    Statement(
        sid="Nobody",
        effect="Deny",
        actions=["secretsmanager:GetSecretValue"],
        resources=["*"],
        principals={"AWS": "*"},
    )
)


def test_a_secret_changes_in_place_in_all_but_its_name(world: World) -> None:
    inputs: dict[str, Any] = {
        "description": "of the provider",
        "kmsKeyId": KEY_ARN,
        "tags": {"role": "model"},
    }
    made = world.roundtrip(SECRET, inputs, "model-key")
    assert made.id == made.outputs["arn"]
    assert str(made.id).startswith(
        f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{made.outputs['name']}-"
    )

    changed = {"description": "another", "kmsKeyId": "alias/roost", "policy": FOR_NOBODY, "tags": {"a": "b"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}

    world.client("secretsmanager").update_secret(SecretId=made.id, Description="theirs")
    seen = world.refresh(after)
    assert seen is not None
    assert set(world.diff(seen, changed).changed) == {"description"}
    world.gone(made)


def test_a_secret_that_waits_for_its_deletion_is_gone(world: World) -> None:
    waiting = world.create(SECRET, "waiting", {"recoveryWindowInDays": 7})
    world.gone(waiting)
    assert "DeletedDate" in world.client("secretsmanager").describe_secret(SecretId=waiting.id)

    at_once = world.create(SECRET, "at-once", {"recoveryWindowInDays": 0})
    world.gone(at_once)
    names = world.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert at_once.outputs["name"] not in {secret["Name"] for secret in names}


def test_a_value_stays_secret_and_another_one_is_another_version(world: World) -> None:
    secret = world.create(SECRET, "holder", {"recoveryWindowInDays": 0})
    inputs = {"secretId": secret.id, "secretString": Secret("first")}
    made = world.roundtrip(VERSION, inputs)
    assert made.id == f"{secret.id}|{made.outputs['versionId']}"
    assert made.outputs["secretString"] == Secret("first")
    assert made.outputs["versionStages"] == ["AWSCURRENT"]
    assert "first" not in repr(made.outputs)
    imported = world.import_(VERSION, made.id)
    assert imported is not None
    assert imported.outputs["secretString"] == Secret("first"), "an import shows it"
    assert world.diff(made, {**inputs, "secretString": Secret("second")}).replaces == {"secretString"}

    second = world.create(VERSION, "second", {"secretId": secret.id, "secretString": Secret("second")})
    world.gone(made)
    client = world.client("secretsmanager")
    assert client.get_secret_value(SecretId=secret.id)["SecretString"] == "second"
    staged = {
        "secretId": secret.id,
        "secretString": Secret("second"),
        "versionStages": ["AWSCURRENT", "REVIEWED"],
    }
    world.settled(world.update(second, staged), staged)
    world.delete(secret)
    assert world.refresh(second) is None
    world.delete(second)


def test_a_binary_value_is_refused(world: World) -> None:
    secret = world.create(SECRET, "binary", {"recoveryWindowInDays": 0})
    with pytest.raises(ResourceError, match="knows only secretString"):
        world.create(VERSION, "bytes", {"secretId": secret.id, "secretBinary": Secret("AA==")})
    world.gone(secret)


def test_copies_of_a_secret_follow_its_settings(world: World) -> None:
    copy = {"region": "eu-west-1", "kmsKeyId": KEY_ARN}
    inputs: dict[str, Any] = {"recoveryWindowInDays": 0, "replicas": [copy]}
    made = world.roundtrip(SECRET, inputs, "copied")
    elsewhere = world.client("secretsmanager", "eu-west-1")
    assert elsewhere.describe_secret(SecretId=made.outputs["name"])["PrimaryRegion"] == REGION

    moved = {**inputs, "replicas": [{"region": "eu-north-1"}]}
    after = world.update(made, moved)
    world.settled(after, moved)
    assert [one["region"] for one in after.outputs["replicas"]] == ["eu-north-1"]
    world.gone(after)
    with pytest.raises(elsewhere.exceptions.ResourceNotFoundException):
        elsewhere.describe_secret(SecretId=made.outputs["name"])
