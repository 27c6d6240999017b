"""Where the AWS provider works."""

import json

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

PROVIDER = "pulumi:providers:aws"
_EMULATOR = json.dumps([{"s3": "http://127.0.0.1:5000", "ec2": "http://127.0.0.1:5000"}])

EXAMPLES = (
    Example(
        "prov-guard",
        good=(
            R(
                PROVIDER,
                {
                    "region": "eu-central-1",
                    "allowedAccountIds": '["111122223333"]',
                    "skipRegionValidation": "true",
                    "skipCredentialsValidation": "false",
                },
            ),
        ),
        bad={
            "another region": put("it", "region", "us-gov-west-1"),
            "no region": drop("it", "region"),
            "any account": drop("it", "allowedAccountIds"),
            "no account in the list": put("it", "allowedAccountIds", "[]"),
            "credentials are not checked": put("it", "skipCredentialsValidation", "true"),
            "the account is not asked for": put("it", "skipRequestingAccountId", True),
            "path style": put("it", "s3UsePathStyle", "true"),
            "certificates are not checked": put("it", "insecure", "true"),
            "an emulator": put("it", "endpoints", _EMULATOR),
            "an emulator, as a list": put("it", "endpoints", [{"s3": "http://localhost:4566"}]),
            "a host that only looks like AWS": put(
                "it", "endpoints", [{"s3": "https://s3.amazonaws.com.example.org"}]
            ),
            "one of several": put(
                "it",
                "endpoints",
                [{"sts": "https://sts.eu-central-1.amazonaws.com", "s3": "http://10.0.0.1"}],
            ),
            "an emulator and its flags": Bad(
                both(
                    put("it", "endpoints", _EMULATOR),
                    both(put("it", "s3UsePathStyle", "true"), put("it", "skipCredentialsValidation", "true")),
                ),
                3,
            ),
        },
        fine={
            "accounts as a list": put("it", "allowedAccountIds", ["111122223333"]),
            "no endpoints": put("it", "endpoints", "[]"),
            "AWS's own endpoints": put(
                "it", "endpoints", [{"sts": "https://sts-fips.us-east-1.amazonaws.com", "s3": ""}]
            ),
        },
        open={
            "endpoints that are not known": put("it", "endpoints", UNKNOWN),
            "accounts that are no list": put("it", "allowedAccountIds", "mine"),
        },
        config={"regions": ["eu-central-1"]},
    ),
    Example(
        "prov-guard",
        good=(
            R(
                PROVIDER,
                {
                    "region": "mars-1",
                    "allowedAccountIds": '["111122223333"]',
                    "endpoints": _EMULATOR,
                    "s3UsePathStyle": "true",
                    "skipCredentialsValidation": "true",
                },
            ),
        ),
        bad={"any account, even in a rehearsal": drop("it", "allowedAccountIds")},
        config={"allowEmulator": True},
    ),
    Example(
        "prov-guard",
        good=(R(PROVIDER, {"region": "eu-central-1"}),),
        bad={"an emulator": put("it", "endpoints", _EMULATOR)},
        config={"requireAccounts": False},
        open={"a flag that is not known": put("it", "insecure", UNKNOWN)},
    ),
)
