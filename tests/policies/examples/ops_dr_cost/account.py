"""The account's own safeguards."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, options, put, without

PROVIDER = "pulumi:providers:aws"
TRAIL = "aws:cloudtrail/trail:Trail"
DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
FEATURES = ("S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING")
BASELINE = (
    R(PROVIDER, {"region": "eu-central-1"}, name="aws"),
    R(
        TRAIL,
        {
            "isMultiRegionTrail": True,
            "enableLogFileValidation": True,
            "kmsKeyId": "arn:aws:kms:::key/1",
            "cloudWatchLogsGroupArn": "arn:aws:logs:::log-group:trail:*",
        },
        name="trail",
    ),
    R(DETECTOR, {"enable": True, "id": "d1"}, name="detector"),
    *(
        R(
            FEATURE,
            {"detectorId": "d1", "name": name, "status": "ENABLED"},
            name=name.lower(),
            depends={"detectorId": ["detector"]},
        )
        for name in FEATURES
    ),
    R("aws:cfg/recorder:Recorder", {"recordingGroup": {"allSupported": True}}, name="recorder"),
    R("aws:cfg/recorderStatus:RecorderStatus", {"isEnabled": True}, name="recording"),
    R("aws:securityhub/account:Account", {"enableDefaultStandards": True}, name="hub"),
    R("aws:accessanalyzer/analyzer:Analyzer", {"type": "ACCOUNT"}, name="analyzer"),
)
SWITCHES = (
    BASELINE[0],
    R("aws:ebs/encryptionByDefault:EncryptionByDefault", {"enabled": True}, name="volumes"),
    R(
        "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess",
        {"state": "block-all-sharing"},
        name="snapshots",
    ),
    R(
        "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock",
        {
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        name="buckets",
    ),
)
DELEGATED = {"delegatedTo": "the organization's audit account"}

EXAMPLES = (
    Example(
        "acct-baseline",
        good=BASELINE,
        bad={
            "no trail": without("trail"),
            "no detector": without("detector"),
            "no recorder": without("recorder"),
            "no Security Hub": without("hub"),
            "no analyzer": without("analyzer"),
            "nothing but a provider": Bad(lambda stack: [stack[0]], 5),
            "the trail is of one region": drop("trail", "isMultiRegionTrail"),
            "the trail's files can be changed": put("trail", "enableLogFileValidation", False),
            "the trail is off": put("trail", "enableLogging", False),
            "the trail leaves out IAM": put("trail", "includeGlobalServiceEvents", False),
            "the trail has no key": drop("trail", "kmsKeyId"),
            "the trail reaches no log group": drop("trail", "cloudWatchLogsGroupArn"),
            "the detector is off": put("detector", "enable", False),
            "a feature is off": put("rds_login_events", "status", "DISABLED"),
            "a feature is missing": without("runtime_monitoring"),
            "a feature is another detector's": both(
                put("eks_audit_logs", "detectorId", "d2"), options("eks_audit_logs", depends={})
            ),
            "the recorder is off": put("recording", "isEnabled", False),
            "the recorder leaves out things": put("recorder", "recordingGroup.allSupported", False),
        },
        fine={
            "features in the old place": both(
                without("s3_data_events"),
                without("eks_audit_logs"),
                put("detector", "datasources.s3Logs.enable", True),
                put("detector", "datasources.kubernetes.auditLogs.enable", True),
            ),
            "no provider, no account": lambda stack: [],
            "the key comes with the update": put("trail", "kmsKeyId", UNKNOWN),
        },
        open={"a feature's name is not known": put("rds_login_events", "name", UNKNOWN)},
        companions_hide=True,
        vocabulary=" ".join(FEATURES),
    ),
    Example(
        "acct-baseline",
        good=BASELINE[:1],
        bad={
            "a trail that proves nothing": lambda stack: [
                *stack,
                *drop("trail", "enableLogFileValidation")(BASELINE[1:2]),
            ],
        },
        config=DELEGATED,
        decided=True,
    ),
    Example(
        "acct-ebs-default",
        good=SWITCHES,
        bad={
            "volumes are encrypted one by one": put("volumes", "enabled", False),
            "snapshots can be public": put("snapshots", "state", "unblocked"),
            "one flag is off": put("buckets", "blockPublicPolicy", False),
            "one flag is not named": drop("buckets", "ignorePublicAcls"),
            "no switch for volumes": without("volumes"),
            "nothing but a provider": Bad(lambda stack: [stack[0]], 3),
        },
        fine={
            "enabled by default": drop("volumes", "enabled"),
            "what is public already may stay": put("snapshots", "state", "block-new-sharing"),
        },
        companions_hide=True,
        by_hand=True,
    ),
    Example(
        "acct-ebs-default",
        good=SWITCHES[:1],
        bad={
            "a switch is off": lambda stack: [*stack, *put("volumes", "enabled", False)(SWITCHES[1:2])],
        },
        config=DELEGATED,
        decided=True,
    ),
)
