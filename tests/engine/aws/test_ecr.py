from __future__ import annotations

import json

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, World

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPLICATION = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/5bfe4883-58d2-4175-ab73-799575fc9a5a"


def repository(name: str, **more: object) -> dict[str, object]:
    """As the stacks ask for it."""
    return {
        "name": name,
        "forceDelete": False,
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        "encryptionConfigurations": [{"encryptionType": "KMS", "kmsKey": KEY}],
        **more,
    }


def keep_newest(count: int) -> str:
    newest = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    rule = {
        "rulePriority": 1,
        "description": f"all but the newest {count}",
        "selection": newest,
        "action": {"type": "expire"},
    }
    return json.dumps({"rules": [rule]})


def replication(*regions: str) -> dict[str, object]:
    rule = {
        "destinations": [{"region": region, "registryId": ACCOUNT} for region in regions],
        "repositoryFilters": [{"filter": "roost-prod/", "filterType": "PREFIX_MATCH"}],
    }
    return {"replicationConfiguration": {"rules": [rule]}}


def push(world: World, name: str) -> None:
    kind = "application/vnd.oci.image.manifest.v1+json"
    config = {"digest": "sha256:" + "0" * 64}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []})
    world.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageTag="v1")


def test_a_repository_has_the_outputs_of_the_real_provider(world: World) -> None:
    made = world.roundtrip(REPOSITORY, repository("roost-prod/server"))
    assert made.id == "roost-prod/server"
    assert made.outputs["repositoryUrl"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/roost-prod/server"
    assert made.outputs["arn"] == f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/roost-prod/server"
    assert made.outputs["registryId"] == ACCOUNT
    found = world.client("ecr").describe_repositories(repositoryNames=[made.id])["repositories"][0]
    assert found["imageTagMutability"] == "IMMUTABLE"
    assert found["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": KEY}
    world.gone(made)


def test_a_repository_changes_in_place_in_all_but_its_name_and_encryption(world: World) -> None:
    made = world.roundtrip(REPOSITORY, repository("roost-a/server", tags={"one": "1", "two": "2"}))
    after = repository(
        "roost-a/server",
        imageTagMutability="MUTABLE",
        imageScanningConfiguration={"scanOnPush": False},
        tags={"two": "3"},
    )
    changed = world.update(made, after)
    world.settled(changed, after)
    found = world.client("ecr").describe_repositories(repositoryNames=[made.id])["repositories"][0]
    assert found["imageTagMutability"] == "MUTABLE"
    assert found["imageScanningConfiguration"] == {"scanOnPush": False}
    assert world.diff(changed, {**after, "name": "roost-b/server"}).replaces == {"name"}
    plain = {**after, "encryptionConfigurations": [{"encryptionType": "AES256"}]}
    assert world.diff(changed, plain).replaces
    world.gone(changed)


def test_a_repository_with_images_is_deleted_only_if_that_is_forced(world: World) -> None:
    made = world.roundtrip(REPOSITORY, repository("roost-full/server"))
    push(world, made.id)
    with pytest.raises(ResourceError, match="not empty, consider using forceDelete"):
        world.delete(made)
    assert world.refresh(made) is not None
    world.gone(world.update(made, repository("roost-full/server", forceDelete=True)))


def test_tags_that_became_mutable_and_a_deleted_repository_are_seen(world: World) -> None:
    made = world.roundtrip(REPOSITORY, repository("roost-seen/server"))
    world.client("ecr").put_image_tag_mutability(repositoryName=made.id, imageTagMutability="MUTABLE")
    seen = world.refresh(made)
    assert seen is not None
    assert world.diff(seen, repository("roost-seen/server")).changed == {"imageTagMutability": "update"}
    world.client("ecr").delete_repository(repositoryName=made.id)
    assert world.refresh(made) is None


def test_a_lifecycle_policy_is_replaced_and_the_old_one_goes_first(world: World) -> None:
    owner = world.create(REPOSITORY, "owner", repository("roost-life/server"))
    made = world.roundtrip(LIFECYCLE, {"repository": owner.id, "policy": keep_newest(50)})
    assert made.id == owner.id
    spaced = json.dumps(json.loads(keep_newest(50)), indent=2)
    assert world.diff(made, {"repository": owner.id, "policy": spaced}).changed == {}
    other = world.diff(made, {"repository": owner.id, "policy": keep_newest(5)})
    assert other.replaces == {"policy"}
    assert other.delete_first, "both have the same name, so that the old one's end would be the new one's"
    world.gone(made)
    world.gone(owner)
    assert world.refresh(made) is None, "without its repository there is no policy"


def test_replication_is_the_registrys_and_changes_in_place(world: World) -> None:
    made = world.roundtrip(REPLICATION, replication("eu-west-1"))
    assert made.id == made.outputs["registryId"] == ACCOUNT
    changed = world.update(made, replication("eu-west-1", "eu-west-3"))
    world.settled(changed, replication("eu-west-1", "eu-west-3"))
    world.gone(changed)
    assert world.client("ecr").describe_registry()["replicationConfiguration"] == {"rules": []}
