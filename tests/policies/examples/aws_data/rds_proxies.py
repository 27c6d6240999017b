"""What stands beside databases."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

PROXY = "aws:rds/proxy:Proxy"
SNAPSHOT = "aws:rds/snapshot:Snapshot"
CLUSTER_SNAPSHOT = "aws:rds/clusterSnapshot:ClusterSnapshot"
COPY = "aws:rds/snapshotCopy:SnapshotCopy"
CLUSTER_COPY = "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy"
_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
_FRIEND = "444455556666"
_GOOD = (
    R(
        PROXY,
        {
            "requireTls": True,
            "auths": [
                {"authScheme": "SECRETS", "iamAuth": "REQUIRED"},
                {"authScheme": "SECRETS", "iamAuth": "REQUIRED"},
            ],
        },
        name="proxy",
    ),
    R(SNAPSHOT, {"sharedAccounts": [_FRIEND]}, name="snapshot"),
    R(CLUSTER_SNAPSHOT, {"sharedAccounts": [_FRIEND]}, name="cluster-snapshot"),
    R(COPY, {"kmsKeyId": _KEY, "sharedAccounts": [_FRIEND]}, name="copy"),
    R(CLUSTER_COPY, {"kmsKeyId": _KEY}, name="cluster-copy"),
)

EXAMPLES = (
    Example(
        "rds-proxy-snapshot",
        good=_GOOD,
        bad={
            "the proxy lets connections be plain": put("proxy", "requireTls", False),
            "it does by default": drop("proxy", "requireTls"),
            "its second login needs no IAM": put("proxy", "auths[1].iamAuth", "DISABLED"),
            "it needs none by default": drop("proxy", "auths[0].iamAuth"),
            "none of it": Bad(both(drop("proxy", "requireTls"), drop("proxy", "auths[0].iamAuth")), 2),
            "a snapshot is public": put("snapshot", "sharedAccounts", ["all"]),
            "it is public beside a friend": put("snapshot", "sharedAccounts", [_FRIEND, "all"]),
            "it is public, in a single value": put("cluster-snapshot", "sharedAccounts", ["ALL"]),
            "a copy is public": put("copy", "sharedAccounts", ["all"]),
        },
        fine={
            "it is shared with nobody": drop("snapshot", "sharedAccounts"),
            "the proxy logs in with IAM itself": both(
                put("proxy", "defaultAuthScheme", "IAM_AUTH"), drop("proxy", "auths")
            ),
            "the key is not known yet": put("copy", "kmsKeyId", UNKNOWN),
        },
        removed=("sharedAccounts[0]", "sharedAccounts[1]"),
    ),
    Example(
        "rds-proxy-snapshot",
        good=_GOOD,
        bad={
            "a copy has no key": drop("copy", "kmsKeyId"),
            "a cluster's copy has none": drop("cluster-copy", "kmsKeyId"),
        },
        by_hand=True,
    ),
)
