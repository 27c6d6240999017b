"""Bucket policies."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
ACL = "aws:s3/bucketAcl:BucketAcl"
ACCOUNT = "111122223333"
PARTNER = "444455556666"
OTHER = "777788889999"
ARN = "arn:aws:s3:::backups"
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
_PROVIDER = {"allowedAccountIds": json.dumps([ACCOUNT])}


def deny(operator: str, key: str, value: object, **changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": ["s3:*"],
        "Resource": [ARN, f"{ARN}/*"],
        "Condition": {operator: {key: value}},
        **changes,
    }


def allow(principal: object, **changes: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": "s3:GetObject",
        "Resource": f"{ARN}/*",
    } | changes


_PLAIN = deny("Bool", "aws:SecureTransport", "false")
_OLD = deny("NumericLessThan", "s3:TlsVersion", "1.2")


def _policy(*statements: object) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _says(*statements: object) -> Change:
    return put("policy", "policy", json.dumps(_policy(*statements)))


def _denies(**changes: Any) -> Change:
    """The first of the two, with something else in it."""
    return _says({**_PLAIN, **changes}, _OLD)


def _only(document: object, **more: Any) -> tuple[R, ...]:
    return (R(POLICY, {"bucket": "backups", "policy": document, **more}, name="policy", provider=_PROVIDER),)


EXAMPLES = (
    Example(
        "s3-tls-only",
        good=(
            R(BUCKET, {"bucket": "backups", "arn": ARN}, name="backups"),
            R(
                POLICY,
                {"bucket": "backups", "policy": _policy(_PLAIN, _OLD)},
                name="policy",
                depends={"bucket": ["backups"]},
            ),
        ),
        bad={
            "there is no policy": Bad(without("policy"), 2),
            "the policy is another bucket's": Bad(
                both(put("policy", "bucket", "other"), options("policy", depends={})), 2
            ),
            "the policy is empty": Bad(_says(), 2),
            "plain HTTP is not denied": _says(_OLD),
            "old TLS is not denied": _says(_PLAIN),
            "TLS 1.1 is allowed": _says(_PLAIN, deny("NumericLessThan", "s3:TlsVersion", "1.1")),
            "it allows what it should deny": _denies(Effect="Allow"),
            "only one principal is denied": _denies(Principal={"AWS": ACCOUNT}),
            "one principal is not denied": _denies(Principal=None, NotPrincipal={"AWS": ACCOUNT}),
            "only reading is denied": _denies(Action="s3:Get*"),
            "not the objects": _denies(Resource=ARN),
            "not the bucket": _denies(Resource=f"{ARN}/*"),
            "only some objects": _denies(Resource=[ARN, f"{ARN}/public/*"]),
            "TLS is denied": _denies(Condition={"Bool": {"aws:SecureTransport": "true"}}),
            "under one more condition": _denies(
                Condition={**_PLAIN["Condition"], "StringNotEquals": {"aws:PrincipalAccount": ACCOUNT}}
            ),
            "without a condition, which is another thing": _denies(Condition={}),
            "both in one statement, so that both must hold": Bad(
                _says({**_PLAIN, "Condition": {**_PLAIN["Condition"], **_OLD["Condition"]}}), 2
            ),
            "another bucket has none": Bad(add(R(BUCKET, {"bucket": "logs"}, name="logs")), 2),
        },
        fine={
            "everybody and everything": _says(
                {**_PLAIN, "Principal": "*", "Action": "*", "Resource": "*"},
                {**_OLD, "Condition": {"numericlessthan": {"S3:TLSVERSION": 1.3}}},
            ),
            "by a prefix": _denies(Resource=f"{ARN}*"),
            "one statement for each place": _says(
                {**_PLAIN, "Resource": ARN}, {**_PLAIN, "Resource": f"{ARN}/*"}, _OLD
            ),
            "as a boolean": _denies(Condition={"Bool": {"aws:SecureTransport": [False]}}),
            "in the bucket itself": both(
                without("policy"), put("backups", "policy", json.dumps(_policy(_PLAIN, _OLD)))
            ),
            "linked by the name alone": options("policy", depends={}),
            "an unknown statement beside": put("policy", "policy.Statement[2]", UNKNOWN),
        },
        open={
            "the policy is unknown": put("policy", "policy", UNKNOWN),
            "whose policy it is": both(put("policy", "bucket", UNKNOWN), options("policy", depends={})),
            "the places are unknown": put("policy", "policy.Statement[0].Resource", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "s3-no-public-policy",
        good=(
            *_only(_policy(_PLAIN, allow({"AWS": ACCOUNT}))),
            R(ACL, {"bucket": "backups", "acl": "private"}, name="acl"),
            R(
                ACL,
                {
                    "bucket": "logs",
                    "accessControlPolicy": {
                        "grants": [
                            {
                                "permission": "WRITE",
                                "grantee": {
                                    "type": "Group",
                                    "uri": "http://acs.amazonaws.com/groups/s3/LogDelivery",
                                },
                            }
                        ]
                    },
                },
                name="grants",
            ),
            R(BUCKET, {"bucket": "backups"}, name="bucket"),
        ),
        bad={
            "everybody reads": _says(allow("*")),
            "everybody in AWS reads": _says(_PLAIN, allow({"AWS": ["*"]})),
            "everybody but one writes": put(
                "policy", "policy.Statement[1]", {**allow(None), "NotPrincipal": {"AWS": OTHER}}
            ),
            "everybody with TLS": _says(allow("*", Condition={"Bool": {"aws:SecureTransport": "true"}})),
            "everybody with a referrer": _says(
                allow("*", Condition={"StringLike": {"aws:Referer": "https://example.com/*"}})
            ),
            "every address": _says(
                allow("*", Condition={"IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}})
            ),
            "everybody but from an address": _says(
                allow("*", Condition={"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
            ),
            "everybody for two reasons": Bad(_says(allow("*"), allow("*", Action="s3:PutObject")), 2),
            "in the bucket itself": put("bucket", "policy", json.dumps(_policy(allow("*")))),
            "through an access point": add(
                R("aws:s3/accessPoint:AccessPoint", {"policy": json.dumps(_policy(allow("*")))}, name="point")
            ),
            "through an access point's policy": add(
                R(
                    "aws:s3control/accessPointPolicy:AccessPointPolicy",
                    {"policy": json.dumps(_policy(allow("*")))},
                    name="point",
                )
            ),
            "a public ACL": put("acl", "acl", "public-read-write"),
            "an ACL for everybody who has an account": put("acl", "acl", "authenticated-read"),
            "in the bucket's ACL": put("bucket", "acl", "public-read"),
            "an object's ACL": add(
                R("aws:s3/bucketObjectv2:BucketObjectv2", {"acl": "public-read"}, name="o")
            ),
            "a grant to everybody": put(
                "grants",
                "accessControlPolicy.grants[1]",
                {"permission": "READ", "grantee": {"uri": EVERYBODY}},
            ),
            "a grant in the bucket": put("bucket", "grants", [{"uri": EVERYBODY, "permissions": ["READ"]}]),
        },
        fine={
            "everybody of the organization": _says(
                allow("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}})
            ),
            "everybody through an endpoint": _says(
                allow("*", Condition={"StringEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}})
            ),
            "everybody from the office": _says(
                allow("*", Condition={"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}})
            ),
            "a service": _says(allow({"Service": "logging.s3.amazonaws.com"})),
            "no policy": drop("policy", "policy"),
        },
        open={
            "the policy": put("policy", "policy", UNKNOWN),
            "the condition": put(
                "policy",
                "policy.Statement[1]",
                allow("*", Condition={"StringEquals": {"aws:SourceVpce": UNKNOWN}}),
            ),
            "the grants": put("grants", "accessControlPolicy.grants", UNKNOWN),
        },
    ),
    Example(
        "s3-xaccount",
        good=_only(
            _policy(
                _PLAIN,
                allow({"AWS": [f"arn:aws:iam::{ACCOUNT}:role/app", f"arn:aws:iam::{PARTNER}:root"]}),
                allow({"Service": "logging.s3.amazonaws.com"}, Action="s3:PutObject"),
                allow({"AWS": "arn:aws:iam::cloudfront:user/an-identity"}),
            )
        ),
        bad={
            "another account": _says(allow({"AWS": OTHER})),
            "a role of another account": _says(allow({"AWS": [ACCOUNT, f"arn:aws:iam::{OTHER}:role/app"]})),
            "two of them": Bad(_says(allow({"AWS": [OTHER, "000011112222"]})), 2),
            "another account by a condition": _says(
                allow("*", Condition={"StringEquals": {"aws:PrincipalAccount": [ACCOUNT, OTHER]}})
            ),
            "a partner administers it": _says(allow({"AWS": PARTNER}, Action="s3:Put*", Resource=ARN)),
            "everybody is locked out": _says(deny("Bool", "x", "y", Condition={})),
            "everybody is locked out by one action": _says(
                deny("Bool", "x", "y", Condition={}, Principal="*", Action="s3:DeleteBucketPolicy")
            ),
            "in the bucket itself": add(
                R(
                    BUCKET,
                    {"policy": json.dumps(_policy(allow({"AWS": OTHER})))},
                    name="b",
                    provider=_PROVIDER,
                )
            ),
        },
        fine={
            "one's own account administers it": _says(allow({"AWS": ACCOUNT}, Action="s3:*", Resource=ARN)),
            "all but one's own are locked out": _says(
                deny("StringNotEquals", "aws:PrincipalAccount", ACCOUNT)
            ),
            "all but one are locked out": _says(
                {**deny("Bool", "x", "y", Condition={}), "Principal": None, "NotPrincipal": {"AWS": ACCOUNT}}
            ),
            "nobody deletes an object": _says(
                deny("Bool", "x", "y", Condition={}, Action="s3:DeleteObjectVersion")
            ),
            "an agreed account, and no word on one's own": both(
                options("policy", provider={}), _says(allow({"AWS": PARTNER}))
            ),
        },
        open={
            "the policy": put("policy", "policy", UNKNOWN),
            "the principal": put("policy", "policy.Statement[1].Principal", UNKNOWN),
            "whose account it is": options("policy", provider={}),
        },
        config={"accounts": [PARTNER]},
    ),
)
