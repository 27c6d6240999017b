"""Subscriptions to what happens to databases: moto changes none, and takes a topic that is not there."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse
from moto.sns.models import sns_backends

from local.emulator.rds.instances import refused


class Subscriptions(RDSResponse):
    """The operations on event subscriptions."""

    def create_event_subscription(self) -> ActionResult:
        """To a topic that exists."""
        self._topic()
        return super().create_event_subscription()

    def modify_event_subscription(self) -> ActionResult:
        """What is not given stays."""
        self._topic()
        seen: Any = self._found()
        for given, kept in (
            ("SnsTopicArn", "sns_topic_arn"),
            ("SourceType", "source_type"),
            ("EventCategories", "event_categories"),
            ("Enabled", "enabled"),
        ):
            if self.params.get(given) is not None:
                setattr(seen, kept, self.params[given])
        return ActionResult({"EventSubscription": seen})

    def add_source_identifier_to_subscription(self) -> ActionResult:
        """One more."""
        seen: Any = self._found()
        seen.source_ids = [*seen.source_ids, self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": seen})

    def remove_source_identifier_from_subscription(self) -> ActionResult:
        """One fewer."""
        seen: Any = self._found()
        seen.source_ids = [one for one in seen.source_ids if one != self.params["SourceIdentifier"]]
        return ActionResult({"EventSubscription": seen})

    def _topic(self) -> None:
        arn = self.params.get("SnsTopicArn")
        if arn is not None and arn not in sns_backends[self.current_account][self.region].topics:
            raise refused("SNSTopicArnNotFound", f"The SNS topic ARN {arn} does not exist.")

    def _found(self) -> Any:
        name = self.params["SubscriptionName"]
        return next(iter(self.backend.describe_event_subscriptions(name)))
