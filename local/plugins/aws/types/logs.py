"""CloudWatch Logs: log groups, and who may write to them."""

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
    put,
    tag_changes,
)

_SERVICE = "logs"


class LogGroup(Resource):
    """The id is the name."""

    token: ClassVar[str] = "aws:cloudwatch/logGroup:LogGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "logGroupClass"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=512)
    defaults: ClassVar[Mapping[str, Any]] = {"retentionInDays": 0, "skipDestroy": False}
    # skipDestroy is an instruction to the provider; moto keeps no class.
    unreadable: ClassVar[frozenset[str]] = frozenset({"logGroupClass", "skipDestroy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str = inputs["name"]
        request = {
            "logGroupName": name,
            **put(inputs, {"kmsKeyId": "kmsKeyId", "logGroupClass": "logGroupClass"}),
        }
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        aws.client(_SERVICE).create_log_group(**request)
        with finishing(name):
            if inputs.get("retentionInDays"):
                self._retain(aws, name, inputs)
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client(_SERVICE)
        pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=id)
        for group in (group for page in pages for group in page["logGroups"]):
            if group["logGroupName"] != id:
                continue
            arn = group["arn"].removesuffix(":*")
            return {
                "name": id,
                "arn": arn,
                "kmsKeyId": group.get("kmsKeyId"),
                "retentionInDays": group.get("retentionInDays", 0),
                "tags": dict(client.list_tags_for_resource(resourceArn=arn)["tags"]),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client(_SERVICE)
        if "retentionInDays" in changed:
            self._retain(aws, id, new)
        if "kmsKeyId" in changed and new.get("kmsKeyId"):
            client.associate_kms_key(logGroupName=id, kmsKeyId=new["kmsKeyId"])
        elif "kmsKeyId" in changed:
            client.disassociate_kms_key(logGroupName=id)
        if "tags" in changed:
            wanted, gone = tag_changes(old, new)
            arn = f"arn:{aws.partition}:logs:{aws.region}:{aws.account}:log-group:{id}"
            if gone:
                client.untag_resource(resourceArn=arn, tagKeys=gone)
            if wanted:
                client.tag_resource(resourceArn=arn, tags=wanted)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        if state.get("skipDestroy"):
            return
        with absent_is_fine("ResourceNotFoundException"):
            aws.client(_SERVICE).delete_log_group(logGroupName=id)

    def _retain(self, aws: Aws, name: str, inputs: Properties) -> None:
        client = aws.client(_SERVICE)
        if inputs.get("retentionInDays"):
            client.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
        else:
            client.delete_retention_policy(logGroupName=name)


class LogResourcePolicy(Resource):
    """Policies of the account, known by their name; moto has none of a single log group."""

    token: ClassVar[str] = "aws:cloudwatch/logResourcePolicy:LogResourcePolicy"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"policyName", "resourceArn"})
    json: ClassVar[frozenset[str]] = frozenset({"policyDocument"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str | None = inputs.get("policyName")
        if name is None or inputs.get("resourceArn"):
            raise ResourceError("only policies with a policyName are served, none of a single resourceArn")
        self._put(aws, name, inputs)
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        pages = aws.client(_SERVICE).get_paginator("describe_resource_policies").paginate()
        for policy in (policy for page in pages for policy in page["resourcePolicies"]):
            if policy["policyName"] == id:
                return {
                    "policyName": id,
                    "policyDocument": policy["policyDocument"],
                    "policyScope": policy.get("policyScope", "ACCOUNT"),
                }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        self._put(aws, id, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("ResourceNotFoundException"):
            aws.client(_SERVICE).delete_resource_policy(policyName=id)

    def _put(self, aws: Aws, name: str, inputs: Properties) -> None:
        aws.client(_SERVICE).put_resource_policy(policyName=name, policyDocument=inputs["policyDocument"])


RESOURCES: tuple[Resource, ...] = (LogGroup(), LogResourcePolicy())
