"""Repositories of the project's own images."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pulumi
from pulumi_aws import ecr

from infra.aws.keys import Keys
from infra.aws.place import Place
from infra.options import Options

KEPT_IMAGES = 50
UNTAGGED_DAYS = 14


class Registry(pulumi.ComponentResource):
    """One repository for each image: a tag never changes its meaning, and every push is scanned."""

    def __init__(
        self,
        name: str,
        *,
        images: tuple[str, ...],
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Registry", name, None, opts)
        self.urls: dict[str, pulumi.Output[str]] = {}
        for image in images:
            repository = ecr.Repository(
                f"{name}-{image}",
                # People and pipelines push to it by name.
                name=f"{place.prefix}/{image}",
                image_tag_mutability="IMMUTABLE",
                image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
                encryption_configurations=[
                    ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=keys.data)
                ],
                force_delete=not options.protects_data,
                opts=options.data(self),
            )
            ecr.LifecyclePolicy(
                f"{name}-{image}",
                repository=repository.name,
                policy=lifecycle(),
                opts=options.child(self),
            )
            self.urls[image] = repository.repository_url
        self.register_outputs({"urls": self.urls})


def lifecycle() -> str:
    """What a push leaves behind goes after two weeks; of the rest the newest are kept."""

    def rule(priority: int, description: str, selection: Mapping[str, object]) -> dict[str, object]:
        return {
            "rulePriority": priority,
            "description": description,
            "selection": selection,
            "action": {"type": "expire"},
        }

    untagged = {
        "tagStatus": "untagged",
        "countType": "sinceImagePushed",
        "countUnit": "days",
        "countNumber": UNTAGGED_DAYS,
    }
    many = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": KEPT_IMAGES}
    return json.dumps(
        {"rules": [rule(1, "untagged images", untagged), rule(2, f"all but the newest {KEPT_IMAGES}", many)]}
    )
