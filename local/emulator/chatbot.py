"""Amazon Q Developer in chat applications (its API is still called chatbot), which moto lacks altogether.

A channel is configured once for an account, as AWS has it; nothing is sent anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from local.emulator.child import ACCOUNT

CONFIGURATIONS: dict[str, dict[str, Any]] = {}
"""Slack channels by ARN; the service is global."""

Answer = tuple[HTTPStatus, dict[str, Any]]


def answer(path: str, body: bytes) -> Answer | None:
    """What the service says to a request for `path`; None for what nobody here knows."""
    wish: dict[str, Any] = json.loads(body or b"{}")
    operation = _OPERATIONS.get(path.strip("/"))
    return operation(wish) if operation else None


def _create(wish: dict[str, Any]) -> Answer:
    team, channel, name = wish["SlackTeamId"], wish["SlackChannelId"], wish["ConfigurationName"]
    for one in CONFIGURATIONS.values():
        if (one["SlackTeamId"], one["SlackChannelId"]) == (team, channel) or one["ConfigurationName"] == name:
            return _refused(HTTPStatus.CONFLICT, "ConflictException", f"{channel} or {name} is taken")
    arn = f"arn:aws:chatbot::{ACCOUNT}:chat-configuration/slack-channel/{name}"
    CONFIGURATIONS[arn] = {**wish, "ChatConfigurationArn": arn, "SlackTeamName": "", "State": "ENABLED"}
    return HTTPStatus.CREATED, {"ChannelConfiguration": CONFIGURATIONS[arn]}


def _describe(wish: dict[str, Any]) -> Answer:
    arn = wish.get("ChatConfigurationArn")
    if arn and arn not in CONFIGURATIONS:
        return _missing(arn)
    seen = [CONFIGURATIONS[arn]] if arn else list(CONFIGURATIONS.values())
    return HTTPStatus.OK, {"SlackChannelConfigurations": seen}


def _update(wish: dict[str, Any]) -> Answer:
    arn = wish["ChatConfigurationArn"]
    if arn not in CONFIGURATIONS:
        return _missing(arn)
    CONFIGURATIONS[arn].update(wish)
    return HTTPStatus.OK, {"ChannelConfiguration": CONFIGURATIONS[arn]}


def _delete(wish: dict[str, Any]) -> Answer:
    arn = wish["ChatConfigurationArn"]
    if CONFIGURATIONS.pop(arn, None) is None:
        return _missing(arn)
    return HTTPStatus.NO_CONTENT, {}


def _tag(wish: dict[str, Any]) -> Answer:
    arn = wish["ResourceARN"]
    if arn not in CONFIGURATIONS:
        return _missing(arn)
    given = {tag["TagKey"]: tag["TagValue"] for tag in wish["Tags"]}
    _keep_tags(arn, {**_tags(arn), **given})
    return HTTPStatus.OK, {}


def _untag(wish: dict[str, Any]) -> Answer:
    arn = wish["ResourceARN"]
    if arn not in CONFIGURATIONS:
        return _missing(arn)
    _keep_tags(arn, {key: value for key, value in _tags(arn).items() if key not in wish["TagKeys"]})
    return HTTPStatus.OK, {}


def _tags(arn: str) -> dict[str, str]:
    return {tag["TagKey"]: tag["TagValue"] for tag in CONFIGURATIONS[arn].get("Tags", ())}


def _keep_tags(arn: str, tags: dict[str, str]) -> None:
    CONFIGURATIONS[arn]["Tags"] = [{"TagKey": key, "TagValue": value} for key, value in tags.items()]


def _missing(arn: str) -> Answer:
    return _refused(HTTPStatus.NOT_FOUND, "ResourceNotFoundException", f"There is no {arn}")


def _refused(status: HTTPStatus, code: str, message: str) -> Answer:
    return status, {"__type": code, "message": message}


_OPERATIONS: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "create-slack-channel-configuration": _create,
    "describe-slack-channel-configurations": _describe,
    "update-slack-channel-configuration": _update,
    "delete-slack-channel-configuration": _delete,
    "tag-resource": _tag,
    "untag-resource": _untag,
}
