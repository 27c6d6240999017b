"""Topics."""

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
    tag_changes,
    tag_list,
    tag_map,
)

_ABSENT = "NotFound"
_TEXTS = {
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "policy": "Policy",
}
_SWITCHES = {"contentBasedDeduplication": "ContentBasedDeduplication", "fifoTopic": "FifoTopic"}
_NAMED = frozenset({*_TEXTS, *_SWITCHES, "name", "namePrefix", "region", "tags"})


class Topic(Resource):
    """Its id is its ARN."""

    token: ClassVar[str] = "aws:sns/topic:Topic"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix", "fifoTopic"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=256)
    defaults: ClassVar[Mapping[str, Any]] = {"contentBasedDeduplication": False, "fifoTopic": False}
    json: ClassVar[frozenset[str]] = frozenset({"policy", "deliveryPolicy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        _moto_forgets(inputs)
        attributes = {theirs: inputs[ours] for ours, theirs in _TEXTS.items() if inputs.get(ours)}
        attributes |= {theirs: "true" for ours, theirs in _SWITCHES.items() if inputs.get(ours)}
        made = aws.client("sns").create_topic(
            Name=inputs["name"], Attributes=attributes, Tags=tag_list(inputs.get("tags"))
        )
        return made["TopicArn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        sns = aws.client("sns")
        with absent_is_fine(_ABSENT):
            found: dict[str, str] = sns.get_topic_attributes(TopicArn=id)["Attributes"]
            return {
                "arn": id,
                "name": id.rpartition(":")[2],
                "owner": found["Owner"],
                "tags": tag_map(sns.list_tags_for_resource(ResourceArn=id)["Tags"]),
                **{ours: found.get(theirs) or None for ours, theirs in _TEXTS.items()},
                **{ours: found.get(theirs) == "true" for ours, theirs in _SWITCHES.items()},
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        _moto_forgets(new)
        sns = aws.client("sns")
        for ours, theirs in _TEXTS.items():
            if ours in changed:
                sns.set_topic_attributes(
                    TopicArn=id, AttributeName=theirs, AttributeValue=new.get(ours) or ""
                )
        if "contentBasedDeduplication" in changed:
            value = "true" if new["contentBasedDeduplication"] else "false"
            sns.set_topic_attributes(
                TopicArn=id, AttributeName="ContentBasedDeduplication", AttributeValue=value
            )
        if "tags" in changed:
            added, removed = tag_changes(old, new)
            if removed:
                sns.untag_resource(ResourceArn=id, TagKeys=removed)
            if added:
                sns.tag_resource(ResourceArn=id, Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client("sns").delete_topic(TopicArn=id)


def _moto_forgets(inputs: Properties) -> None:
    """Refuse what would vanish without a word."""
    lost = sorted(
        name for name in inputs if name not in _NAMED and not name.startswith("__") and inputs[name]
    )
    if lost:
        raise ResourceError(
            f"the fallback aws plugin knows no {', '.join(lost)} of a topic, which moto forgets"
        )


RESOURCES: tuple[Resource, ...] = (Topic(),)
