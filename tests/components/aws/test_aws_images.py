"""The server's image: built for dev, pinned for prod, and never another one under the same name."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.aws.server_image import CONTEXT, DOCKERFILE
from tests.components.aws.conftest import Variant
from tests.support.monitor import UNKNOWN, Recording
from tests.support.workloads import workload

REPO = Path(__file__).resolve().parents[3]
REPOSITORY = "aws:ecr/repository:Repository"
REPLICATION = "aws:ecr/replicationConfiguration:ReplicationConfiguration"
IMAGE, INDEX = "docker-build:index:Image", "docker-build:index:Index"
PUSHED = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-dev/server"


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_repositories_are_scanned_encrypted_and_forget_old_images(
    stack: str, request: pytest.FixtureRequest
) -> None:
    recording: Recording = request.getfixturevalue(stack)
    for repository in recording.of_type(REPOSITORY):
        assert repository.inputs["imageScanningConfiguration"] == {"scanOnPush": True}
        encryption = repository.inputs["encryptionConfigurations"][0]
        assert encryption["encryptionType"] == "KMS"
        assert encryption["kmsKey"].startswith("arn:aws:kms:")
        lifecycle = recording.one("aws:ecr/lifecyclePolicy:LifecyclePolicy", repository.name)
        assert lifecycle.inputs["repository"] == repository.inputs["name"]
        assert lifecycle.inputs.get("region") == repository.inputs.get("region")


def test_no_tag_of_prod_ever_changes_its_meaning(prod: Recording) -> None:
    for repository in prod.of_type(REPOSITORY):
        assert repository.inputs["imageTagMutability"] == "IMMUTABLE"
        assert repository.inputs["forceDelete"] is False
        assert repository.protect


def test_prod_runs_the_digest_in_its_settings_and_builds_nothing(prod: Recording) -> None:
    assert "@sha256:" in workload(prod, "server").container["image"]
    assert prod.of_type(IMAGE) == []
    assert prod.invokes == []


# Built by the stack


def test_dev_builds_one_cached_image_for_each_platform_and_pushes_it(dev: Recording) -> None:
    images = {i.name: i.inputs for i in dev.of_type(IMAGE)}
    assert {name: i["platforms"] for name, i in images.items()} == {
        "server-image-amd64": ["linux/amd64"],
        "server-image-arm64": ["linux/arm64"],
    }
    for name, image in images.items():
        kind = name.rpartition("-")[2]
        assert image["push"] is True
        assert image["tags"] == [f"{PUSHED}:build-{kind}"]
        assert image["cacheFrom"] == [{"registry": {"ref": f"{PUSHED}:cache-{kind}"}}]
        cache = image["cacheTo"][0]["registry"]
        assert cache["ref"] == f"{PUSHED}:cache-{kind}"
        assert cache["mode"] == "max"
        assert cache["imageManifest"] is True, "ECR refuses a cache in any other form"


def test_pods_run_the_digest_of_the_index_over_them(dev: Recording) -> None:
    index = dev.one(INDEX)
    assert len(index.inputs["sources"]) == 2
    assert all("@sha256:" in source for source in index.inputs["sources"])
    for name in ("server", "migrate", "bootstrap"):
        image = workload(dev, name).container["image"]
        assert image.startswith(f"{PUSHED}:build@sha256:"), name
        assert dev.waits_for(workload(dev, name).owner, index)


def test_a_preview_builds_nothing_and_the_image_is_not_known(dev_preview: Recording) -> None:
    for image in dev_preview.of_type(IMAGE):
        assert image.inputs["buildOnPreview"] is False
    assert workload(dev_preview, "server").container["image"] == UNKNOWN


def test_the_login_is_a_secret(dev: Recording) -> None:
    for image in dev.of_type(IMAGE):
        login = image.inputs["registries"][0]
        assert login["password"] == "ecr-token-of-twelve-hours"
        assert any("registries" in path for path in image.secrets), image.name
    assert dev.one(INDEX).inputs["registry"]["password"] == "ecr-token-of-twelve-hours"
    assert any("registry" in path for path in dev.one(INDEX).secrets)


def test_a_push_that_was_interrupted_can_be_repeated_and_no_other_tag_moves(dev: Recording) -> None:
    repository = dev.one(REPOSITORY).inputs
    assert repository["imageTagMutability"] == "IMMUTABLE_WITH_EXCLUSION"
    moving = repository["imageTagMutabilityExclusionFilters"]
    assert [f["filter"] for f in moving] == ["build*", "cache*"]
    assert {f["filterType"] for f in moving} == {"WILDCARD"}


def test_destroying_dev_needs_no_docker(dev: Recording) -> None:
    for image in (*dev.of_type(IMAGE), *dev.of_type(INDEX)):
        assert image.retain_on_delete, "the repository takes its images along"
    assert dev.one(REPOSITORY).inputs["forceDelete"] is True


def test_platforms_are_a_setting(variant: Variant) -> None:
    recording = variant("dev", {"aws": {"images": {"platforms": ["linux/arm64"]}}})
    assert [i.name for i in recording.of_type(IMAGE)] == ["server-image-arm64"]


def test_an_image_of_ones_own_is_not_built(variant: Variant) -> None:
    own = f"{PUSHED}:1.0.0"
    recording = variant("dev", {"server": {"image": own}})
    assert recording.of_type(IMAGE) == []
    assert workload(recording, "server").container["image"] == own
    assert recording.one(REPOSITORY).inputs["imageTagMutability"] == "IMMUTABLE"


def test_the_build_finds_its_dockerfile_and_sees_only_what_it_copies() -> None:
    assert CONTEXT == ".", "another text on another machine would be a change"
    dockerfile = (REPO / DOCKERFILE).read_text()
    copied = {line.split()[1].split("/")[0] for line in dockerfile.splitlines() if line.startswith("COPY ")}
    ignore = (REPO / ".dockerignore").read_text().splitlines()
    assert "*" in ignore
    assert {line[1:] for line in ignore if line.startswith("!")} == copied - {"--from=build"}


# Copies in the DR region


def test_prod_copies_every_push_into_a_repository_of_its_own_there(prod: Recording) -> None:
    twin = prod.one(REPOSITORY, "images-server-copy")
    source = prod.one(REPOSITORY, "images-server")
    assert twin.inputs["region"] == "eu-west-1"
    assert twin.inputs["name"] == source.inputs["name"], "ECR copies under the same name"
    assert ":eu-west-1:" in twin.inputs["encryptionConfigurations"][0]["kmsKey"]
    replication = prod.one(REPLICATION)
    assert prod.waits_for(replication, twin), "ECR would make one with the account's defaults"
    (rule,) = replication.inputs["replicationConfiguration"]["rules"]
    assert rule["destinations"] == [{"region": "eu-west-1", "registryId": "111122223333"}]
    assert source.inputs["name"].startswith(rule["repositoryFilters"][0]["filter"])


def test_the_accounts_one_setting_is_the_same_in_every_stack_and_outlives_each(variant: Variant) -> None:
    stacks = [variant("prod", {}, named=name) for name in ("blue", "green")]
    blue, green = (stack.one(REPLICATION) for stack in stacks)
    assert blue.inputs == green.inputs, "each up would undo the other's"
    for replication, stack in zip((blue, green), stacks, strict=True):
        assert replication.retain_on_delete
        covered = replication.inputs["replicationConfiguration"]["rules"][0]["repositoryFilters"][0]["filter"]
        assert stack.one(REPOSITORY, "images-server").inputs["name"].startswith(covered)


def test_nothing_is_replicated_unasked(dev: Recording) -> None:
    assert dev.of_type(REPLICATION) == []
    assert [r.name for r in dev.of_type(REPOSITORY)] == ["images-server"]
