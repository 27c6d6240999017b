"""Who may take on a role."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, options, put

ROLE = "aws:iam/role:Role"
ACCOUNT = "111122223333"
OTHER = "444455556666"
ISSUER = "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"
GITHUB = "token.actions.githubusercontent.com"
_PROVIDER = {"allowedAccountIds": json.dumps([ACCOUNT])}


def trust(principal: object, action: object = "sts:AssumeRole", **rest: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action, **rest}],
    }


def _role(name: str, document: object) -> R:
    return R(ROLE, {"assumeRolePolicy": document}, name=name, provider=_PROVIDER)


def _trusts(principal: object, *, condition: object = None, action: object = "sts:AssumeRole") -> Change:
    rest = {"Condition": condition} if condition else {}
    return put("nodes", "assumeRolePolicy", json.dumps(trust(principal, action, **rest)))


_SOURCE = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
_WEB = "sts:AssumeRoleWithWebIdentity"
_PINNED = {f"{ISSUER}:sub": "system:serviceaccount:app:server", f"{ISSUER}:aud": "sts.amazonaws.com"}
_NODES = _role("nodes", json.dumps(trust({"Service": "ec2.amazonaws.com"})))
_OPEN: dict[str, Change] = {
    "the document is unknown": put("nodes", "assumeRolePolicy", UNKNOWN),
    "the action is unknown": _trusts("*", action=UNKNOWN),
    "the statement is unknown": put("nodes", "assumeRolePolicy", {"Statement": [UNKNOWN]}),
    "the principal is unknown": put("nodes", "assumeRolePolicy", trust(UNKNOWN, [_WEB, "sts:AssumeRole"])),
}


def _web(claims: dict[str, Any], operator: str = "StringEquals") -> Change:
    return put("pods", "assumeRolePolicy.Statement[0].Condition", {operator: claims})


EXAMPLES = (
    Example(
        "iam-trust-scoped",
        good=(
            _NODES,
            _role("logs", trust({"Service": "vpc-flow-logs.amazonaws.com"}, Condition=_SOURCE)),
            _role("admin", trust({"AWS": f"arn:aws:iam::{ACCOUNT}:root"})),
            _role(
                "auditor",
                trust({"AWS": OTHER}, Condition={"StringEquals": {"sts:ExternalId": "an-agreed-one"}}),
            ),
        ),
        bad={
            "anybody": _trusts("*"),
            "any principal of AWS": _trusts({"AWS": "*"}),
            "the second of two": _trusts({"AWS": [ACCOUNT, "*"]}),
            "the root of any account": _trusts({"AWS": "arn:aws:iam::*:root"}),
            "anybody but one": put(
                "nodes",
                "assumeRolePolicy",
                {"Statement": {"Effect": "Allow", "NotPrincipal": {"AWS": ACCOUNT}, "Action": "sts:*"}},
            ),
            "any service": _trusts({"Service": "*"}),
            "anybody with the id": _trusts("*", condition={"StringEquals": {"sts:ExternalId": "an-id"}}),
            "anybody from an address": _trusts("*", condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}),
            "another account": _trusts({"AWS": f"arn:aws:iam::{OTHER}:root"}),
            "another account by its number": _trusts({"AWS": OTHER}),
            "a role of another account": _trusts({"AWS": f"arn:aws:iam::{OTHER}:role/deployer"}),
            "another account if it says an id": _trusts(
                {"AWS": OTHER}, condition={"StringEqualsIfExists": {"sts:ExternalId": "an-id"}}
            ),
            "another account without a second factor": _trusts(
                {"AWS": OTHER}, condition={"Bool": {"aws:MultiFactorAuthPresent": "false"}}
            ),
            "two other accounts": Bad(_trusts({"AWS": [OTHER, "777788889999"]}), 2),
            "a service for any account": put("logs", "assumeRolePolicy.Statement[0].Condition", {}),
            "a service for every account": put(
                "logs",
                "assumeRolePolicy.Statement[0].Condition",
                {"ArnLike": {"aws:SourceArn": "arn:aws:ec2:*:*:vpc-flow-log/*"}},
            ),
            "a service of a region": _trusts({"Service": ["logs.eu-central-1.amazonaws.com"]}),
            "all of STS": _trusts({"AWS": "*"}, action="sts:*"),
        },
        fine={
            "anybody of the organization": _trusts(
                "*", condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}}
            ),
            "anybody is kept out": put(
                "admin", "assumeRolePolicy.Statement[1]", {**trust("*")["Statement"][0], "Effect": "Deny"}
            ),
            "anybody may tag": _trusts("*", action="sts:TagSession"),
            "another account with a second factor": _trusts(
                {"AWS": OTHER}, condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}}
            ),
            "a service for one of its resources": _trusts(
                {"Service": "eks.amazonaws.com"},
                condition={"ArnLike": {"aws:SourceArn": f"arn:aws:eks:eu-central-1:{ACCOUNT}:cluster/roost"}},
            ),
            "a document that is absent": put("nodes", "assumeRolePolicy", None),
        },
        open={
            **_OPEN,
            "whose account it is": options("admin", provider={}),
            "the source is unknown": put(
                "logs", "assumeRolePolicy.Statement[0].Condition.StringEquals", {"aws:SourceAccount": UNKNOWN}
            ),
        },
    ),
    Example(
        "iam-oidc-scoped",
        good=(
            _NODES,
            _role(
                "pods",
                trust(
                    {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"},
                    _WEB,
                    Condition={"StringEquals": _PINNED},
                ),
            ),
        ),
        bad={
            "no condition": Bad(put("pods", "assumeRolePolicy.Statement[0].Condition", {}), 2),
            "no subject": _web({f"{ISSUER}:aud": "sts.amazonaws.com"}),
            "no audience": _web({f"{ISSUER}:sub": "system:serviceaccount:app:server"}),
            "a subject with a wildcard": _web({**_PINNED, f"{ISSUER}:sub": "system:*"}, "StringLike"),
            "one of two subjects with a wildcard": _web(
                {**_PINNED, f"{ISSUER}:sub": ["system:serviceaccount:app:server", "system:*"]}, "StringLike"
            ),
            "any branch of a repository": Bad(
                put(
                    "nodes",
                    "assumeRolePolicy",
                    trust(
                        {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{GITHUB}"},
                        [_WEB],
                        Condition={
                            "StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"},
                            "StringLike": {f"{GITHUB}:sub": "repo:example/app:*"},
                        },
                    ),
                )
            ),
            "any but one": Bad(_web(_PINNED, "StringNotEquals"), 2),
            "if the claims exist": Bad(_web(_PINNED, "StringEqualsIfExists"), 2),
            "for all values, even none": Bad(_web(_PINNED, "ForAllValues:StringEquals"), 2),
            "no value": _web({**_PINNED, f"{ISSUER}:sub": []}),
            "any way to assume it": Bad(
                put(
                    "pods",
                    "assumeRolePolicy.Statement[0]",
                    {"Effect": "Allow", "Principal": {"Federated": "cognito"}, "Action": "sts:*"},
                ),
                2,
            ),
        },
        fine={
            "in a text": put(
                "pods",
                "assumeRolePolicy",
                json.dumps(trust({"Federated": "issuer"}, _WEB, Condition={"StringEquals": _PINNED})),
            ),
            "by a pattern that has no wildcard": _web(_PINNED, "StringLike"),
            "by SAML, which has no subject": _trusts(
                {"Federated": f"arn:aws:iam::{ACCOUNT}:saml-provider/x"}, action="sts:AssumeRoleWithSAML"
            ),
        },
        open=_OPEN | {"a subject that is unknown": _web({**_PINNED, f"{ISSUER}:sub": UNKNOWN})},
    ),
)
