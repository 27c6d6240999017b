"""Policies grant what they say and no more: every document of both stacks, and the pure parts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.aws.controller_rights import CLUSTER_RULES, LEADER_RULES, NAMESPACE_RULES
from infra.aws.network_acl import CACHE_PORT, POSTGRES_PORT, database_acl
from infra.aws.waf_rules import oversized
from infra.sizing.instance_types import ami_type, architecture
from tests.support.monitor import Recording

# Actions that AWS defines without a resource; and DescribeAlarms, which lists composite alarms only to whom
# it is allowed for everything (CloudWatch API reference).
WITHOUT_RESOURCE = re.compile(
    r"(ec2|elasticloadbalancing):Describe[A-Za-z]+"
    r"|cloudwatch:(DescribeAlarms|GetMetricData|GetMetricStatistics|ListMetrics|PutMetricData)"
)


def documents(recording: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every IAM, key, bucket and endpoint policy, by where it is used."""
    for resource in recording.custom():
        for key in ("policy", "assumeRolePolicy"):
            value = resource.inputs.get(key)
            if resource.type.startswith("aws:") and isinstance(value, str) and '"Statement"' in value:
                yield f"{resource.type} {resource.name} {key}", json.loads(value)


def allows(recording: Recording) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, document in documents(recording):
        for statement in document["Statement"]:
            if statement["Effect"] == "Allow":
                yield f"{where} {statement['Sid']}", statement


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


def test_there_are_documents_to_look_at(stack: Recording) -> None:
    assert len(list(documents(stack))) >= 18


def test_identities_get_named_actions_on_named_resources(stack: Recording) -> None:
    for where, statement in allows(stack):
        if not where.startswith("aws:iam/rolePolicy:"):
            continue
        for action in statement["Action"]:
            assert "*" not in action, f"{where} allows {action}"
        if "*" in statement["Resource"]:
            wide = [a for a in statement["Action"] if not WITHOUT_RESOURCE.fullmatch(a)]
            assert wide == [], f"{where} allows {wide} on everything"
            if "cloudwatch:PutMetricData" in statement["Action"]:
                assert statement["Condition"]["StringEquals"]["cloudwatch:namespace"], where


def test_decryption_is_always_of_one_key(stack: Recording) -> None:
    for where, statement in allows(stack):
        if where.startswith("aws:iam/") and any(a.startswith("kms:") for a in statement["Action"]):
            for resource in statement["Resource"]:
                assert re.fullmatch(r"arn:aws:kms:[a-z0-9-]+:111122223333:key/\w+", resource), where
            assert "kms:ViaService" in statement["Condition"]["StringEquals"], where


def test_whoever_is_anybody_is_narrowed_by_a_condition(stack: Recording) -> None:
    for where, statement in allows(stack):
        principal = statement.get("Principal")
        if principal in ("*", {"AWS": "*"}) and statement["Sid"] != "ImagesAndPackages":
            assert statement.get("Condition"), f"{where} is open to everybody"


def test_every_statement_says_why_it_is_there_and_ids_are_unique(stack: Recording) -> None:
    for where, document in documents(stack):
        sids = [s["Sid"] for s in document["Statement"]]
        assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids), where
        assert len(set(sids)) == len(sids), where


def test_services_act_for_this_account_only(stack: Recording) -> None:
    # None sends a source: the instance profile, the bucket's and the channel's configuration bind them.
    silent = {"ec2.amazonaws.com", "s3.amazonaws.com", "chatbot.amazonaws.com"}
    for where, document in documents(stack):
        if not where.endswith("assumeRolePolicy"):
            continue
        for statement in document["Statement"]:
            service = statement["Principal"]["Service"]
            if service not in silent:
                assert "111122223333" in json.dumps(statement["Condition"]), where


def test_no_role_carries_administrative_rights(stack: Recording) -> None:
    attached = [
        str(a.inputs["policyArn"]) for a in stack.of_type("aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    ]
    assert attached
    for arn in attached:
        assert not re.search(r"Administrator|PowerUser|FullAccess", arn), arn


def test_the_controller_may_write_only_what_attaching_a_pod_takes() -> None:
    writes = {
        (resource, verb)
        for rule in (*CLUSTER_RULES, *NAMESPACE_RULES)
        for resource in rule.resources
        for verb in rule.verbs
        if verb not in {"get", "list", "watch"}
    }
    assert {resource for resource, _ in writes} == {
        "events",
        "pods/status",
        "targetgroupbindings",
        "targetgroupbindings/status",
    }
    rules = (*CLUSTER_RULES, *NAMESPACE_RULES, *LEADER_RULES)
    assert not any("secrets" in r.resources or "*" in (*r.resources, *r.verbs, *r.groups) for r in rules)


@pytest.mark.parametrize(
    ("instance", "expected"),
    [
        ("t4g.medium", "arm64"),
        ("m7g.xlarge", "arm64"),
        ("c7gn.large", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("m7i.large", "x86_64"),
        ("g6.xlarge", "x86_64"),
        ("g6e.12xlarge", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("p5en.48xlarge", "x86_64"),
    ],
)
def test_the_name_of_an_instance_type_says_its_architecture(instance: str, expected: str) -> None:
    assert architecture(instance) == expected


def test_a_node_group_of_two_architectures_is_refused() -> None:
    with pytest.raises(ValueError, match="mix arm64 and x86_64"):
        ami_type(("m7g.large", "m7i.large"), gpu=False)


@given(length=st.integers(min_value=0, max_value=10**11), megabytes=st.sampled_from([1, 10, 100]))
def test_a_body_is_oversized_from_the_limit_on(length: int, megabytes: int) -> None:
    matched = re.fullmatch(oversized(megabytes), str(length)) is not None
    assert matched == (length >= megabytes * 10**6)


@given(clients=st.integers(1, 4), databases=st.integers(1, 4))
def test_network_acl_rules_are_numbered_and_within_awss_limit(clients: int, databases: int) -> None:
    rules = database_acl(
        tuple(f"10.0.{i}.0/24" for i in range(clients)),
        tuple(f"10.1.{i}.0/24" for i in range(databases)),
        ports=(POSTGRES_PORT, CACHE_PORT),
    )
    for direction in (rules.ingress, rules.egress):
        assert len({r.number for r in direction}) == len(direction) <= 20
    assert {r.first for r in rules.ingress if r.cidr.startswith("10.0.")} == {POSTGRES_PORT, CACHE_PORT}
