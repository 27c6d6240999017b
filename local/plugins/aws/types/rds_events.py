"""RDS: topics that hear what happens to databases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    found,
    put,
    tag_list,
)
from local.plugins.aws.types.rds_shared import arn, client, retag, tags_of

_ABSENT = "SubscriptionNotFound"
_INPUTS = {
    "name": "SubscriptionName",
    "snsTopic": "SnsTopicArn",
    "sourceType": "SourceType",
    "eventCategories": "EventCategories",
    "enabled": "Enabled",
}


class EventSubscription(Resource):
    """The id is the name."""

    token: ClassVar[str] = "aws:rds/eventSubscription:EventSubscription"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname()
    defaults: ClassVar[Mapping[str, Any]] = {"enabled": True}
    unordered: ClassVar[frozenset[str]] = frozenset({"eventCategories", "sourceIds"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        client(aws).create_event_subscription(
            **put(inputs, {**_INPUTS, "sourceIds": "SourceIds"}), Tags=tag_list(inputs.get("tags"))
        )
        return inputs["name"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        seen = found(_ABSENT, lambda: client(aws).describe_event_subscriptions(SubscriptionName=id))
        if seen is None:
            return None
        own = arn(aws, "es", id)
        return {
            "arn": own,
            "name": id,
            "snsTopic": seen["SnsTopicArn"],
            "sourceType": seen.get("SourceType"),
            "eventCategories": seen.get("EventCategoriesList") or None,
            "sourceIds": seen.get("SourceIdsList") or None,
            "enabled": seen["Enabled"],
            "customerAwsId": aws.account,
            "tags": tags_of(aws, own),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed & {"snsTopic", "sourceType", "eventCategories", "enabled"}:
            client(aws).modify_event_subscription(**put(new, _INPUTS))
        before, after = (set[str](side.get("sourceIds") or ()) for side in (old, new))
        for source in sorted(after - before):
            client(aws).add_source_identifier_to_subscription(SubscriptionName=id, SourceIdentifier=source)
        for source in sorted(before - after):
            client(aws).remove_source_identifier_from_subscription(
                SubscriptionName=id, SourceIdentifier=source
            )
        if "tags" in changed:
            retag(aws, arn(aws, "es", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            client(aws).delete_event_subscription(SubscriptionName=id)


RESOURCES: tuple[Resource, ...] = (EventSubscription(),)
