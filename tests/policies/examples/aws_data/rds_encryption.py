"""Databases whose storage and insights only their own keys open."""

from tests.policies.examples.case import Example
from tests.policies.examples.databases import (
    CLUSTER,
    DB,
    MEMBER,
    cluster_replica,
    replica,
    restored,
    taken_back,
)
from tests.support.policies import UNKNOWN, R, drop, put

_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
_INSIGHTS = {"performanceInsightsEnabled": True, "performanceInsightsKmsKeyId": _KEY}

EXAMPLES = (
    Example(
        "rds-encrypted",
        good=(R(DB, {"storageEncrypted": True}), R(CLUSTER, {"storageEncrypted": True}, name="cluster")),
        bad={
            "it is not": put("it", "storageEncrypted", False),
            "nothing is said": drop("it", "storageEncrypted"),
            "a cluster is not": put("cluster", "storageEncrypted", False),
            "of a cluster nothing is said": drop("cluster", "storageEncrypted"),
        },
        fine={
            "a replica is what the other one is": replica(),
            "the other one is not known yet": replica(replicateSourceDb=UNKNOWN),
            "a cluster that follows is what the other one is": cluster_replica(),
            "what is restored is to be encrypted": restored(storageEncrypted=True),
        },
        open={
            "what is restored is as it was": restored(),
            "so is what is taken back in time": taken_back(),
        },
    ),
    Example(
        "rds-encrypted",
        good=(R(DB, {"storageEncrypted": True}),),
        bad={
            "a replica is said not to be": replica(storageEncrypted=False),
            "what is restored is said not to be": restored(storageEncrypted=False),
        },
        by_hand=True,
    ),
    Example(
        "rds-cmk",
        good=(R(DB, {"kmsKeyId": _KEY}), R(CLUSTER, {"kmsKeyId": _KEY}, name="cluster")),
        bad={
            "no key is named": drop("it", "kmsKeyId"),
            "the name is empty": put("it", "kmsKeyId", ""),
            "it is AWS's own": put("it", "kmsKeyId", "arn:aws:kms:eu-central-1:111122223333:alias/aws/rds"),
            "it is AWS's own, by its alias": put("it", "kmsKeyId", "alias/aws/rds"),
            "a cluster names none": drop("cluster", "kmsKeyId"),
        },
        fine={
            "it is not known yet": put("it", "kmsKeyId", UNKNOWN),
            "it is an alias of one's own": put("it", "kmsKeyId", "alias/roost/rds"),
            "a replica has the other one's": replica(),
        },
        open={"what is restored keeps the one that it had": restored()},
    ),
    Example(
        "rds-insights-encrypted",
        good=(R(DB, _INSIGHTS), R(MEMBER, _INSIGHTS, name="member")),
        bad={
            "they are off": put("it", "performanceInsightsEnabled", False),
            "nothing is said": drop("it", "performanceInsightsEnabled"),
            "they are under AWS's key": drop("it", "performanceInsightsKmsKeyId"),
            "they are under AWS's key, by its alias": put(
                "it", "performanceInsightsKmsKeyId", "alias/aws/rds"
            ),
            "a member's are off": put("member", "performanceInsightsEnabled", False),
            "a replica's are off: they are not taken over": replica(),
        },
        fine={"the key is not known yet": put("it", "performanceInsightsKmsKeyId", UNKNOWN)},
    ),
)
