"""ECR: a pushed image is copied to the regions that the replication rules name; moto only keeps the rules.

Done when the push is answered. A repository that is not there is made with ECR's defaults, as AWS does.
"""

from __future__ import annotations

from typing import Any

from moto.ecr.models import ECRBackend, Image, ecr_backends

_ALL = [{"filter": ""}]


def install() -> None:
    """Once for the process."""
    push = ECRBackend.put_image

    def put_image(self: ECRBackend, repository_name: str, *args: Any, **kwargs: Any) -> Image:
        image = push(self, repository_name, *args, **kwargs)
        for region in _destinations(self, repository_name):
            _copy(image, repository_name, ecr_backends[self.account_id][region])
        return image

    ECRBackend.put_image = put_image


def _destinations(registry: ECRBackend, repository: str) -> list[str]:
    return [
        destination["region"]
        for rule in registry.replication_config["rules"]
        if any(repository.startswith(one["filter"]) for one in rule.get("repositoryFilters", _ALL))
        for destination in rule["destinations"]
        if destination["registryId"] == registry.account_id
    ]


def _copy(image: Image, repository: str, registry: Any) -> None:
    if repository not in registry.repositories:
        registry.create_repository(repository, image.registry_id, None, None, None, None)
    there: list[Any] = registry.repositories[repository].images
    digest = image.get_image_digest()
    if all(one.get_image_digest() != digest for one in there):
        manifest, kind = image.image_manifest, image.image_manifest_media_type
        there.append(Image(image.registry_id, image.image_tag, manifest, repository, kind, digest))
