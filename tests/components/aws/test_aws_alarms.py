"""Alarms as the stack registers them: each there, about the right thing, heard by the right people."""

from __future__ import annotations

from typing import Any

import pytest

from tests.components.aws.conftest import Variant
from tests.support.monitor import Recording

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
COMPOSITE = "aws:cloudwatch/compositeAlarm:CompositeAlarm"
ALL: dict[str, Any] = {
    "alarms": {
        "slackWorkspace": "T0123456789",
        "critical": {
            "emails": ["oncall@example.com"],
            "slackChannel": "C0123456789",
            "pagerDutyUrl": "https://events.example.com/integration/0/enqueue",
        },
        "warning": {"emails": ["team@example.com"], "slackChannel": "C9876543210"},
    },
    "database": {"readReplica": True},
    "cluster": {"observability": True},
    "recovery": {},
}


@pytest.fixture(scope="module")
def everything(variant: Variant) -> Recording:
    return variant("prod", {"aws": ALL})


def test_x(everything: Recording) -> None:
    for one in everything.of_type(ALARM):
        print(one.name, one.inputs)
