"""Reading properties as the SDK hands them out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from google.protobuf import json_format, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import Secret
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from policies.lib.types import canonical, is_list, is_patch, types
from policies.lib.values import State, Undetermined, Value
from tests.support.policies import UNKNOWN


def proxied(props: dict[str, Any]) -> Value:
    """As a rule gets them: over the wire, with floats for integers and proxies for containers."""
    message = struct_pb2.Struct()
    message.update(props)
    return Value(unknown_checking_proxy(deserialize_properties(json_format.MessageToDict(message))))


def test_a_value_says_what_there_is_to_read() -> None:
    props = proxied({"a": 1, "b": None, "c": UNKNOWN, "d": "[secret]", "e": ""})
    assert [props[key].state for key in "abcdef"] == [
        State.KNOWN,
        State.ABSENT,
        State.UNKNOWN,
        State.SECRET,
        State.KNOWN,
        State.ABSENT,
    ]
    assert [props[key].present for key in "abcdef"] == [True, False, True, True, False, False]


def test_what_is_inside_an_unknown_is_unknown() -> None:
    inside = proxied({"a": UNKNOWN}).at("a.b")["c"][0]
    assert inside.state is State.UNKNOWN
    assert inside.path == "a.b.c[0]"


@pytest.mark.parametrize("read", [Value.text, Value.items, Value.entries, Value.document])
def test_an_unknown_is_undetermined_and_says_where(read: Callable[[Value], object]) -> None:
    with pytest.raises(Undetermined, match=r"^a\.b is not known before the update$"):
        read(proxied({"a": {"b": UNKNOWN}}).at("a.b"))


def test_a_secret_is_not_shown_by_anything_that_prints_a_value() -> None:
    value = Value({"password": Secret("hunter2")})
    assert value["password"].text() == "hunter2"
    assert "hunter2" not in f"{value!r} {value['password']!r}"
    with pytest.raises(Undetermined) as raised:
        value["password"].number(default=0)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("given_", "is_true"),
    [(True, True), ("true", True), ("1", True), (1, True), (False, False), ("False", False), (0, False)],
)
def test_booleans_come_in_several_spellings(given_: object, is_true: bool) -> None:
    assert proxied({"a": given_})["a"].truth(default=not is_true) is is_true


@pytest.mark.parametrize("wrong", ["maybe", 2, [True], {"a": True}])
def test_what_is_no_boolean_decides_nothing(wrong: object) -> None:
    with pytest.raises(Undetermined, match="is not a boolean"):
        proxied({"a": wrong})["a"].truth(default=False)


def test_absent_means_what_the_rule_says_that_it_means() -> None:
    absent = proxied({"a": None})["a"]
    assert absent.truth(default=True)
    assert absent.number(default=7) == 7
    assert absent.text(default="x") == "x"
    assert absent.items() == []
    assert absent.entries() == {}
    assert not absent.document().present


def test_numbers_may_be_texts_and_texts_numbers() -> None:
    props = proxied({"a": "7", "b": 5432})
    assert props["a"].number(default=0) == 7
    assert props["b"].text() == "5432"
    with pytest.raises(Undetermined, match="is not a number"):
        proxied({"a": "NaN"})["a"].number(default=0)


def test_a_list_with_an_unknown_in_it_has_the_others() -> None:
    first, second = proxied({"a": ["x", UNKNOWN]})["a"].items()
    assert first.text() == "x"
    assert second.state is State.UNKNOWN
    assert second.path == "a[1]"


def test_a_single_value_counts_as_a_list_of_it() -> None:
    assert proxied({"a": "x"})["a"].texts() == ["x"]


def test_a_document_may_be_text_or_the_object_itself() -> None:
    props = proxied({"a": '{"b": [1]}', "c": {"b": [1]}, "d": "{", "e": f'{{"x": "{UNKNOWN}"}}'})
    assert props["a"].document()["b"][0].number(default=0) == 1
    assert props["c"].document()["b"][0].number(default=0) == 1
    for key in "de":
        with pytest.raises(Undetermined):
            props[key].document()


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON)
def test_whatever_is_there_reading_it_raises_nothing_but_undetermined(value: Any) -> None:
    read = proxied({"a": value})["a"]
    for question in (
        lambda: read.truth(default=False),
        lambda: read.number(default=0),
        read.text,
        read.texts,
        read.entries,
        read.document,
        lambda: list(read.leaves()),
        lambda: read["x"][0]["y"].present,
    ):
        with contextlib.suppress(Undetermined):
            question()


@pytest.mark.parametrize(
    ("token", "meant"),
    [
        ("aws:alb/listener:Listener", "aws:lb/listener:Listener"),
        ("aws:elasticloadbalancingv2/listener:Listener", "aws:lb/listener:Listener"),
        ("aws:s3/bucketV2:BucketV2", "aws:s3/bucket:Bucket"),
        ("aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketVersioning:BucketVersioning"),
        ("aws:s3/bucketObjectv2:BucketObjectv2", "aws:s3/bucketObjectv2:BucketObjectv2"),
        ("kubernetes:apps/v1beta2:DeploymentPatch", "kubernetes:apps/v1:Deployment"),
        ("kubernetes:apps/v1:DeploymentList", "kubernetes:apps/v1:Deployment"),
        ("kubernetes:extensions/v1beta1:Ingress", "kubernetes:networking.k8s.io/v1:Ingress"),
        ("kubernetes:batch/v1beta1:CronJob", "kubernetes:batch/v1:CronJob"),
        ("kubernetes:helm.sh/v3:Release", "kubernetes:helm.sh/v3:Release"),
        ("kubernetes:yaml/v2:ConfigGroup", "kubernetes:yaml/v2:ConfigGroup"),
        ("kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding", None),
        ("random:index/randomPassword:RandomPassword", None),
    ],
)
def test_a_type_has_one_name_for_rules(token: str, meant: str | None) -> None:
    assert canonical(token) == (meant or token)


def test_patches_and_lists_are_told_by_their_names() -> None:
    assert is_patch("kubernetes:core/v1:NamespacePatch")
    assert not is_patch("aws:ssm/patchBaseline:PatchBaselinePatch")
    assert is_list("kubernetes:core/v1:PodList")
    assert not is_list("aws:ec2/managedPrefixList:ManagedPrefixList")


def test_a_rule_cannot_name_a_type_that_never_comes() -> None:
    with pytest.raises(ValueError, match="aws:lb/listener:Listener, not aws:alb/listener:Listener"):
        types("aws:alb/listener:Listener")
