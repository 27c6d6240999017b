"""Managed policies of the account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_ABSENT = "NoSuchEntity"
_OUTPUTS = {
    "Arn": "arn",
    "Description": "description",
    "Path": "path",
    "PolicyId": "policyId",
    "PolicyName": "name",
}
_VERSIONS_LIMIT = 5
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: managed policy versions."""


class Policy(Resource):
    """`attachmentCount` is left out: the attachments change it."""

    token: ClassVar[str] = "aws:iam/policy:Policy"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "path", "description"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=128)
    defaults: ClassVar[Mapping[str, Any]] = {"path": "/"}
    json: ClassVar[frozenset[str]] = frozenset({"policy"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"delayAfterPolicyCreationInMs"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = aws.client("iam").create_policy(
            PolicyName=inputs["name"],
            PolicyDocument=inputs["policy"],
            Tags=tag_list(inputs.get("tags")),
            **put(inputs, {"path": "Path", "description": "Description"}),
        )
        return made["Policy"]["Arn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        iam = aws.client("iam")
        with absent_is_fine(_ABSENT):
            policy = iam.get_policy(PolicyArn=id)["Policy"]
            version = iam.get_policy_version(PolicyArn=id, VersionId=policy["DefaultVersionId"])
            found = pick(policy, _OUTPUTS)
            found["policy"] = json.dumps(version["PolicyVersion"]["Document"])
            found["tags"] = tag_map(policy.get("Tags"))
            return found
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        iam = aws.client("iam")
        if "policy" in changed:
            earlier = _earlier_versions(iam, id)
            if len(earlier) >= _VERSIONS_LIMIT - 1:
                iam.delete_policy_version(PolicyArn=id, VersionId=earlier[0])
            iam.create_policy_version(PolicyArn=id, PolicyDocument=new["policy"], SetAsDefault=True)
        if "tags" in changed:
            added, removed = tag_changes(old, new)
            if removed:
                iam.untag_policy(PolicyArn=id, TagKeys=removed)
            if added:
                iam.tag_policy(PolicyArn=id, Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        iam = aws.client("iam")
        with absent_is_fine(_ABSENT):
            for version in _earlier_versions(iam, id):
                iam.delete_policy_version(PolicyArn=id, VersionId=version)
            iam.delete_policy(PolicyArn=id)


def _earlier_versions(iam: Any, arn: str) -> list[str]:
    """All but the one in force, the oldest first."""
    pages = iam.get_paginator("list_policy_versions").paginate(PolicyArn=arn)
    versions = [version for page in pages for version in page["Versions"] if not version["IsDefaultVersion"]]
    return [version["VersionId"] for version in sorted(versions, key=lambda version: version["CreateDate"])]


RESOURCES: tuple[Resource, ...] = (Policy(),)
