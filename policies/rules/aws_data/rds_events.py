"""Databases that tell somebody what happens to them."""

from __future__ import annotations

from functools import partial

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds
from policies.lib.rds import INSTANCE
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

SUBSCRIPTION = "aws:rds/eventSubscription:EventSubscription"
_CATEGORIES = {
    "db-instance": frozenset({"maintenance", "configuration change", "failure"}),
    "db-parameter-group": frozenset({"configuration change"}),
    "db-security-group": frozenset({"configuration change", "failure"}),
}
"""By source the categories that FSBP RDS.20 to RDS.22 ask for."""


@stack_rule(
    "rds-events",
    types(INSTANCE, SUBSCRIPTION),
    title="Failures and changes of databases are sent to a topic",
    why="A failed disk, a failover or a parameter that somebody changed is otherwise noticed by its damage.",
    fix="Subscribe an SNS topic to the events of db-instance, db-parameter-group and db-security-group.",
    severity=Severity.LOW,
    refs="FSBP RDS.20, FSBP RDS.21, FSBP RDS.22, FSBP RDS.19",
    dev="disabled",
    prod="advisory",
)
def events(stack: Stack, check: Check) -> None:
    subscriptions = stack.of(SUBSCRIPTION)
    told = {source: _told(subscriptions, source) for source in _CATEGORIES}
    for db in stack.of(INSTANCE):
        with check.on(db):
            for source, answer in told.items():
                with check.part():
                    if isinstance(answer, Undetermined):
                        raise answer
                    if not answer:
                        check.violation(f"nobody is told about what happens to a {source}")


def _told(subscriptions: list[Resource], source: str) -> bool | Undetermined:
    """Whether one of the subscriptions tells what happens to such a source; asked once for all databases."""
    try:
        return any_holds(*(partial(_tells, one, source, _CATEGORIES[source]) for one in subscriptions))
    except Undetermined as reason:
        return reason


def _tells(subscription: Resource, source: str, categories: frozenset[str]) -> bool:
    """Whether it is about all sources of the kind, also those to come, and has the categories."""
    kind = subscription["sourceType"]
    wanted = subscription["eventCategories"]
    return all_hold(
        lambda: subscription["enabled"].truth(default=True),
        lambda: subscription["snsTopic"].present,
        lambda: not kind.present or kind.text() == source,
        lambda: not subscription["sourceIds"].items(),
        lambda: not wanted.items() or _has(wanted, categories),
    )


def _has(wanted: Value, categories: frozenset[str]) -> bool:
    named = wanted.items()
    known = {one.text().lower() for one in named if one.known}
    if known >= categories:
        return True
    return categories <= {one.lower() for one in wanted.texts()}
