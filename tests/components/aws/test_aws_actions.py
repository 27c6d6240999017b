"""Every action, condition key and managed policy that a document names exists: AWS ignores those that do not.

The lists are policy_sentry's (from AWS's service authorization reference) and moto's (AWS managed policies).
"""

from __future__ import annotations

import fnmatch
import json
from functools import cache
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data
from policy_sentry.querying.all import get_all_actions
from policy_sentry.querying.conditions import get_condition_keys_for_service

from tests.components.aws.test_aws_documents import documents
from tests.support.monitor import Recording

GLOBAL_KEYS = {
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:RequestTag/*",
    "aws:ResourceAccount",
    "aws:ResourceTag/*",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:TagKeys",
}
"""Those that the stack uses, out of the IAM user guide's list of global condition context keys."""


@cache
def known_actions() -> frozenset[str]:
    return frozenset(action.lower() for action in get_all_actions())


@cache
def known_keys(service: str) -> tuple[str, ...]:
    """Condition keys of a service, with variable parts as `*`."""
    keys: Any = get_condition_keys_for_service(service)
    return tuple(key.split("${")[0] + "*" if "${" in key else key for key in keys)


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def test_every_action_exists(stack: Recording) -> None:
    for where, document in documents(stack):
        for statement in document["Statement"]:
            for action in as_list(statement.get("Action", statement.get("NotAction"))):
                if action == "*":
                    continue
                matching = fnmatch.filter(known_actions(), action.lower())
                assert matching, f"{where}: {statement['Sid']} names {action}, which AWS does not know"


def test_every_condition_key_exists(stack: Recording) -> None:
    for where, document in documents(stack):
        for statement in document["Statement"]:
            for operator, conditions in statement.get("Condition", {}).items():
                for key in conditions:
                    service = key.partition(":")[0]
                    known = GLOBAL_KEYS if service == "aws" else known_keys(service)
                    assert any(fnmatch.fnmatchcase(key.lower(), k.lower()) for k in known), (
                        f"{where}: {operator} {key} is no condition key of {service}"
                    )


def test_every_managed_policy_exists(stack: Recording) -> None:
    names = {
        f"arn:aws:iam::aws:policy{entry['Path']}{name}"
        for name, entry in json.loads(aws_managed_policies_data).items()
    }
    attached = stack.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached
    for attachment in attached:
        assert attachment.inputs["policyArn"] in names, f"{attachment.name}: no such managed policy"
