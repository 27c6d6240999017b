"""Alarms that nobody would hear, or that AWS would refuse, are refused before anything is made."""

from __future__ import annotations

from typing import Any

import pytest

from infra.settings import SettingsError, build
from infra.settings.aws import AwsSettings
from infra.settings.aws_alarms import AlarmSettings
from tests.unit.stacks import nested, overrides_of, problems_of, settings_of

WHO = {"critical": {"emails": ["oncall@example.com"]}}


@pytest.mark.parametrize(
    ("alarms", "says"),
    [
        ({}, "`roost:aws.alarms.critical` is missing"),
        ({"critical": {}}, "nobody hears of critical alarms: give alarms.critical at least one of emails"),
        ({**WHO, "warning": {"emails": []}}, "nobody hears of warning alarms"),
        ({"critical": {"emails": ["oncall"]}}, "not 'oncall'"),
        ({"critical": {"emails": ["a@example.com", "a@example.com"]}}, "names an address twice"),
        ({"critical": {"slackChannel": "#alarms"}}, "has the wrong form"),
        ({"critical": {"slackChannel": "C0123456789"}}, "no slackWorkspace to find it in"),
        ({**WHO, "slackWorkspace": "T0123456789"}, "no slackChannel is"),
        ({**WHO, "slackWorkspace": "example.slack.com"}, "has the wrong form"),
        ({"critical": {"pagerDutyUrl": "http://events.example.com/x"}}, "must be an https:// URL"),
        ({**WHO, "runbooks": "https://git.example.com/runbooks"}, "has the wrong form"),
        ({**WHO, "thresholds": {"databaseStoragePercent": 3}}, "at least 5"),
        ({**WHO, "thresholds": {"replicaLagSeconds": 300}}, "at least 301"),
        ({**WHO, "thresholds": {"certificateDays": 45}}, "at most 44"),
        ({**WHO, "thresholds": {"databaseTransactionIds": 2_000_000_000}}, "at most 1800000000"),
    ],
)
def test_what_is_refused(alarms: dict[str, Any], says: str) -> None:
    overrides = overrides_of("dev")
    overrides["aws"] = {**overrides["aws"], "alarms": alarms}  # laid over, the example's would fill the gaps
    with pytest.raises(SettingsError) as refusal:
        build("dev", overrides)
    assert any(says in problem for problem in refusal.value.problems), refusal.value.problems


def test_a_secret_that_is_wrong_is_not_repeated() -> None:
    wrong = {"critical": {"pagerDutyUrl": "http://events.example.com/0123456789"}}
    assert "0123456789" not in "".join(problems_of("dev", nested("aws.alarms", wrong)))


def test_without_nat_the_heartbeat_needs_a_way_out() -> None:
    endpoints = [
        "ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "elasticloadbalancing", "kms", "logs",
        "secretsmanager", "sts",
    ]  # fmt: skip
    network = {"nat": "none", "interfaceEndpoints": endpoints}
    image = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/controller:v3"
    inside = {"network": network, "edge": {"controllerImage": image}, "alarms": WHO}
    found = problems_of("dev", {"aws": inside})
    assert any("the heartbeat of alarms reaches nobody: add monitoring, rds" in one for one in found), found
    inside["network"] = {**network, "interfaceEndpoints": [*endpoints, "monitoring", "rds"]}
    assert not [one for one in problems_of("dev", {"aws": inside}) if "heartbeat" in one]


def test_warnings_are_heard_by_those_of_critical_alarms_unless_somebody_else_is_named() -> None:
    alone = AlarmSettings.model_validate(WHO)
    assert alone.heard_by["warning"] == alone.critical
    two = AlarmSettings.model_validate({**WHO, "warning": {"emails": ["team@example.com"]}})
    assert two.heard_by["warning"].emails == ("team@example.com",)


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_the_examples_tell_somebody(stack: str) -> None:
    aws = settings_of(stack).aws
    assert isinstance(aws, AwsSettings)
    assert aws.alarms is not None
    assert all(one.anybody for one in aws.alarms.heard_by.values())
