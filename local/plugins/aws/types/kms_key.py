"""Customer-managed keys and their replicas in other regions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
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

_ABSENT = "NotFoundException"
_GONE = frozenset({"PendingDeletion", "PendingReplicaDeletion"})
"""KMS deletes no key at once; one that waits for it cannot be used, and counts as deleted."""
_POLICY = "default"
"""The only name that a key policy can have."""
_CREATED = {"Creating", "Updating"}


class Key(Resource):
    """Deleting it schedules the deletion, as the real provider does."""

    token: ClassVar[str] = "aws:kms/key:Key"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {"customKeyStoreId", "customerMasterKeySpec", "keyUsage", "multiRegion", "xksKeyId"}
    )
    defaults: ClassVar[Mapping[str, Any]] = {
        "bypassPolicyLockoutSafetyCheck": False,
        "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
        "enableKeyRotation": False,
        "isEnabled": True,
        "keyUsage": "ENCRYPT_DECRYPT",
    }
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    # AWS gives back the rotation period, moto does not.
    unreadable: ClassVar[frozenset[str]] = frozenset(
        {"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays", "rotationPeriodInDays"}
    )

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("customKeyStoreId") or inputs.get("xksKeyId"):
            raise ResourceError(
                "the fallback aws plugin knows no custom key stores: "
                "leave out customKeyStoreId and xksKeyId, or use the official plugin"
            )
        kms = aws.client("kms")
        key: str = kms.create_key(
            Tags=_tag_list(inputs.get("tags")),
            **put(
                inputs,
                {
                    "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
                    "description": "Description",
                    "customerMasterKeySpec": "KeySpec",
                    "keyUsage": "KeyUsage",
                    "multiRegion": "MultiRegion",
                    "policy": "Policy",
                },
            ),
        )["KeyMetadata"]["KeyId"]
        with finishing(key):
            if inputs["enableKeyRotation"]:
                _rotate(kms, key, inputs)
            if not inputs["isEnabled"]:
                kms.disable_key(KeyId=key)
        return key

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        kms = aws.client("kms")
        key = _describe(kms, id)
        if key is None:
            return None
        return {
            **_common(kms, key),
            "customerMasterKeySpec": key["KeySpec"],
            "enableKeyRotation": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
            "isEnabled": key["Enabled"],
            "multiRegion": key.get("MultiRegion", False),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        kms = aws.client("kms")
        # A disabled key takes no other change.
        if "isEnabled" in changed and new["isEnabled"]:
            kms.enable_key(KeyId=id)
        if changed & {"enableKeyRotation", "rotationPeriodInDays"}:
            _rotate(kms, id, new)
        _update_common(kms, id, old, new, changed)
        if "isEnabled" in changed and not new["isEnabled"]:
            kms.disable_key(KeyId=id)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        _schedule_deletion(aws.client("kms"), id, state)


class ReplicaKey(Resource):
    """A multi-region key's copy; its id is the primary's, its ARN names the region of the resource."""

    token: ClassVar[str] = "aws:kms/replicaKey:ReplicaKey"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"primaryKeyArn"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "bypassPolicyLockoutSafetyCheck": False,
        "deletionWindowInDays": 30,
        "enabled": True,
    }
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    unreadable: ClassVar[frozenset[str]] = frozenset(
        {"bypassPolicyLockoutSafetyCheck", "deletionWindowInDays"}
    )
    # What the replica has of its own: moto takes description, policy and tags from the primary.
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Called in the primary's region, which its ARN names."""
        primary: str = inputs["primaryKeyArn"]
        _, _, _, region, _, name = primary.split(":", 5)
        key = name.removeprefix("key/")
        aws.client("kms", region).replicate_key(
            KeyId=key,
            ReplicaRegion=aws.region,
            Tags=_tag_list(inputs.get("tags")),
            **put(
                inputs,
                {
                    "bypassPolicyLockoutSafetyCheck": "BypassPolicyLockoutSafetyCheck",
                    "description": "Description",
                    "policy": "Policy",
                },
            ),
        )
        kms = aws.client("kms")
        with finishing(key):
            aws.wait(f"the replica of {primary}", lambda: _replicated(kms, key))
            if not inputs["enabled"]:
                kms.disable_key(KeyId=key)
        return key

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        kms = aws.client("kms")
        key = _describe(kms, id)
        if key is None:
            return None
        return {
            **_common(kms, key),
            "enabled": key["Enabled"],
            "keyRotationEnabled": kms.get_key_rotation_status(KeyId=id)["KeyRotationEnabled"],
            "keySpec": key["KeySpec"],
            "primaryKeyArn": key["MultiRegionConfiguration"]["PrimaryKey"]["Arn"],
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        kms = aws.client("kms")
        if "enabled" in changed and new["enabled"]:
            kms.enable_key(KeyId=id)
        _update_common(kms, id, old, new, changed)
        if "enabled" in changed and not new["enabled"]:
            kms.disable_key(KeyId=id)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        _schedule_deletion(aws.client("kms"), id, state)


def _describe(kms: Any, key: str) -> Any:
    with absent_is_fine(_ABSENT):
        found = kms.describe_key(KeyId=key)["KeyMetadata"]
        return None if found["KeyState"] in _GONE else found
    return None


def _replicated(kms: Any, key: str) -> bool:
    found = _describe(kms, key)
    return found is not None and found["KeyState"] not in _CREATED


def _common(kms: Any, key: Any) -> Properties:
    found = pick(key, {"Arn": "arn", "KeyId": "keyId", "KeyUsage": "keyUsage"})
    # A removed one reads as an empty one.
    found["description"] = key.get("Description") or None
    found["policy"] = kms.get_key_policy(KeyId=key["KeyId"], PolicyName=_POLICY)["Policy"]
    pages = kms.get_paginator("list_resource_tags").paginate(KeyId=key["KeyId"])
    found["tags"] = tag_map([tag for page in pages for tag in page["Tags"]], "TagKey", "TagValue")
    return found


def _update_common(kms: Any, key: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:
    if "description" in changed:
        kms.update_key_description(KeyId=key, Description=new.get("description") or "")
    if "policy" in changed and new.get("policy"):
        kms.put_key_policy(
            KeyId=key,
            PolicyName=_POLICY,
            Policy=new["policy"],
            BypassPolicyLockoutSafetyCheck=new["bypassPolicyLockoutSafetyCheck"],
        )
    if "tags" in changed:
        added, removed = tag_changes(old, new)
        if removed:
            kms.untag_resource(KeyId=key, TagKeys=removed)
        if added:
            kms.tag_resource(KeyId=key, Tags=_tag_list(added))


def _rotate(kms: Any, key: str, inputs: Properties) -> None:
    if inputs["enableKeyRotation"]:
        kms.enable_key_rotation(KeyId=key, **put(inputs, {"rotationPeriodInDays": "RotationPeriodInDays"}))
    else:
        kms.disable_key_rotation(KeyId=key)


def _schedule_deletion(kms: Any, key: str, state: Properties) -> None:
    if _describe(kms, key) is None:
        return
    with absent_is_fine(_ABSENT):
        kms.schedule_key_deletion(KeyId=key, **put(state, {"deletionWindowInDays": "PendingWindowInDays"}))


def _tag_list(tags: dict[str, str] | None) -> list[dict[str, str]]:
    return tag_list(tags, "TagKey", "TagValue")


RESOURCES: tuple[Resource, ...] = (Key(), ReplicaKey())
