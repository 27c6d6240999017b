"""A cluster itself: its version, the encryption of its secrets, and its protection from deletion."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

CLUSTER = "aws:eks/cluster:Cluster"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/5d1c5e5c-0000-0000-0000-000000000000"

ENCRYPTED = R(CLUSTER, {"encryptionConfig": {"resources": ["secrets"], "provider": {"keyArn": KEY}}})

EXAMPLES = (
    Example(
        "eks-secrets-kms",
        good=(ENCRYPTED,),
        config={"keyArn": KEY},
        bad={"nothing is encrypted": drop("it", "encryptionConfig")},
    ),
    Example(
        "eks-secrets-kms",
        good=(ENCRYPTED,),
        config={"keyArn": KEY},
        bad={
            "there is no key": put("it", "encryptionConfig", {"resources": ["secrets"]}),
            "the key is empty": put("it", "encryptionConfig.provider.keyArn", ""),
            "nothing is to be encrypted": put("it", "encryptionConfig.resources", []),
            "something else is": put("it", "encryptionConfig.resources[0]", "configmaps"),
        },
        fine={"the key is made in the same update": put("it", "encryptionConfig.provider.keyArn", UNKNOWN)},
        open={"all of it is unknown": put("it", "encryptionConfig.resources", UNKNOWN)},
        by_hand=True,
    ),
    Example(
        "eks-version",
        good=(R(CLUSTER, {"version": "1.36", "upgradePolicy": {"supportType": "STANDARD"}}),),
        bad={
            "it is old": put("it", "version", "1.33"),
            "it is old, although it reads as a larger number": put("it", "version", "1.9"),
            "none is named": drop("it", "version"),
            "extended support is asked for": put("it", "upgradePolicy.supportType", "EXTENDED"),
            "extended support comes by default": drop("it", "upgradePolicy"),
            "nothing is said at all": Bad(both(drop("it", "version"), drop("it", "upgradePolicy")), 2),
        },
        fine={
            "the oldest that will do": put("it", "version", "1.34"),
            "a version of three digits": put("it", "version", "1.100"),
        },
        open={"it is none": put("it", "version", "latest")},
    ),
    Example(
        "eks-version",
        good=(R(CLUSTER, {"version": "1.30", "upgradePolicy": {"supportType": "STANDARD"}}),),
        config={"minimumVersion": "1.30"},
        bad={"it is older than agreed": put("it", "version", "1.29")},
    ),
    Example(
        "eks-deletion-protection",
        good=(R(CLUSTER, {"deletionProtection": True}),),
        bad={
            "it is off": put("it", "deletionProtection", False),
            "nothing is said": drop("it", "deletionProtection"),
        },
    ),
)
