"""Encryption keys."""

from __future__ import annotations

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, both, drop, put

KEY = "aws:kms/key:Key"
REPLICA = "aws:kms/replicaKey:ReplicaKey"
EXTERNAL = "aws:kms/externalKey:ExternalKey"
KEY_POLICY = "aws:kms/keyPolicy:KeyPolicy"
ACCOUNT = "111122223333"
OTHER = "444455556666"
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/key-admin"
_PROVIDER = {"allowedAccountIds": json.dumps([ACCOUNT])}
_ACCOUNT = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
_THROUGH_S3 = {
    "Effect": "Allow",
    "Principal": {"AWS": "*"},
    "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
    "Resource": "*",
    "Condition": {"StringEquals": {"kms:CallerAccount": ACCOUNT}},
}
_POLICY = {"Version": "2012-10-17", "Statement": [_ACCOUNT, _THROUGH_S3]}


def _key(kind: str, name: str, policy: object) -> R:
    return R(kind, {"policy": policy}, name=name, provider=_PROVIDER)


def _says(which: str = "key", **changes: Any) -> Change:
    """Something else in the statement that the account has."""
    return put(which, "policy", json.dumps({"Statement": {**_ACCOUNT, **changes}}))


EXAMPLES = (
    Example(
        "kms-rotation",
        good=(
            R(KEY, {"enableKeyRotation": True}),
            R(
                KEY,
                {"customerMasterKeySpec": "SYMMETRIC_DEFAULT", "keyUsage": "ENCRYPT_DECRYPT"}
                | {"enableKeyRotation": True},
                name="spelled-out",
            ),
            R(KEY, {"customerMasterKeySpec": "RSA_4096", "keyUsage": "SIGN_VERIFY"}, name="signs"),
            R(KEY, {"customerMasterKeySpec": "HMAC_256", "keyUsage": "GENERATE_VERIFY_MAC"}, name="hmac"),
            R(KEY, {"customKeyStoreId": "cks-1"}, name="stored-elsewhere"),
        ),
        bad={
            "it is off": put("it", "enableKeyRotation", False),
            "nothing is said": drop("it", "enableKeyRotation"),
            "of a key whose kind is spelled out": put("spelled-out", "enableKeyRotation", False),
        },
        fine={"it is a copy, which follows its primary": lambda stack: [*stack, R(REPLICA, {}, name="copy")]},
    ),
    Example(
        "kms-policy-tight",
        good=(
            _key(KEY, "key", json.dumps(_POLICY)),
            _key(KEY_POLICY, "policy", _POLICY),
            _key(REPLICA, "copy", {"Statement": {**_ACCOUNT, "Principal": {"AWS": [ACCOUNT]}}}),
            R(KEY, {}, name="default"),
        ),
        bad={
            "anybody": _says(Principal="*"),
            "anybody in AWS, in an object": put("policy", "policy.Statement[1].Condition", {}),
            "anybody through a service": put(
                "policy",
                "policy.Statement[1].Condition",
                {"StringEquals": {"kms:ViaService": "s3.eu-central-1.amazonaws.com"}},
            ),
            "anybody if an account is named": put(
                "policy",
                "policy.Statement[1].Condition",
                {"StringEqualsIfExists": {"kms:CallerAccount": ACCOUNT}},
            ),
            "the second statement of a copy": put(
                "copy", "policy", {"Statement": [_ACCOUNT, {**_THROUGH_S3, "Condition": {}}]}
            ),
            "a role may do everything": _says(Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}),
            "a role may do everything, in capitals": _says(
                Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, Action="KMS:*"
            ),
            "a role may do all that there is": _says(
                Principal={"AWS": [ROOT, f"arn:aws:iam::{ACCOUNT}:role/app"]}, Action=["*"]
            ),
            "a role may do nearly everything": _says(
                Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, Action=None, NotAction="kms:Encrypt"
            ),
            "two roles may": Bad(
                _says(Principal={"AWS": [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("a", "b")]}), 2
            ),
            "a service may do everything": _says(Principal={"Service": "s3.amazonaws.com"}),
            "another account may": _says(Principal={"AWS": f"arn:aws:iam::{OTHER}:root"}),
            "all but one may": _says(Principal=None, NotPrincipal={"AWS": OTHER}),
            "all but one may use it": _says(
                Principal=None, NotPrincipal={"AWS": OTHER}, Action="kms:Decrypt"
            ),
            "all of the organization but one may": _says(
                Principal=None,
                NotPrincipal={"AWS": OTHER},
                Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}},
            ),
            "it may lock everybody out": put("default", "bypassPolicyLockoutSafetyCheck", True),
            "the policy may": put("policy", "bypassPolicyLockoutSafetyCheck", True),
        },
        fine={
            "an administrator may do everything": _says(Principal={"AWS": [ROOT, ADMIN]}),
            "a role may use it": _says(
                Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:role/app"}, Action=["kms:Decrypt", "kms:Encrypt"]
            ),
            "everybody is kept out": put("copy", "policy.Statement.Effect", "Deny"),
        },
        open={
            "the policy is unknown": put("key", "policy", UNKNOWN),
            "the principal is unknown": put("copy", "policy.Statement.Principal", UNKNOWN),
            "the condition is unknown": put("policy", "policy.Statement[1].Condition", UNKNOWN),
        },
        config={"administrators": ["arn:aws:iam::*:role/key-admin"]},
    ),
    Example(
        "kms-deletion-window",
        good=(
            R(KEY, {"deletionWindowInDays": 30, "isEnabled": True}, name="key"),
            R(REPLICA, {"deletionWindowInDays": 30, "enabled": True}, name="copy"),
        ),
        bad={
            "a week": put("key", "deletionWindowInDays", 7),
            "a day too little": put("copy", "deletionWindowInDays", 29),
            "an external one": lambda stack: [*stack, R(EXTERNAL, {"deletionWindowInDays": 7}, name="other")],
            "it is off": put("key", "isEnabled", False),
            "a copy is off": put("copy", "enabled", False),
            "both": Bad(both(put("key", "isEnabled", False), put("key", "deletionWindowInDays", 7)), 2),
        },
        fine={
            "nothing is said": both(drop("key", "deletionWindowInDays"), drop("key", "isEnabled")),
        },
        by_hand=True,
    ),
    Example(
        "kms-deletion-window",
        good=(R(KEY, {"deletionWindowInDays": 14}),),
        bad={"a day too little": put("it", "deletionWindowInDays", 13)},
        config={"minimumDays": 14},
    ),
)
