"""IAM documents by their meaning."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.lib.iam import Statement, matches, own_accounts, statements
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource
from policies.lib.values import State, Undetermined, Value
from tests.support.policies import UNKNOWN

ACCOUNT = "111122223333"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key"


def one(**parts: Any) -> Statement:
    """The statement with these parts, an Allow if nothing else is said."""
    return Statement(Value({"Effect": "Allow", **parts}, "policy.Statement"))


def on(operator: str, key: str, values: Any) -> Statement:
    return one(Condition={operator: {key: values}})


def _same(value: Any) -> Any:
    return value


def _list(value: Any) -> Any:
    return [value]


def _undetermined() -> bool:
    raise Undetermined("it", "is not known")


def test_one_answer_can_be_enough() -> None:
    assert any_holds(_undetermined, lambda: True)
    assert not all_hold(_undetermined, lambda: False)
    assert not any_holds()
    assert all_hold()
    with pytest.raises(Undetermined):
        any_holds(_undetermined, lambda: False)
    with pytest.raises(Undetermined):
        all_hold(_undetermined, lambda: True)


@pytest.mark.parametrize("written", [json.dumps, _same], ids=["text", "object"])
@pytest.mark.parametrize("wrapped", [_same, _list], ids=["single", "list"])
def test_a_document_reads_the_same_however_it_is_written(written: Any, wrapped: Any) -> None:
    document = written(
        {
            "Statement": wrapped(
                {"Effect": "Allow", "Action": wrapped("KMS:decrypt"), "Resource": wrapped("*")}
            )
        }
    )
    (found,) = statements(Value(document, "policy"))
    assert found.allows
    assert not found.denies
    assert found.covers("kms:Decrypt")
    assert found.spans("kms", "key/*")


def test_no_document_has_no_statements() -> None:
    assert statements(Value(None, "policy")) == []
    assert statements(Value("", "policy")) == []
    assert statements(Value({"Version": "2012-10-17"}, "policy")) == []


@pytest.mark.parametrize(
    "document",
    [UNKNOWN, json.dumps({"Statement": UNKNOWN}), "{", "[]", '"text"', "7", ["x"], {"Statement": UNKNOWN}],
)
def test_what_is_not_known_or_no_document_is_undetermined(document: object) -> None:
    with pytest.raises(Undetermined):
        statements(Value(document, "policy"))


@pytest.mark.parametrize("statement", ["text", 7, [], {}, {"Effect": "Maybe"}, {"Effect": []}])
def test_a_statement_that_is_none_is_undetermined(statement: object) -> None:
    for found in statements(Value({"Statement": [statement]}, "policy")):
        with pytest.raises(Undetermined):
            assert found.allows


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("a*c", "abbc", True),
        ("a*c", "abcd", False),
        ("a?c", "abc", True),
        ("a?c", "ac", False),
        ("a?c", "a*c", False),
        ("a*c", "a*c", True),
        ("abc", "a*c", False),
        ("**", "*", True),
        ("[ab]", "a", False),
        ("*a*b*", "xxaxxbxx", True),
        ("*a" * 30 + "b", "a" * 3000, False),
    ],
)
def test_patterns_match_as_iam_does(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@pytest.mark.parametrize(
    ("parts", "action", "expected"),
    [
        ({"Action": "iam:Pass*"}, "iam:PassRole", True),
        ({"Action": "IAM:PASSROLE"}, "iam:passrole", True),
        ({"Action": "*"}, "s3:*", True),
        ({"Action": "s3:*"}, "*", False),
        ({"Action": "s3:Get*"}, "s3:*", False),
        ({"Action": ["ec2:Describe*", "s3:?etObject"]}, "s3:GetObject", True),
        ({"NotAction": "iam:*"}, "s3:PutObject", True),
        ({"NotAction": ["iam:*"]}, "iam:PassRole", False),
        ({"NotAction": ["iam:GetUser"]}, "iam:*", False),
        ({"NotAction": ["*"]}, "s3:PutObject", False),
        ({}, "s3:PutObject", False),
    ],
)
def test_actions(parts: dict[str, Any], action: str, expected: bool) -> None:
    assert one(**parts).covers(action) is expected


@pytest.mark.parametrize(
    ("parts", "service", "resource", "expected"),
    [
        ({"Resource": "*"}, "kms", "key/*", True),
        ({"Resource": "arn:aws:kms:*:*:key/*"}, "kms", "key/*", True),
        ({"Resource": f"{KEY}/*"}, "kms", "key/*", True),
        ({"Resource": "arn:aws:kms:*"}, "kms", "key/*", True),
        ({"Resource": "arn:aws-cn:kms:cn-north-1:111122223333:*"}, "kms", "key/*", True),
        ({"Resource": f"{KEY}/abc"}, "kms", "key/*", False),
        ({"Resource": f"{KEY}/a*"}, "kms", "key/*", False),
        ({"Resource": "arn:aws:s3:::*"}, "s3", "*", True),
        ({"Resource": "arn:aws:s3:::bucket/*"}, "s3", "*", False),
        ({"Resource": "arn:aws:s3:::*/*"}, "s3", "*/*", True),
        ({"Resource": ["arn:aws:s3:::a", "*"]}, "s3", "*", True),
        ({"NotResource": "arn:aws:s3:::a"}, "s3", "*", True),
        ({"NotResource": "*"}, "s3", "*", False),
        ({}, "s3", "*", False),
    ],
)
def test_resources(parts: dict[str, Any], service: str, resource: str, expected: bool) -> None:
    assert one(**parts).spans(service, resource) is expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"Resource": "*"}, True),
        ({"Resource": ["arn:aws:s3:::a", "arn:aws:iam::111122223333:role/a"]}, True),
        ({"Resource": "arn:aws:*:*:*:*"}, True),
        ({"Resource": "arn:aws:*"}, True),
        ({"NotResource": "arn:aws:s3:::a"}, True),
        ({"Resource": "arn:aws:s3:::*"}, False),
        ({"Resource": "role"}, False),
        ({}, False),
    ],
)
def test_services(parts: dict[str, Any], expected: bool) -> None:
    assert one(**parts).touches("iam") is expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"Principal": "*"}, True),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", "*"]}}, True),
        ({"Principal": {"Service": "*"}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::*:root"}}, True),
        ({"NotPrincipal": {"AWS": ACCOUNT}}, True),
        ({"Principal": {"AWS": ACCOUNT}}, False),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/a"}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({}, False),
    ],
)
def test_principals(parts: dict[str, Any], expected: bool) -> None:
    assert one(**parts).for_anyone is expected


def test_a_principal_has_an_account() -> None:
    named = one(
        Principal={
            "AWS": [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", "arn:aws:iam::cloudfront:user/x", "*"],
            "Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/issuer",
            "Service": "s3.amazonaws.com",
        }
    ).principals()
    assert [principal.account for principal in named] == [ACCOUNT, ACCOUNT, "", "", ACCOUNT, ""]


@pytest.mark.parametrize(
    ("operator", "key", "values", "expected"),
    [
        ("StringEquals", "aws:SourceAccount", ACCOUNT, True),
        ("stringequals", "AWS:sourceaccount", [ACCOUNT], True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", ["o-abc/*"], True),
        ("ForAllValues:StringEquals", "aws:SourceAccount", ACCOUNT, False),
        ("StringEqualsIfExists", "aws:SourceAccount", ACCOUNT, False),
        ("StringNotEquals", "aws:SourceAccount", ACCOUNT, False),
        ("StringLike", "aws:SourceAccount", "*", False),
        ("StringLike", "aws:SourceAccount", [ACCOUNT, "*"], False),
        ("StringLike", "aws:SourceAccount", [], False),
        ("StringEquals", "aws:PrincipalArn", "${aws:username}", False),
        ("ArnLike", "aws:SourceArn", f"arn:aws:sns:*:{ACCOUNT}:*", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:*:*:topic", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::bucket", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::*", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3*", False),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", True),
        ("IpAddress", "aws:SourceIp", ["0.0.0.0/1", "128.0.0.0/1"], False),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", True),
        ("IpAddress", "aws:SourceIp", "::/0", False),
        ("NotIpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("StringEquals", "aws:userid", "AROAEXAMPLE:*", True),
        ("Bool", "aws:SecureTransport", "true", False),
        ("StringEquals", "aws:RequestedRegion", "eu-central-1", False),
        ("StringEquals", "kms:CallerAccount", ACCOUNT, True),
    ],
)
def test_conditions_narrow(operator: str, key: str, values: object, expected: bool) -> None:
    assert on(operator, key, values).narrowed_by() is expected


def test_a_condition_can_be_asked_for_by_a_prefix() -> None:
    tagged = frozenset({"aws:resourcetag/*"})
    assert on("StringEquals", "aws:ResourceTag/team", "data").narrowed_by(tagged)
    assert not on("StringEquals", "aws:RequestTag/team", "data").narrowed_by(tagged)


def test_an_unknown_part_leaves_the_others_to_be_answered() -> None:
    unknown = Value(None, "x", State.UNKNOWN)
    statement = one(
        Action=["s3:GetObject", UNKNOWN],
        Resource=[UNKNOWN, "*"],
        Principal={"AWS": [UNKNOWN, "*"]},
        Condition={"StringEquals": {"aws:SourceArn": UNKNOWN, "aws:SourceAccount": ACCOUNT}},
    )
    assert statement.covers("s3:GetObject")
    assert statement.spans("s3")
    assert statement.for_anyone
    assert statement.narrowed_by()
    for open_question in (
        lambda: statement.covers("s3:PutObject"),
        lambda: one(Resource=UNKNOWN).spans("s3"),
        lambda: one(NotResource=["arn:aws:s3:::a", UNKNOWN]).spans("s3"),
        lambda: one(Principal=UNKNOWN).for_anyone,
        lambda: on("StringEquals", "aws:SourceArn", UNKNOWN).narrowed_by(),
        lambda: on("IpAddress", "aws:SourceIp", "not-a-cidr").narrowed_by(),
        lambda: one(Condition=UNKNOWN).narrowed_by(),
        lambda: Statement(unknown).allows,
    ):
        with pytest.raises(Undetermined):
            open_question()


@pytest.mark.parametrize("given", [[ACCOUNT], json.dumps([ACCOUNT])], ids=["list", "as the engine shows it"])
def test_a_provider_says_whose_account_it_is(given: object) -> None:
    provider = Value({"allowedAccountIds": given})
    resource = Resource("aws:iam/role:Role", "urn", "it", Value(None), provider=provider)
    assert own_accounts(resource) == {ACCOUNT}
    assert own_accounts(Resource("aws:iam/role:Role", "urn", "it", Value(None))) == frozenset()
