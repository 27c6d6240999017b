"""ECR: repositories, their lifecycle policies, and the registry's replication."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "ecr"
_ENCRYPTION = {"encryptionType": "encryptionType", "kmsKey": "kmsKey"}
_FILTER = {"filter": "filter", "filterType": "filterType"}


class Repository(Resource):
    """The id is the name."""

    token: ClassVar[str] = "aws:ecr/repository:Repository"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "encryptionConfigurations"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=256, lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"imageTagMutability": "MUTABLE"}
    # An instruction to the provider, unknown to AWS.
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDelete"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        request: dict[str, Any] = {
            "repositoryName": inputs["name"],
            "tags": tag_list(inputs.get("tags")),
            **self._mutability(inputs),
        }
        if inputs.get("encryptionConfigurations"):
            # What the real provider assumes where the type is left out.
            encryption = {"encryptionType": "AES256", **inputs["encryptionConfigurations"][0]}
            request["encryptionConfiguration"] = put(encryption, _ENCRYPTION)
        if inputs.get("imageScanningConfiguration"):
            request["imageScanningConfiguration"] = self._scanning(inputs)
        made = aws.client(_SERVICE).create_repository(**request)
        return made["repository"]["repositoryName"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client(_SERVICE)
        with absent_is_fine("RepositoryNotFoundException"):
            found = client.describe_repositories(repositoryNames=[id])["repositories"][0]
            filters = found.get("imageTagMutabilityExclusionFilters") or []
            return {
                **pick(
                    found,
                    {
                        "repositoryArn": "arn",
                        "repositoryName": "name",
                        "repositoryUri": "repositoryUrl",
                        "registryId": "registryId",
                        "imageTagMutability": "imageTagMutability",
                    },
                ),
                "encryptionConfigurations": [pick(found["encryptionConfiguration"], _ENCRYPTION)],
                "imageScanningConfiguration": pick(
                    found["imageScanningConfiguration"], {"scanOnPush": "scanOnPush"}
                ),
                "imageTagMutabilityExclusionFilters": [pick(each, _FILTER) for each in filters],
                "tags": tag_map(client.list_tags_for_resource(resourceArn=found["repositoryArn"])["tags"]),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client(_SERVICE)
        if changed & {"imageTagMutability", "imageTagMutabilityExclusionFilters"}:
            client.put_image_tag_mutability(repositoryName=id, **self._mutability(new))
        if "imageScanningConfiguration" in changed:
            client.put_image_scanning_configuration(
                repositoryName=id, imageScanningConfiguration=self._scanning(new)
            )
        if "tags" in changed:
            wanted, gone = tag_changes(old, new)
            arn = f"arn:{aws.partition}:ecr:{aws.region}:{aws.account}:repository/{id}"
            if gone:
                client.untag_resource(resourceArn=arn, tagKeys=gone)
            if wanted:
                client.tag_resource(resourceArn=arn, tags=tag_list(wanted))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        client = aws.client(_SERVICE)
        try:
            with absent_is_fine("RepositoryNotFoundException"):
                client.delete_repository(repositoryName=id, force=bool(state.get("forceDelete")))
        except client.exceptions.RepositoryNotEmptyException as error:
            raise ResourceError(
                f"ECR Repository ({id}) not empty, consider using forceDelete: {error}"
            ) from error

    def _mutability(self, inputs: Properties) -> dict[str, Any]:
        filters = inputs.get("imageTagMutabilityExclusionFilters") or []
        wanted = inputs.get("imageTagMutability", self.defaults["imageTagMutability"])
        request: dict[str, Any] = {"imageTagMutability": wanted}
        if filters:
            request["imageTagMutabilityExclusionFilters"] = [put(each, _FILTER) for each in filters]
        return request

    def _scanning(self, inputs: Properties) -> dict[str, Any]:
        wanted: Properties = inputs.get("imageScanningConfiguration") or {}
        return {"scanOnPush": bool(wanted.get("scanOnPush"))}


class LifecyclePolicy(Resource):
    """The id is the repository's name, so that an old policy has to go before there is a new one."""

    token: ClassVar[str] = "aws:ecr/lifecyclePolicy:LifecyclePolicy"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"repository", "policy"})
    delete_before_replace: ClassVar[bool] = True
    json: ClassVar[frozenset[str]] = frozenset({"policy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        repository: str = inputs["repository"]
        aws.client(_SERVICE).put_lifecycle_policy(
            repositoryName=repository, lifecyclePolicyText=inputs["policy"]
        )
        return repository

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine("RepositoryNotFoundException", "LifecyclePolicyNotFoundException"):
            found = aws.client(_SERVICE).get_lifecycle_policy(repositoryName=id)
            return pick(
                found,
                {
                    "repositoryName": "repository",
                    "lifecyclePolicyText": "policy",
                    "registryId": "registryId",
                },
            )
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("RepositoryNotFoundException", "LifecyclePolicyNotFoundException"):
            aws.client(_SERVICE).delete_lifecycle_policy(repositoryName=id)


class ReplicationConfiguration(Resource):
    """One for the whole registry of a region, so that two stacks overwrite each other."""

    token: ClassVar[str] = "aws:ecr/replicationConfiguration:ReplicationConfiguration"  # noqa: S105 - not a password

    def create(self, aws: Aws, inputs: Properties) -> str:
        self._put(aws, inputs)
        return aws.account

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = aws.client(_SERVICE).describe_registry()
        rules = found.get("replicationConfiguration", {}).get("rules") or []
        if not rules:
            return None
        # AWS's names are Pulumi's here, rules and what is in them.
        return {"registryId": found["registryId"], "replicationConfiguration": {"rules": rules}}

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        self._put(aws, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        self._put(aws, {})

    def _put(self, aws: Aws, inputs: Properties) -> None:
        wanted: Properties = inputs.get("replicationConfiguration") or {}
        aws.client(_SERVICE).put_replication_configuration(
            replicationConfiguration={"rules": wanted.get("rules") or []}
        )


RESOURCES: tuple[Resource, ...] = (Repository(), LifecyclePolicy(), ReplicationConfiguration())
