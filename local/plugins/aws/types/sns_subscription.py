"""Who hears of a topic's messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import Aws, Properties, Resource, ResourceError, absent_is_fine

_ABSENT = "NotFound"
_NAMED = frozenset(
    {"topic", "protocol", "endpoint", "endpointAutoConfirms", "confirmationTimeoutInMinutes", "region"}
)


class TopicSubscription(Resource):
    """The id is the ARN. AWS waits for whoever is subscribed to confirm it; its emulation does not."""

    token: ClassVar[str] = "aws:sns/topicSubscription:TopicSubscription"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"topic", "protocol", "endpoint"})
    defaults: ClassVar[Mapping[str, Any]] = {
        "confirmationTimeoutInMinutes": 1,
        "endpointAutoConfirms": False,
        "rawMessageDelivery": False,
    }
    # Instructions to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        lost = sorted(n for n in inputs if n not in _NAMED and not n.startswith("__") and inputs[n])
        if lost:
            raise ResourceError(f"the fallback aws plugin knows no {', '.join(lost)} of a subscription")
        made = aws.client("sns").subscribe(
            TopicArn=inputs["topic"],
            Protocol=inputs["protocol"],
            Endpoint=inputs["endpoint"],
            ReturnSubscriptionArn=True,
        )
        return made["SubscriptionArn"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            found: dict[str, str] = aws.client("sns").get_subscription_attributes(SubscriptionArn=id)[
                "Attributes"
            ]
            return {
                "arn": id,
                "topic": found["TopicArn"],
                "protocol": found["Protocol"],
                "endpoint": found["Endpoint"],
                "ownerId": found["Owner"],
                "rawMessageDelivery": found.get("RawMessageDelivery") == "true",
            }
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client("sns").unsubscribe(SubscriptionArn=id)


RESOURCES: tuple[Resource, ...] = (TopicSubscription(),)
