"""Alarms on what is there, and the topics that they tell."""

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
DATABASE = "aws:rds/instance:Instance"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TOPIC = "aws:sns/topic:Topic"
TOPIC_POLICY = "aws:sns/topicPolicy:TopicPolicy"
ARN = "arn:aws:sns:eu-central-1:111122223333:alarms"


def alarm(name: str, of: str, namespace: str, metric: str, **dimensions: str) -> R:
    return R(
        ALARM,
        {
            "namespace": namespace,
            "metricName": metric,
            "dimensions": dimensions,
            "alarmActions": [ARN],
            "threshold": 1,
        },
        name=name,
        depends={"dimensions": [of], "alarmActions": ["alarms"]},
    )


def policy(**statement: Any) -> str:
    return json.dumps(
        {"Statement": [{"Effect": "Allow", "Action": "sns:Publish", "Resource": ARN, **statement}]}
    )


OWNERS = {"StringEquals": {"AWS:SourceOwner": "111122223333"}}
GOOD = (
    R(DATABASE, {"identifier": "roost", "engine": "postgres"}, name="database"),
    R(BALANCER, {"arnSuffix": "app/edge/1", "loadBalancerType": "application"}, name="edge"),
    R("aws:eks/cluster:Cluster", {"name": "roost-prod"}, name="cluster"),
    R("aws:backup/vault:Vault", {"name": "roost-vault"}, name="vault"),
    R(
        TOPIC,
        {
            "arn": ARN,
            "kmsMasterKeyId": "arn:aws:kms:::key/1",
            "policy": policy(Principal="*", Condition=OWNERS),
        },
        name="alarms",
    ),
    R(
        TOPIC_POLICY,
        {"arn": ARN, "policy": policy(Principal={"Service": "cloudwatch.amazonaws.com"})},
        name="publishers",
        depends={"arn": ["alarms"]},
    ),
    alarm("storage", "database", "AWS/RDS", "FreeStorageSpace", DBInstanceIdentifier="roost"),
    alarm("processor", "database", "AWS/RDS", "CPUUtilization", DBInstanceIdentifier="roost"),
    alarm("connections", "database", "AWS/RDS", "DatabaseConnections", DBInstanceIdentifier="roost"),
    alarm("errors", "edge", "AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", LoadBalancer="app/edge/1"),
    alarm("nodes", "cluster", "ContainerInsights", "cluster_failed_node_count", ClusterName="roost-prod"),
    alarm("copies", "vault", "AWS/Backup", "NumberOfBackupJobsFailed", BackupVaultName="roost-vault"),
)
ALARMS = [one.name for one in GOOD if one.type == ALARM]
REPLICA = R(DATABASE, {"identifier": "reader", "replicateSourceDb": "roost"}, name="reader")


def elsewhere(name: str, dimension: str) -> Change:
    return both(
        put(name, f"dimensions.{dimension}", "other"), options(name, depends={"alarmActions": ["alarms"]})
    )


def query(metric: str) -> dict[str, Any]:
    dimensions = {"DBInstanceIdentifier": "roost"}
    return {"id": "m", "metric": {"namespace": "AWS/RDS", "metricName": metric, "dimensions": dimensions}}


EXAMPLES = (
    Example(
        "mon-alarms",
        good=GOOD,
        bad={
            "no alarm on storage": without("storage"),
            "the alarm on CPU is another database's": elsewhere("processor", "DBInstanceIdentifier"),
            "the alarm on connections is of another metric": put("connections", "metricName", "ReadIOPS"),
            "the metric is of another service": put("connections", "namespace", "AWS/EC2"),
            "the alarm on errors is switched off": put("errors", "actionsEnabled", False),
            "the alarm on errors tells nobody": both(
                drop("errors", "alarmActions"), options("errors", depends={"dimensions": ["edge"]})
            ),
            "the alarm only scales": both(
                put("errors", "alarmActions", ["arn:aws:autoscaling:eu-central-1:111122223333:policy"]),
                options("errors", depends={"dimensions": ["edge"]}),
            ),
            "no alarm on nodes": without("nodes"),
            "no alarm on failed backups": without("copies"),
            "there are no alarms": Bad(both(*(without(name) for name in ALARMS)), 6),
            "a read replica without any": Bad(add(REPLICA), 4),
            "a second load balancer": add(R(BALANCER, {"arnSuffix": "app/second/2"}, name="second")),
            "the topic has no key": drop("alarms", "kmsMasterKeyId"),
            "the topic's key is one that alarms may not use": put(
                "alarms", "kmsMasterKeyId", "alias/aws/sns"
            ),
            "the topic is everybody's": put("alarms", "policy", policy(Principal="*")),
            "the policy beside it lets everybody in": put(
                "publishers", "policy", policy(Principal={"AWS": ["*"]})
            ),
            "everybody in the same region": put(
                "publishers",
                "policy",
                policy(Principal="*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-central-1"}}),
            ),
        },
        fine={
            "pods that find no node": both(
                put("nodes", "namespace", "AWS/EKS"),
                put("nodes", "metricName", "scheduler_pending_pods_UNSCHEDULABLE"),
            ),
            "linked by their names alone": both(
                *(options(name, depends={}) for name in ALARMS), options("publishers", depends={})
            ),
            "the metric is in a query": both(
                drop("storage", "metricName"),
                drop("storage", "dimensions"),
                put("storage", "metricQueries", [{"id": "e", "expression": "m"}, query("FreeStorageSpace")]),
            ),
            "a network load balancer has no such errors": add(
                R(BALANCER, {"loadBalancerType": "network"}, name="second")
            ),
            "a topic of another stack": both(
                without("alarms"),
                without("publishers"),
                *(options(name, depends={}) for name in ALARMS),
            ),
        },
        open={
            "nobody knows what the alarm on storage is of": both(
                put("storage", "dimensions.DBInstanceIdentifier", UNKNOWN), options("storage", depends={})
            ),
            "the alarm on storage and the database are named after the same random text": both(
                add(R("random:index/randomString:RandomString", {"length": 8}, name="suffix")),
                put("storage", "dimensions.DBInstanceIdentifier", UNKNOWN),
                options("storage", depends={"dimensions": ["suffix"], "alarmActions": ["alarms"]}),
            ),
            "nobody knows whom the alarm on storage tells": both(
                put("storage", "alarmActions", [UNKNOWN]), options("storage", depends={})
            ),
        },
        companions_hide=True,
        vocabulary="alarms nodes connections",
    ),
)
