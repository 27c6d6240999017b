"""Names of keys."""

from __future__ import annotations

from typing import Any, ClassVar

from local.plugins.aws.resource import Autoname, Aws, Properties, Resource, absent_is_fine

_ABSENT = "NotFoundException"


class Alias(Resource):
    """Points at a key, which can change in place."""

    token: ClassVar[str] = "aws:kms/alias:Alias"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=256)
    renewed: ClassVar[frozenset[str]] = frozenset({"targetKeyArn"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        aws.client("kms").create_alias(AliasName=inputs["name"], TargetKeyId=inputs["targetKeyId"])
        return inputs["name"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        alias = _find(aws.client("kms"), id)
        if alias is None:
            return None
        key = alias["TargetKeyId"]
        key_arn = f"{alias['AliasArn'].partition(':alias/')[0]}:key/{key}"
        # The program may name the key by its ARN; KMS gives back the id.
        given = state.get("targetKeyId")
        return {
            "arn": alias["AliasArn"],
            "name": alias["AliasName"],
            "targetKeyArn": key_arn,
            "targetKeyId": given if given == key_arn else key,
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        aws.client("kms").update_alias(AliasName=id, TargetKeyId=new["targetKeyId"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client("kms").delete_alias(AliasName=id)


def _find(kms: Any, name: str) -> Any:
    for page in kms.get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name:
                return alias
    return None


RESOURCES: tuple[Resource, ...] = (Alias(),)
