"""Somebody is told when something breaks, and the message stays among those whom it is for."""

from __future__ import annotations

import re

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.iam import statements
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.values import Value
from policies.rules.ops_dr_cost.watched import (
    ALARM,
    BALANCER,
    CLUSTER,
    DATABASE,
    VAULT,
    WATCHES,
    Alarms,
)

TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
_TOPIC_ARN = re.compile(r"^arn:[\w-]+:sns:")
_KEY_OF_AWS = "alias/aws/sns"


@stack_rule(
    "mon-alarms",
    types(ALARM, DATABASE, BALANCER, CLUSTER, VAULT, TOPIC, TOPIC_POLICY),
    title="Alarms on databases, load balancers, clusters and backups tell somebody",
    why="A full disk, failing servers or a backup that stopped weeks ago are found by users, or too late.",
    fix="Add a MetricAlarm with an SNS topic among alarmActions; give the topic a KMS key of your own and a "
    "policy that names who may publish.",
    severity=Severity.MEDIUM,
    refs="FSBP SNS.1, CKV AWS_319, CKV AWS_26, CKV AWS_169",
    dev="disabled",
    prod="mandatory",
    departs="Only what the stack has needs an alarm. Pods that find no node are an alarm on nodes, too. "
    "GPUs count among nodes: what they do, the cluster's own "
    "monitoring sees first. The key that AWS manages for SNS is none: alarms may not use it.",
)
def alarms(stack: Stack, check: Check) -> None:
    topics = {topic.urn for topic in stack.of(TOPIC)}
    watched = stack.of(*{watch.type for watch in WATCHES})
    known = Alarms(stack.of(ALARM), watched, lambda alarm: _tells_somebody(alarm, topics))
    for watch in WATCHES:
        for resource in stack.of(watch.type):
            with check.on(resource):
                if watch.where(resource) and not known.watch(watch, resource):
                    check.violation(f"no alarm on its {watch.what} tells anybody")
    for topic in stack.of(TOPIC):
        with check.on(topic):
            _keeps_to_itself(stack, topic, check)


def _tells_somebody(alarm: Resource, topics: set[str]) -> bool:
    actions = alarm["alarmActions"]
    return all_hold(
        lambda: alarm["actionsEnabled"].truth(default=True),
        lambda: (
            not topics.isdisjoint(alarm.dependencies.get("alarmActions", ()))
            or any_holds(*(lambda one=one: bool(_TOPIC_ARN.match(one.text())) for one in actions.items()))
        ),
    )


def _keeps_to_itself(stack: Stack, topic: Resource, check: Check) -> None:
    key = topic["kmsMasterKeyId"]
    if not key.present:
        check.violation("its messages are not encrypted", key)
    elif key.known and key.text() == _KEY_OF_AWS:
        check.violation("alarms may not use its key", key)
    with check.part():
        _names_its_users(topic["policy"], check)
    for policy in stack.companions(topic, TOPIC_POLICY, "arn"):
        with check.on(policy):
            _names_its_users(policy["policy"], check)


def _names_its_users(document: Value, check: Check) -> None:
    for statement in statements(document):
        with check.part():
            if all_hold(
                lambda statement=statement: statement.allows,
                lambda statement=statement: statement.for_anyone,
                lambda statement=statement: not statement.narrowed_by(),
            ):
                check.violation("anybody may use the topic", document)
