"""Secrets, and the values that they have had."""

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
    finishing,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_ABSENT = "ResourceNotFoundException"
_DELETED = "InvalidRequestException"
"""What Secrets Manager says about the value of a secret that waits for its deletion."""
_CURRENT = "AWSCURRENT"
_WORDS = {"description": "Description", "kmsKeyId": "KmsKeyId"}
_REPLICA = {"region": "Region", "kmsKeyId": "KmsKeyId"}


class Secret(Resource):
    """Its id is its ARN, which ends in six random letters. One that waits for its deletion counts as gone."""

    token: ClassVar[str] = "aws:secretsmanager/secret:Secret"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=512)
    defaults: ClassVar[Mapping[str, Any]] = {"forceOverwriteReplicaSecret": False, "recoveryWindowInDays": 30}
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    unordered: ClassVar[frozenset[str]] = frozenset({"replicas"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceOverwriteReplicaSecret", "recoveryWindowInDays"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("type"):
            raise ResourceError("the fallback aws plugin knows no type of a secret")
        client = aws.client("secretsmanager")
        copies = [put(one, _REPLICA) for one in inputs.get("replicas") or ()]
        arn: str = client.create_secret(
            Name=inputs["name"],
            Tags=tag_list(inputs.get("tags")),
            **put(inputs, _WORDS),
            **({"AddReplicaRegions": copies} if copies else {}),
        )["ARN"]
        if inputs.get("policy"):
            with finishing(arn):
                client.put_resource_policy(SecretId=arn, ResourcePolicy=inputs["policy"])
        return arn

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client("secretsmanager")
        with absent_is_fine(_ABSENT):
            secret = client.describe_secret(SecretId=id)
            if "DeletedDate" in secret:
                return None
            return {
                **pick(secret, {"ARN": "arn", "Name": "name"}),
                "description": secret.get("Description") or None,
                "kmsKeyId": secret.get("KmsKeyId"),
                "policy": client.get_resource_policy(SecretId=id).get("ResourcePolicy"),
                "replicas": [
                    pick(one, {theirs: ours for ours, theirs in _REPLICA.items()} | {"Status": "status"})
                    for one in secret.get("ReplicationStatus") or ()
                ],
                "tags": tag_map(secret.get("Tags")),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client("secretsmanager")
        if changed & _WORDS.keys():
            words = {theirs: new.get(ours) or "" for ours, theirs in _WORDS.items() if ours in changed}
            client.update_secret(SecretId=id, **words)
        if "policy" in changed:
            if new.get("policy"):
                client.put_resource_policy(SecretId=id, ResourcePolicy=new["policy"])
            else:
                client.delete_resource_policy(SecretId=id)
        if "replicas" in changed:
            before, after = (
                {one["region"]: one for one in side.get("replicas") or ()} for side in (old, new)
            )
            left = [region for region, one in before.items() if after.get(region) != one]
            joined = [put(one, _REPLICA) for region, one in after.items() if before.get(region) != one]
            if left:
                client.remove_regions_from_replication(SecretId=id, RemoveReplicaRegions=left)
            if joined:
                client.replicate_secret_to_regions(SecretId=id, AddReplicaRegions=joined)
        if "tags" in changed:
            added, removed = tag_changes(old, new)
            if removed:
                client.untag_resource(SecretId=id, TagKeys=removed)
            if added:
                client.tag_resource(SecretId=id, Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        days = state.get("recoveryWindowInDays", self.defaults["recoveryWindowInDays"])
        client = aws.client("secretsmanager")
        with absent_is_fine(_ABSENT, _DELETED):
            if copies := [one["region"] for one in state.get("replicas") or ()]:
                client.remove_regions_from_replication(SecretId=id, RemoveReplicaRegions=copies)
            client.delete_secret(
                SecretId=id,
                **({"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}),
            )


class SecretVersion(Resource):
    """Its id is `secret's id|version`. Another value is another version."""

    token: ClassVar[str] = "aws:secretsmanager/secretVersion:SecretVersion"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"secretId", "secretString", "secretBinary"})
    unordered: ClassVar[frozenset[str]] = frozenset({"versionStages"})
    secret: ClassVar[frozenset[str]] = frozenset({"secretString", "secretBinary"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        if not inputs.get("secretString"):
            raise ResourceError("the fallback aws plugin knows only secretString as a secret's value")
        made = aws.client("secretsmanager").put_secret_value(
            SecretId=inputs["secretId"],
            SecretString=inputs["secretString"],
            **put(inputs, {"versionStages": "VersionStages"}),
        )
        return f"{inputs['secretId']}|{made['VersionId']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        secret, _, version = id.partition("|")
        client = aws.client("secretsmanager")
        with absent_is_fine(_ABSENT, _DELETED):
            found = client.get_secret_value(SecretId=secret, VersionId=version)
            if not found.get("VersionStages"):
                return None
            return {
                "arn": found["ARN"],
                "hasSecretStringWo": False,
                "secretArn": found["ARN"],
                "secretId": secret,
                "secretString": found["SecretString"],
                "versionId": version,
                "versionStages": found["VersionStages"],
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        secret, _, version = id.partition("|")
        client = aws.client("secretsmanager")
        stages = client.describe_secret(SecretId=secret)["VersionIdsToStages"]
        wanted = set(new.get("versionStages") or [_CURRENT])
        for stage in sorted(wanted - set(stages.get(version, ()))):
            holder = [{"RemoveFromVersionId": other} for other, held in stages.items() if stage in held]
            client.update_secret_version_stage(
                SecretId=secret, VersionStage=stage, MoveToVersionId=version, **(holder[0] if holder else {})
            )
        _unstage(client, secret, version, set(stages.get(version, ())) - wanted)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """A version goes when no stage names it; the current one stays until its secret goes."""
        secret, _, version = id.partition("|")
        client = aws.client("secretsmanager")
        with absent_is_fine(_ABSENT, _DELETED):
            stages = client.describe_secret(SecretId=secret).get("VersionIdsToStages", {})
            _unstage(client, secret, version, set(stages.get(version, ())))


def _unstage(client: Any, secret: str, version: str, stages: set[str]) -> None:
    for stage in sorted(stages - {_CURRENT}):
        client.update_secret_version_stage(SecretId=secret, VersionStage=stage, RemoveFromVersionId=version)


RESOURCES: tuple[Resource, ...] = (Secret(), SecretVersion())
