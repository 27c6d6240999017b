"""Tags and labels."""

import json

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

BUCKET = "aws:s3/bucket:Bucket"
KEY = "aws:kms/key:Key"
BALANCER = "aws:lb/loadBalancer:LoadBalancer"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
_TAGS = {
    "owner": "platform",
    "env": "prod",
    "project": "roost",
    "data-class": "internal",
    "cost-center": "42",
}
_DEFAULT_TAGS = {"defaultTags": json.dumps({"tags": _TAGS})}
_LABELS = {
    "app.kubernetes.io/name": "server",
    "app.kubernetes.io/part-of": "roost",
    "app.kubernetes.io/managed-by": "pulumi",
}

EXAMPLES = (
    Example(
        "tag-required",
        good=(
            R(BUCKET, {"tags": _TAGS}, name="bucket"),
            R(BALANCER, {"tags": _TAGS}, name="balancer"),
            R(
                KEY,
                {"tags": {"owner": "other"}},
                name="key",
                provider=_DEFAULT_TAGS,
            ),
            R(DEPLOYMENT, {"metadata": {"labels": _LABELS}}, name="server"),
            R(CRON_JOB, {"metadata": {"labels": _LABELS}}, name="clean-up"),
        ),
        bad={
            "no data class": drop("bucket", "tags.data-class"),
            "a data class that is none": put("bucket", "tags.data-class", "secretish"),
            "an empty owner": put("balancer", "tags.owner", ""),
            "a tag of another case": both(
                drop("bucket", "tags.owner"), put("bucket", "tags.Owner", "platform")
            ),
            "no tags at all": Bad(drop("bucket", "tags"), 5),
            "no label that says what it is part of": put(
                "server", "metadata.labels", {k: v for k, v in _LABELS.items() if "part-of" not in k}
            ),
            "a default tag that is taken away again": put("key", "tags.project", ""),
            "no labels": Bad(put("clean-up", "metadata", {"name": "c"}), 3),
        },
        fine={
            "more tags": put("bucket", "tags.Name", "backups"),
            "a value that is not known yet": put("bucket", "tags.cost-center", UNKNOWN),
        },
        open={
            "tags that are not known": put("bucket", "tags", UNKNOWN),
            "a data class that is not known": put("bucket", "tags.data-class", UNKNOWN),
        },
        patches=False,
        by_hand=True,
    ),
    Example(
        "tag-required",
        good=(R(KEY, {"tags": {"team": "a"}}, name="key"), R(DEPLOYMENT, {}, name="server")),
        bad={"what the settings ask for": put("key", "tags", {"owner": "a"})},
        config={"tags": ["team"], "labels": [], "fallback": {"team": "nobody"}},
        open={"tags that are not known": put("key", "tags", UNKNOWN)},
    ),
    Example(
        "tag-env-matches",
        good=(
            R(BUCKET, {"tags": _TAGS}, name="bucket"),
            R(BUCKET, {"tags": {**_TAGS, "env": "dev"}}, name="elsewhere", stack="dev"),
        ),
        bad={
            "another stack's": put("bucket", "tags.env", "dev"),
            "another case": put("bucket", "tags.env", "Prod"),
            "data of tests": put("bucket", "tags.data-class", "test"),
            "both": Bad(both(put("bucket", "tags.env", "dev"), put("bucket", "tags.data-class", "test")), 2),
            "the second is production's": put("elsewhere", "tags.env", "prod"),
        },
        fine={"nothing is said, which another rule is about": drop("bucket", "tags")},
        open={"tags that are not known": put("bucket", "tags", UNKNOWN)},
        vocabulary="test",
    ),
    Example(
        "tag-env-matches",
        good=(R(BUCKET, {"tags": {"stage": "prod", "env": "dev", "class": "test"}}, name="bucket"),),
        bad={"the tag of the settings": put("bucket", "tags.stage", "dev")},
        config={"tag": "stage", "dataClassTag": "class", "refusedDataClasses": []},
    ),
)
