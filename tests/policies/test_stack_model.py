"""How resources of a stack are found to belong together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.lib.resources import Resource, Stack
from policies.lib.values import Undetermined, Value
from policies.rules.aws_data.s3_public import FLAGS
from tests.support.policies import UNKNOWN, Judge, R, rule

BUCKET, BLOCK = "aws:s3/bucket:Bucket", "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ROOT = Resource("pulumi:pulumi:Stack", "urn:root", "root", Value(None))


def a(type_: str, name: str, props: dict[str, object], **depends: str) -> Resource:
    links = {key: frozenset({f"urn:{value}"}) for key, value in depends.items()}
    return Resource(type_, f"urn:{name}", name, Value(props), dependencies=links)


LOGS, DATA = a(BUCKET, "logs", {"bucket": "x"}), a(BUCKET, "data", {"bucket": "y"})


def test_a_companion_is_found_by_what_its_property_was_made_from() -> None:
    block = a(BLOCK, "block", {"bucket": UNKNOWN}, bucket="data")
    stack = Stack([LOGS, DATA, block], ROOT)
    assert stack.companions(DATA, BLOCK, "bucket") == [block]
    assert stack.companions(LOGS, BLOCK, "bucket") == []


def test_a_companion_is_found_by_its_value_where_nothing_else_is_known() -> None:
    block = a(BLOCK, "block", {"bucket": "y"})
    assert Stack([LOGS, DATA, block], ROOT).companions(DATA, BLOCK, "bucket") == [block]


def test_a_companion_of_nobody_knows_whom_leaves_it_open() -> None:
    stack = Stack([LOGS, DATA, a(BLOCK, "block", {"bucket": UNKNOWN})], ROOT)
    with pytest.raises(Undetermined, match=r"^bucket is not known"):
        stack.companions(DATA, BLOCK, "bucket")


def test_a_companion_that_is_found_is_not_doubted_for_another_that_is_open() -> None:
    mine = a(BLOCK, "mine", {"bucket": UNKNOWN}, bucket="data")
    stack = Stack([LOGS, DATA, mine, a(BLOCK, "other", {"bucket": UNKNOWN})], ROOT)
    assert stack.companions(DATA, BLOCK, "bucket") == [mine]


def test_a_target_is_found_both_ways_and_nothing_outside_the_stack() -> None:
    linked = a(BLOCK, "linked", {"bucket": UNKNOWN}, bucket="data")
    named = a(BLOCK, "named", {"bucket": "x"})
    foreign = a(BLOCK, "foreign", {"bucket": "z"})
    stack = Stack([LOGS, DATA, linked, named, foreign], ROOT)
    assert stack.target(linked, "bucket", BUCKET) is DATA
    assert stack.target(named, "bucket", BUCKET) is LOGS
    assert stack.target(foreign, "bucket", BUCKET) is None
    with pytest.raises(Undetermined):
        stack.target(a(BLOCK, "open", {"bucket": UNKNOWN}), "bucket", BUCKET)


def test_resources_come_in_the_same_order_whatever_order_they_were_given_in() -> None:
    assert Stack([LOGS, DATA], ROOT).of(BUCKET) == Stack([DATA, LOGS], ROOT).of(BUCKET)


def test_a_resource_whose_provider_is_not_configured_yet_is_judged_by_its_inputs() -> None:
    """The engine shows it without any property in the first preview of a stack that makes its own cluster."""
    open_ = R(BLOCK, {"bucket": "b", **dict.fromkeys(FLAGS, False)}, name="block")
    bucket = R(BUCKET, {"bucket": "b"}, name="bucket")
    remembering = Judge([rule("rds-private"), rule("s3-bpa")])
    remembering.resources([open_, bucket])
    unconfigured = [replace(open_, props={}), replace(bucket, props={})]
    found = remembering.together(unconfigured)
    assert [one.rule for one in found] == ["s3-bpa"] * len(FLAGS)
    (undecided,) = Judge([rule("s3-bpa")]).together(unconfigured)
    assert undecided.undetermined
