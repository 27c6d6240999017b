"""The table of actions that need no `*`, against AWS's own list of what each action can name."""

from __future__ import annotations

import re
from typing import Any

import pytest
from policy_sentry.querying.actions import get_action_data

from policies.lib.iam_actions import RESTRICTABLE
from policies.lib.iam_conditions import matches

_SECRETS = {"secretsmanager:GetSecretValue", "ssm:GetParameter", "ssm:GetParameters"}


@pytest.mark.parametrize(
    ("form", "name"), [(form, name) for form, names in RESTRICTABLE.items() for name in names]
)
def test_an_action_writes_or_reads_secrets_and_can_name_its_resource(
    form: tuple[str, str], name: str
) -> None:
    service, _, action = name.partition(":")
    known: Any = get_action_data(service, action)
    assert known, "AWS has no such action"
    rows = known[service]
    assert rows[0]["access_level"] in ("Write", "Permissions management") or name in _SECRETS
    owner, resource = form
    forms = {re.sub(r"\$\{[^}]*\}", "*", row["resource_arn_format"]) for row in rows}
    assert any(f":{owner}:" in form and matches(f"arn:*:{owner}:*:*:{resource}", form) for form in forms)
