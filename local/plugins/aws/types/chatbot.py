"""Amazon Q Developer in chat applications: topics that a Slack channel hears."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    pick,
    put,
    tag_changes,
    tag_list,
)

_ABSENT = "ResourceNotFoundException"
_ARN = "ChatConfigurationArn"
_CHANGEABLE = {
    "slackChannelId": "SlackChannelId",
    "snsTopicArns": "SnsTopicArns",
    "iamRoleArn": "IamRoleArn",
    "loggingLevel": "LoggingLevel",
    "guardrailPolicyArns": "GuardrailPolicyArns",
    "userAuthorizationRequired": "UserAuthorizationRequired",
}
_INPUTS = {**_CHANGEABLE, "slackTeamId": "SlackTeamId", "configurationName": "ConfigurationName"}
_SEEN = {**_INPUTS, "slackTeamName": "SlackTeamName", "slackChannelName": "SlackChannelName"}


class SlackChannelConfiguration(Resource):
    """The id is the ARN. Nobody sees here whether Slack's workspace has let AWS in."""

    token: ClassVar[str] = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"  # noqa: S105
    replaces: ClassVar[frozenset[str]] = frozenset({"configurationName", "slackTeamId"})
    defaults: ClassVar[Mapping[str, Any]] = {"loggingLevel": "NONE", "userAuthorizationRequired": False}
    unordered: ClassVar[frozenset[str]] = frozenset({"snsTopicArns", "guardrailPolicyArns"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"timeouts"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        made = aws.client("chatbot").create_slack_channel_configuration(
            **put(inputs, _INPUTS), Tags=tag_list(inputs.get("tags"), "TagKey", "TagValue")
        )
        return made["ChannelConfiguration"][_ARN]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            (seen,) = aws.client("chatbot").describe_slack_channel_configurations(ChatConfigurationArn=id)[
                "SlackChannelConfigurations"
            ]
            return {
                **pick(seen, {theirs: ours for ours, theirs in _SEEN.items()}),
                "chatConfigurationArn": id,
                "tags": {tag["TagKey"]: tag["TagValue"] for tag in seen.get("Tags", ())},
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        chatbot = aws.client("chatbot")
        if changed - {"tags"}:
            chatbot.update_slack_channel_configuration(ChatConfigurationArn=id, **put(new, _CHANGEABLE))
        added, removed = tag_changes(old, new)
        if removed:
            chatbot.untag_resource(ResourceARN=id, TagKeys=removed)
        if added:
            chatbot.tag_resource(ResourceARN=id, Tags=tag_list(added, "TagKey", "TagValue"))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_ABSENT):
            aws.client("chatbot").delete_slack_channel_configuration(ChatConfigurationArn=id)


RESOURCES: tuple[Resource, ...] = (SlackChannelConfiguration(),)
