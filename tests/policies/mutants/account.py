"""What the pack ops-dr-cost notices about alarms and the account."""

from typing import Any

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import R, add, both, without

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
CONNECTIONS = ("connections", "silent")
ERRORS = ("alb-5xx", "alb-target-5xx")
TOPIC = "aws:sns/topic:Topic"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
TRAIL = "aws:cloudtrail/trail:Trail"
GOOD_TRAIL = {
    "isMultiRegionTrail": True,
    "enableLogFileValidation": True,
    "kmsKeyId": "arn:aws:kms:eu-central-1:111122223333:key/1",
    "cloudWatchLogsGroupArn": "arn:aws:logs:eu-central-1:111122223333:log-group:trail:*",
}
TAGS = {
    "owner": "platform",
    "env": "prod",
    "project": "roost",
    "data-class": "internal",
    "cost-center": "production",
}


def tagged(**props: Any) -> dict[str, Any]:
    return {"tags": TAGS, **props}


INSIDE = R(
    BALANCER,
    tagged(
        internal=True,
        loadBalancerType="application",
        arnSuffix="app/inside/1",
        subnets=["subnet-1", "subnet-2"],
        dropInvalidHeaderFields=True,
        enableDeletionProtection=True,
        accessLogs={"enabled": True, "bucket": "logs"},
    ),
    name="inside",
)


def told(**changes: Any) -> R:
    """An alarm on the second load balancer."""
    props: dict[str, Any] = {
        "namespace": "AWS/ApplicationELB",
        "metricName": "HTTPCode_Target_5XX_Count",
        "dimensions": {"LoadBalancer": "app/inside/1"},
        "alarmActions": ["arn:aws:sns:eu-central-1:111122223333:alarms"],
    }
    return R("aws:cloudwatch/metricAlarm:MetricAlarm", tagged(**{**props, **changes}), name="errors")


MUTANTS = (
    mutant("a second load balancer with its alarm", add(INSIDE, told())),
    *each(
        "nobody hears of a second load balancer's errors",
        [
            ("no alarm", add(INSIDE)),
            ("a silent alarm", add(INSIDE, told(actionsEnabled=False))),
            ("an alarm without actions", add(INSIDE, told(alarmActions=[]))),
            ("an alarm on requests", add(INSIDE, told(metricName="RequestCount"))),
            ("an alarm on another one", add(INSIDE, told(dimensions={"LoadBalancer": "app/edge/1"}))),
        ],
        "mon-alarms",
    ),
    *each(
        "nobody hears of what the stack's own alarms are about",
        [
            (
                "the database's storage",
                both(*(without(f"{ALARM}::alarms-rds-storage-{one}") for one in ("warning", "critical"))),
            ),
            ("its CPU", without(f"{ALARM}::alarms-rds-cpu")),
            ("its connections", both(*(without(f"{ALARM}::alarms-rds-{one}") for one in CONNECTIONS))),
            ("errors of the load balancer", both(*(without(f"{ALARM}::alarms-{one}") for one in ERRORS))),
            ("pods that find no node", without(f"{ALARM}::alarms-eks-unschedulable")),
            ("failed backups", without(f"{ALARM}::alarms-backup-failed-backups")),
        ],
        "mon-alarms",
    ),
    *(
        mutant(
            f"nobody hears what happens to a {one}",
            without(f"aws:rds/eventSubscription:EventSubscription::alarm-events-{one}"),
            "rds-events",
        )
        for one in ("db-instance", "db-parameter-group", "db-security-group")
    ),
    mutant("alarms go in the clear", add(R(TOPIC, tagged(), name="alarms")), "mon-alarms"),
    *each(
        "a trail that proves little",
        [
            (
                "of one region",
                add(R(TRAIL, tagged(**{**GOOD_TRAIL, "isMultiRegionTrail": False}), name="trail")),
            ),
            (
                "without digests",
                add(R(TRAIL, tagged(**{**GOOD_TRAIL, "enableLogFileValidation": False}), name="trail")),
            ),
            ("without a key", add(R(TRAIL, tagged(**{**GOOD_TRAIL, "kmsKeyId": ""}), name="trail"))),
        ],
        "acct-baseline",
    ),
    mutant(
        "GuardDuty watches none of what there is",
        add(R("aws:guardduty/detector:Detector", tagged(enable=True), name="detector")),
        "acct-baseline",
    ),
    *each(
        "a switch of the account is off",
        [
            (
                "volumes",
                add(R("aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": False}, name="v")),
            ),
            (
                "snapshots",
                add(
                    R(
                        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
                        {"state": "unblocked"},
                        name="s",
                    )
                ),
            ),
            (
                "buckets",
                add(
                    R(
                        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
                        {"blockPublicAcls": True},
                        name="b",
                    )
                ),
            ),
        ],
        "acct-ebs-default",
    ),
)
