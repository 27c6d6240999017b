"""The estimate on what the real engine prints: previews of a stack that exists, and its exported state."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from local import costing
from local.emulator.child import Emulated
from tests.engine.aws.harness import REGION, SERVICES
from tests.engine.workspace import Project

PROVIDER = f"""
    import pulumi
    import pulumi_aws as aws

    def made(url):
        provider = aws.Provider(
            "aws",
            region={REGION!r},
            allowed_account_ids=["111122223333"],
            endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys({SERVICES!r}, url))],
            skip_credentials_validation=True,
            skip_metadata_api_check=True,
        )
        return pulumi.ResourceOptions(provider=provider)

"""
BEFORE = """
    opts = made({url!r})
    key = aws.kms.Key("data", enable_key_rotation=True, opts=opts)
    aws.secretsmanager.Secret("login", kms_key_id=key.arn, opts=opts)
    aws.sns.Topic("alarms", fifo_topic=True, name="alarms.fifo", opts=opts)
    aws.cloudwatch.LogGroup("server", retention_in_days=30, kms_key_id=key.arn, opts=opts)
"""
AFTER = """
    opts = made({url!r})
    key = aws.kms.Key("data", enable_key_rotation=True, opts=opts)
    aws.kms.Key("logs", enable_key_rotation=True, opts=opts)
    aws.sns.Topic("alarms", opts=opts)
    aws.cloudwatch.LogGroup("server", retention_in_days=365, kms_key_id=key.arn, opts=opts)
    aws.ec2.Eip("way-out", domain="vpc", opts=opts)
"""


def test_a_real_preview_says_what_changes_by_the_month(
    new_project: Callable[..., Project], emulated: Emulated
) -> None:
    project = new_project()
    project.program(PROVIDER + BEFORE.format(url=emulated.url))
    fresh = costing.compare(costing.read(project.run("preview", "--json", "--show-sames")))
    assert not fresh.before.lines, "nothing is there yet"
    project.up()
    there = costing.of_state(json.loads(project.exported()))
    assert there.complete
    assert there.month == pytest.approx(fresh.after.month), "the state costs what its preview said"

    project.program(PROVIDER + AFTER.format(url=emulated.url))
    found = costing.compare(costing.read(project.run("preview", "--json", "--show-sames")))
    assert found.before.month == pytest.approx(there.month)
    changes = {name: (operation, round(dollars, 2)) for name, operation, dollars in found.changes()}
    assert changes == {
        "way-out": ("create", 3.65),
        "logs": ("create", 1.0),
        "login": ("delete", -0.4),
        "server": ("update", 0.11),
    }, "a key that stays and a topic that is replaced cost what they did"
    assert found.operations[next(urn for urn in found.operations if urn.endswith("::alarms"))] == "replace"
    project.up()
    assert costing.of_state(json.loads(project.exported())).month == pytest.approx(found.after.month)
