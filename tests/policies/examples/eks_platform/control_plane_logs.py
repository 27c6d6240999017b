"""What a control plane writes down, and where it is kept."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

CLUSTER = "aws:eks/cluster:Cluster"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"
KINDS = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

EXAMPLES = (
    Example(
        "eks-control-logs",
        good=(R(CLUSTER, {"enabledClusterLogTypes": KINDS}),),
        bad={
            "one is missing": put("it", "enabledClusterLogTypes", KINDS[:-1]),
            "all but one are": put("it", "enabledClusterLogTypes", ["audit"]),
            "one is misspelt": put("it", "enabledClusterLogTypes[3]", "controllermanager"),
            "nothing is logged": drop("it", "enabledClusterLogTypes"),
            "the list is empty": put("it", "enabledClusterLogTypes", []),
        },
        fine={"an unknown beside all of them": put("it", "enabledClusterLogTypes[5]", UNKNOWN)},
        open={"one of them is unknown": put("it", "enabledClusterLogTypes[4]", UNKNOWN)},
    ),
    Example(
        "eks-log-group",
        good=(
            R(CLUSTER, {"name": "blue"}, name="cluster"),
            R(
                LOG_GROUP,
                {"name": "/aws/eks/blue/cluster", "retentionInDays": 90, "kmsKeyId": "arn:aws:kms:::key/1"},
                name="logs",
            ),
            R(LOG_GROUP, {"name": "/aws/eks/green/cluster"}, name="unrelated"),
        ),
        bad={
            "there is none": without("logs"),
            "it is another cluster's": put("logs", "name", "/aws/eks/blue2/cluster"),
            "it never ends": drop("logs", "retentionInDays"),
            "it never ends, said with a zero": put("logs", "retentionInDays", 0),
            "it has no key": drop("logs", "kmsKeyId"),
            "it has neither": Bad(both(drop("logs", "retentionInDays"), drop("logs", "kmsKeyId")), 2),
            "a second cluster has none": add(R(CLUSTER, {"name": "red"}, name="second")),
        },
        fine={
            "its name is made from the cluster": both(
                both(put("cluster", "name", UNKNOWN), put("logs", "name", UNKNOWN)),
                options("logs", depends={"name": ["cluster"]}),
            ),
            "its key is made in the same update": put("logs", "kmsKeyId", UNKNOWN),
        },
        open={
            "the cluster has no name yet": put("cluster", "name", UNKNOWN),
            "nobody knows what it is called": put("logs", "name", UNKNOWN),
        },
        companions_hide=True,
    ),
)
