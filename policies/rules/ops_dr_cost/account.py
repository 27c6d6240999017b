"""What watches over the AWS account itself: this stack's, or said to be somebody else's."""

from __future__ import annotations

from collections.abc import Callable

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types

PROVIDER = "pulumi:providers:aws"
TRAIL = "aws:cloudtrail/trail:Trail"
DETECTOR = "aws:guardduty/detector:Detector"
FEATURE = "aws:guardduty/detectorFeature:DetectorFeature"
RECORDER = "aws:cfg/recorder:Recorder"
RECORDER_STATUS = "aws:cfg/recorderStatus:RecorderStatus"
HUB = "aws:securityhub/account:Account"
ANALYZER = "aws:accessanalyzer/analyzer:Analyzer"
VOLUMES = "aws:ebs/encryptionByDefault:EncryptionByDefault"
SNAPSHOTS = "aws:ebs/snapshotBlockPublicAccess:SnapshotBlockPublicAccess"
BUCKETS = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
_FLAGS = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_FEATURES = {
    "S3_DATA_EVENTS": "datasources.s3Logs.enable",
    "EKS_AUDIT_LOGS": "datasources.kubernetes.auditLogs.enable",
    "RDS_LOGIN_EVENTS": "",
    "RUNTIME_MONITORING": "",
}
"""What GuardDuty must watch, and where a detector itself could switch it on."""
_MISSING = {
    TRAIL: "no trail records who does what in the account",
    DETECTOR: "GuardDuty does not watch the account",
    RECORDER: "AWS Config does not record the account's resources",
    HUB: "Security Hub does not check the account",
    ANALYZER: "Access Analyzer does not look for what outsiders can use",
}
_UNSET = {
    VOLUMES: "volumes are not encrypted unless each says so",
    SNAPSHOTS: "snapshots can be shared with everybody",
    BUCKETS: "nothing in the account keeps a bucket from being public",
}


class AccountSettings(Settings):
    """Who looks after the account."""

    delegated_to: str = Field(
        default="",
        description="The stack or account that looks after it; empty if the judged stack does.",
    )


def _need(stack: Stack, check: Check, wanted: dict[str, str]) -> None:
    """Report what a stack that looks after its own account lacks."""
    if not stack.of(PROVIDER) or check.settings(AccountSettings).delegated_to:
        return
    with check.on(stack.root):
        for type_, missing in wanted.items():
            if not stack.of(type_):
                check.violation(missing)


@stack_rule(
    "acct-baseline",
    types(PROVIDER, TRAIL, DETECTOR, FEATURE, RECORDER, RECORDER_STATUS, HUB, ANALYZER),
    title="The account is recorded, watched and checked",
    why="An intruder with stolen credentials works for months where nobody records or watches.",
    fix="Make a trail, a GuardDuty detector with its features, a Config recorder, Security Hub and an access "
    "analyzer, or name under delegatedTo who does.",
    severity=Severity.HIGH,
    refs="FSBP CloudTrail.1, FSBP CloudTrail.2, FSBP CloudTrail.4, FSBP CloudTrail.5, FSBP GuardDuty.1, "
    "FSBP GuardDuty.9, FSBP GuardDuty.10, FSBP Config.1, CIS 3.1, CIS 3.2, CIS 3.3, CIS 3.5, CIS 1.19, "
    "CIS 4.16, CKV AWS_35, CKV AWS_36, CKV AWS_67, CKV AWS_238",
    dev="disabled",
    prod="advisory",
    settings=AccountSettings,
    departs="What the stack does have of it is judged even where somebody else looks after the account.",
)
def baseline(stack: Stack, check: Check) -> None:
    _need(stack, check, _MISSING)
    judges = {TRAIL: _trail, RECORDER: _recorder, RECORDER_STATUS: _recording}
    for type_, judge in judges.items():
        for resource in stack.of(type_):
            with check.on(resource):
                judge(resource, check)
    for detector in stack.of(DETECTOR):
        with check.on(detector):
            _detector(stack, detector, check)


def _trail(trail: Resource, check: Check) -> None:
    for prop, default, wrong in (
        ("isMultiRegionTrail", False, "it records one region alone"),
        ("enableLogFileValidation", False, "nobody can tell whether its files were changed"),
        ("enableLogging", True, "it records nothing"),
        ("includeGlobalServiceEvents", True, "it leaves out IAM and other global services"),
    ):
        with check.part():
            if not trail[prop].truth(default=default):
                check.violation(wrong, trail[prop])
    for prop, wrong in (
        ("kmsKeyId", "its files are not encrypted with a key of your own"),
        ("cloudWatchLogsGroupArn", "no log group gets its events, so that no alarm can"),
    ):
        if not trail[prop].present:
            check.violation(wrong, trail[prop])


def _recorder(recorder: Resource, check: Check) -> None:
    group = recorder["recordingGroup"]
    if not group["allSupported"].truth(default=True):
        check.violation("it leaves out kinds of resources", group["allSupported"])


def _recording(status: Resource, check: Check) -> None:
    if not status["isEnabled"].truth(default=False):
        check.violation("the recorder is off", status["isEnabled"])


def _detector(stack: Stack, detector: Resource, check: Check) -> None:
    with check.part():
        if not detector["enable"].truth(default=True):
            check.violation("GuardDuty is off", detector["enable"])
    for feature, inside in _FEATURES.items():
        with check.part():
            if inside and detector[inside].truth(default=False):
                continue
            if not any_holds(*_switched_on(stack, detector, feature)):
                check.violation(f"GuardDuty does not watch {feature}")


def _switched_on(stack: Stack, detector: Resource, feature: str) -> list[Callable[[], bool]]:
    return [
        lambda one=one: all_hold(
            lambda: one["name"].text() == feature, lambda: one["status"].text() == "ENABLED"
        )
        for one in stack.companions(detector, FEATURE, "detectorId")
    ]


def _close(draft: Draft, _: Settings) -> None:
    if draft.type == VOLUMES:
        draft.put("enabled", value=True)
    elif draft.type == SNAPSHOTS and draft.get("state") != "block-new-sharing":
        draft.put("state", "block-all-sharing")
    elif draft.type == BUCKETS:
        for flag in _FLAGS:
            draft.put(flag, value=True)


@stack_rule(
    "acct-ebs-default",
    types(PROVIDER, VOLUMES, SNAPSHOTS, BUCKETS),
    title="The account encrypts every volume, and shares no snapshot or bucket with everybody",
    why="These switches hold where a single resource was made in haste, and by whoever made it.",
    fix="Make EncryptionByDefault, a SnapshotBlockPublicAccess that blocks all sharing and an "
    "AccountPublicAccessBlock with all four flags, or name under delegatedTo who does.",
    severity=Severity.MEDIUM,
    refs="FSBP EC2.7, FSBP S3.1, CKV AWS_106",
    dev="disabled",
    prod="advisory",
    settings=AccountSettings,
    remedy=_close,
    departs="It looks at the whole stack, since what is missing shows on no resource.",
)
def defaults(stack: Stack, check: Check) -> None:
    _need(stack, check, _UNSET)
    for resource in stack.of(VOLUMES):
        with check.on(resource):
            if not resource["enabled"].truth(default=True):
                check.violation(_UNSET[VOLUMES], resource["enabled"])
    for resource in stack.of(SNAPSHOTS):
        with check.on(resource):
            if resource["state"].text() not in ("block-all-sharing", "block-new-sharing"):
                check.violation(_UNSET[SNAPSHOTS], resource["state"])
    for resource in stack.of(BUCKETS):
        with check.on(resource):
            for flag in _FLAGS:
                with check.part():
                    if not resource[flag].truth(default=False):
                        check.violation(f"the account leaves {flag} off", resource[flag])
