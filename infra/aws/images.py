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
EVERY_STACK = "roost-"
"""Begins the repositories of every stack, as `infra.naming.stack_prefix` does."""


class Registry(pulumi.ComponentResource):
    """One repository for each image: a tag never changes its meaning, and every push is scanned.

    `moving_tags` are patterns of tags that may be pushed again after all. With `replicate` each repository
    has a twin in the DR region, under its own key there, and ECR copies every push.
    """

    def __init__(
        self,
        name: str,
        *,
        images: tuple[str, ...],
        moving_tags: tuple[str, ...],
        replicate: bool,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Registry", name, None, opts)
        self._name = name
        self._moving_tags = moving_tags
        self._place = place
        self._options = options
        self.repositories = {image: self._repository(image, image, keys.data) for image in images}
        self.urls = {image: repository.repository_url for image, repository in self.repositories.items()}
        if replicate and place.dr_region and keys.backup_replica is not None:
            twins = [
                self._repository(f"{image}-copy", image, keys.backup_replica, region=place.dr_region)
                for image in images
            ]
            self._replication(place.dr_region, twins)
        self.register_outputs({"urls": self.urls})

    def _repository(
        self, purpose: str, image: str, key: pulumi.Output[str], *, region: str | None = None
    ) -> ecr.Repository:
        moving = [
            ecr.RepositoryImageTagMutabilityExclusionFilterArgs(filter=pattern, filter_type="WILDCARD")
            for pattern in self._moving_tags
        ]
        repository = ecr.Repository(
            f"{self._name}-{purpose}",
            # People and pipelines push to it by name; a copy is found under the name that it was pushed to.
            name=f"{self._place.prefix}/{image}",
            region=region,
            image_tag_mutability="IMMUTABLE_WITH_EXCLUSION" if moving else "IMMUTABLE",
            image_tag_mutability_exclusion_filters=moving or None,
            image_scanning_configuration=ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            encryption_configurations=[
                ecr.RepositoryEncryptionConfigurationArgs(encryption_type="KMS", kms_key=key)
            ],
            force_delete=not self._options.protects_data,
            opts=self._options.data(self),
        )
        ecr.LifecyclePolicy(
            f"{self._name}-{purpose}",
            repository=repository.name,
            region=region,
            policy=lifecycle(),
            opts=self._options.child(self),
        )
        return repository

    def _replication(self, dr_region: str, twins: list[ecr.Repository]) -> None:
        # The account's one setting in this region. Its rule covers every stack's repositories and names none,
        # so each stack that has it writes the same, and none takes it away from the others by going.
        destination = ecr.ReplicationConfigurationReplicationConfigurationRuleDestinationArgs(
            region=dr_region, registry_id=self._place.account
        )
        repositories = ecr.ReplicationConfigurationReplicationConfigurationRuleRepositoryFilterArgs(
            filter=EVERY_STACK, filter_type="PREFIX_MATCH"
        )
        ecr.ReplicationConfiguration(
            f"{self._name}-replication",
            replication_configuration=ecr.ReplicationConfigurationReplicationConfigurationArgs(
                rules=[
                    ecr.ReplicationConfigurationReplicationConfigurationRuleArgs(
                        destinations=[destination], repository_filters=[repositories]
                    )
                ]
            ),
            # A push before its twin exists would make ECR create one with the account's defaults.
            opts=self._options.shared(self, depends_on=twins),
        )


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
