"""Databases that tell somebody what happens to them."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import DB
from tests.support.policies import UNKNOWN, R, add, both, drop, put, without

SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription"
_TOPIC = "arn:aws:sns:eu-central-1:111122223333:alarms"


def subscription(source: str, *categories: str, **more: Any) -> R:
    props = {"snsTopic": _TOPIC, "sourceType": source, "eventCategories": list(categories), **more}
    return R(SUBSCRIPTION, props, name=source)


EXAMPLES = (
    Example(
        "rds-events",
        good=(
            R(DB, {"identifier": "main-1"}),
            subscription("db-instance", "configuration change", "failure", "maintenance"),
            subscription("db-parameter-group", "configuration change", enabled=True),
            subscription("db-security-group", "configuration change", "failure"),
        ),
        bad={
            "nobody is told of instances": without("db-instance"),
            "nobody is told of parameters": without("db-parameter-group"),
            "nobody is told of security groups": without("db-security-group"),
            "there is one more database": Bad(
                both(without("db-instance"), add(R(DB, {"identifier": "main-2"}, name="second"))), 2
            ),
            "nobody is told of anything": Bad(
                both(without("db-instance"), without("db-parameter-group"), without("db-security-group")), 3
            ),
            "failures are left out": put("db-instance", "eventCategories", ["maintenance"]),
            "the subscription is off": put("db-parameter-group", "enabled", False),
            "it has no topic": drop("db-parameter-group", "snsTopic"),
            "it is about one instance only": put("db-instance", "sourceIds", ["other-1"]),
            "it is about another source": put("db-instance", "sourceType", "db-snapshot"),
        },
        fine={
            "all categories are meant": drop("db-instance", "eventCategories"),
            "a list that is empty means all of them": put("db-instance", "eventCategories", []),
            "one subscription is about everything": both(
                without("db-parameter-group"),
                without("db-security-group"),
                drop("db-instance", "sourceType"),
                drop("db-instance", "eventCategories"),
            ),
            "the topic is not known yet": put("db-instance", "snsTopic", UNKNOWN),
            "there is no database": without("it"),
            "there is another subscription": add(
                R(SUBSCRIPTION, {"sourceType": "db-proxy", "enabled": False}, name="another")
            ),
        },
        companions_hide=True,
        vocabulary="db-instance db-parameter-group db-security-group",
    ),
)
