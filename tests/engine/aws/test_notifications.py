"""Whoever hears of something: subscriptions, rules of EventBridge, RDS's events, Slack."""

from __future__ import annotations

import json

import pytest

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import World

TOPIC = "aws:sns/topic:Topic"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"
RULE = "aws:cloudwatch/eventRule:EventRule"
TARGET = "aws:cloudwatch/eventTarget:EventTarget"
RDS_EVENTS = "aws:rds/eventSubscription:EventSubscription"
SLACK = "aws:chatbot/slackChannelConfiguration:SlackChannelConfiguration"
ROLE = "arn:aws:iam::111122223333:role/chat"
READ_ONLY = "arn:aws:iam::aws:policy/CloudWatchReadOnlyAccess"


@pytest.fixture
def topics(world: World) -> tuple[str, str]:
    return world.create(TOPIC, "loud").id, world.create(TOPIC, "quiet").id


def test_a_subscription_is_what_it_is_until_it_goes(world: World, topics: tuple[str, str]) -> None:
    inputs = {"topic": topics[0], "protocol": "https", "endpoint": "https://pages.example.com/in"}
    made = world.roundtrip(SUBSCRIPTION, {**inputs, "endpointAutoConfirms": True}, "pages")
    assert made.id.startswith(topics[0])
    assert world.diff(made, {**inputs, "endpoint": "https://other.example.com"}).replaces == {"endpoint"}
    assert world.diff(made, {**inputs, "topic": topics[1]}).replaces == {"topic"}
    world.gone(made)


def test_what_moto_would_forget_of_a_subscription_is_refused(world: World, topics: tuple[str, str]) -> None:
    inputs = {"topic": topics[0], "protocol": "email", "endpoint": "a@example.com", "filterPolicy": "{}"}
    with pytest.raises(ResourceError, match="knows no filterPolicy of a subscription"):
        world.create(SUBSCRIPTION, "odd", inputs)


def test_a_rule_and_where_it_sends(world: World, topics: tuple[str, str]) -> None:
    pattern = json.dumps({"source": ["aws.health"]})
    rule = world.roundtrip(RULE, {"eventPattern": pattern, "description": "health", "tags": {"a": "b"}}, "h")
    changed = {"eventPattern": json.dumps({"source": ["aws.guardduty"]}), "tags": {"a": "c"}}
    after = world.update(rule, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}

    wish = {
        "rule": after.id,
        "arn": topics[0],
        "targetId": "topic",
        "inputTransformer": {"inputPaths": {"what": "$.detail-type"}, "inputTemplate": '"<what>"'},
    }
    target = world.roundtrip(TARGET, wish, "t")
    assert target.id == f"{after.id}-topic"
    elsewhere = {**wish, "arn": topics[1], "inputTransformer": None}
    moved = world.update(target, elsewhere)
    world.settled(moved, elsewhere)
    assert world.diff(moved, {**elsewhere, "targetId": "other"}).replaces == {"targetId"}
    with pytest.raises(ResourceError, match="has targets"):
        world.delete(after)
    world.gone(moved)
    world.gone(after)


def test_a_topic_hears_of_databases(world: World, topics: tuple[str, str]) -> None:
    inputs = {
        "snsTopic": topics[0],
        "sourceType": "db-instance",
        "eventCategories": ["failure", "failover"],
        "tags": {"a": "b"},
    }
    made = world.roundtrip(RDS_EVENTS, inputs, "events")
    changed = {**inputs, "snsTopic": topics[1], "eventCategories": ["failure"], "tags": {"a": "c"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "name": "other"}).replaces == {"name"}
    world.gone(after)
    with pytest.raises(ResourceError, match="does not exist"):
        world.create(RDS_EVENTS, "deaf", {**inputs, "snsTopic": f"{topics[0]}-gone"})


def test_a_slack_channel_hears_topics(world: World, topics: tuple[str, str]) -> None:
    inputs = {
        "configurationName": "roost-critical",
        "slackTeamId": "T0123456789",
        "slackChannelId": "C0123456789",
        "iamRoleArn": ROLE,
        "guardrailPolicyArns": [READ_ONLY],
        "snsTopicArns": [topics[0]],
        "tags": {"a": "b"},
    }
    made = world.roundtrip(SLACK, inputs, "slack")
    assert made.id == made.outputs["chatConfigurationArn"]
    changed = {**inputs, "snsTopicArns": [topics[1]], "loggingLevel": "ERROR", "tags": {"a": "c"}}
    after = world.update(made, changed)
    world.settled(after, changed)
    assert world.diff(after, {**changed, "slackTeamId": "T9876543210"}).replaces == {"slackTeamId"}
    with pytest.raises(ResourceError, match="is taken"):
        world.create(SLACK, "twice", {**inputs, "configurationName": "roost-other"})
    world.gone(after)
