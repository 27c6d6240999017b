"""Databases and volumes that a backup plan really takes."""

from typing import Any

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, same, without

DB = "aws:rds/instance:Instance"
SELECTION = "aws:backup/selection:Selection"
STATEFUL = "kubernetes:apps/v1:StatefulSet"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
_ARN = "arn:aws:rds:eu-central-1:111122223333:db:letters"


def _selected(**props: Any) -> Change:
    """By these properties alone."""
    return lambda stack: [
        R(SELECTION, {"planId": "p", **props}, name="selection") if one.name == "selection" else one
        for one in stack
    ]


def _tag(key: str, value: str) -> dict[str, str]:
    return {"type": "STRINGEQUALS", "key": key, "value": value}


def _condition(**tests: tuple[str, str]) -> list[dict[str, Any]]:
    return [
        {name: [{"key": f"aws:ResourceTag/{key}", "value": value}] for name, (key, value) in tests.items()}
    ]


EXAMPLES = (
    Example(
        "bkp-plan-coverage",
        good=(
            R(DB, {"arn": _ARN, "tags": {"backup": "daily", "env": "prod"}}, name="db"),
            R(
                SELECTION,
                {"planId": "p", "resources": [_ARN]},
                name="selection",
                depends={"resources": ["db"]},
            ),
        ),
        bad={
            "nothing is selected": without("selection"),
            "another one is selected": _selected(resources=[_ARN.replace("letters", "other")]),
            "another kind is selected, and its ARN is unknown": both(
                put("db", "arn", UNKNOWN), _selected(resources=["arn:aws:dynamodb:*:*:table/*"])
            ),
            "another kind is selected": _selected(resources=["arn:aws:dynamodb:*:*:table/*"]),
            "a tag that it does not have": _selected(selectionTags=[_tag("backup", "weekly")]),
            "a tag in another case": _selected(selectionTags=[_tag("Backup", "daily")]),
            "one condition does not hold": _selected(
                resources=["*"],
                conditions=_condition(stringEquals=("backup", "daily"), stringLikes=("env", "d*")),
            ),
            "a condition excludes it": _selected(
                resources=["*"], conditions=_condition(stringNotEquals=("env", "prod"))
            ),
            "a pattern excludes it": _selected(
                resources=["*"], conditions=_condition(stringNotLikes=("env", "p*"))
            ),
            "it is named as an exception": _selected(resources=["*"], notResources=[_ARN]),
            "a second one is not selected": add(
                R(DB, {"arn": _ARN.replace("letters", "second")}, name="second")
            ),
            "a cluster is not selected": add(
                R(
                    "aws:rds/cluster:Cluster",
                    {"arn": "arn:aws:rds:eu-central-1:111122223333:cluster:c"},
                    name="cluster",
                )
            ),
        },
        fine={
            "its ARN is not known yet": both(
                put("db", "arn", UNKNOWN), put("selection", "resources", [UNKNOWN])
            ),
            "all databases": _selected(resources=["arn:aws:rds:*:*:db:*"]),
            "all databases, and its ARN is unknown": both(
                put("db", "arn", UNKNOWN), _selected(resources=["arn:aws:rds:*:*:db:*"])
            ),
            "everything": _selected(resources=["*"]),
            "everything but others": _selected(
                resources=["*"], notResources=["arn:aws:dynamodb:*:*:table/*"]
            ),
            "one of several tags": _selected(selectionTags=[_tag("x", "y"), _tag("backup", "daily")]),
            "conditions alone": _selected(conditions=_condition(stringEquals=("backup", "daily"))),
            "conditions that all hold": _selected(
                resources=["*"],
                conditions=_condition(
                    stringEquals=("backup", "daily"),
                    stringLikes=("env", "p*"),
                    stringNotEquals=("env", "dev"),
                    stringNotLikes=("missing", "*"),
                ),
            ),
            "another selection takes it": both(
                _selected(resources=[]),
                add(R(SELECTION, {"planId": "p", "resources": ["*"]}, name="second")),
            ),
            "a replica": add(R(DB, {"arn": "arn:replica", "replicateSourceDb": "db"}, name="replica")),
        },
        open={
            "nobody knows what is selected": both(
                put("selection", "resources", UNKNOWN), options("selection", depends={})
            ),
            "its ARN is not known, and a name is": both(
                put("db", "arn", UNKNOWN), options("selection", depends={})
            ),
            "its tags are not known": both(
                put("db", "tags", UNKNOWN), _selected(selectionTags=[_tag("backup", "daily")])
            ),
        },
        companions_hide=True,
    ),
    Example(
        "bkp-plan-coverage",
        good=(
            R(
                STATEFUL,
                {
                    "metadata": {"name": "events", "labels": {"app.kubernetes.io/name": "clickhouse"}},
                    "spec": {
                        "volumeClaimTemplates": [
                            {"metadata": {"name": "files"}, "spec": {"storageClassName": "kept"}}
                        ]
                    },
                },
                name="events",
            ),
            R(
                CLASS,
                {
                    "metadata": {"name": "kept"},
                    "parameters": {"type": "gp3", "tagSpecification_1": "backup=daily"},
                },
                name="class",
            ),
            R(SELECTION, {"planId": "p", "selectionTags": [_tag("backup", "daily")]}, name="selection"),
        ),
        bad={
            "nothing is selected": without("selection"),
            "the class sets no tag": drop("class", "parameters.tagSpecification_1"),
            "the class sets another tag": put("class", "parameters.tagSpecification_1", "backup=never"),
            "other kinds are selected": _selected(resources=["arn:aws:rds:*:*:db:*"]),
            "one volume is selected": _selected(resources=["arn:aws:ec2:eu-central-1:1:volume/vol-1"]),
            "no class is named, and none is the default": drop(
                "events", "spec.volumeClaimTemplates[0].spec.storageClassName"
            ),
            "the class is another one": put(
                "events", "spec.volumeClaimTemplates[0].spec.storageClassName", "plain"
            ),
            "a second volume has another class": put(
                "events", "spec.volumeClaimTemplates[1]", {"spec": {"storageClassName": "plain"}}
            ),
            "a claim has another class": add(
                R(
                    CLAIM,
                    {
                        "metadata": {"labels": {"app.kubernetes.io/name": "clickhouse"}},
                        "spec": {"storageClassName": "plain"},
                    },
                    name="claim",
                )
            ),
        },
        fine={
            "all volumes": _selected(resources=["arn:aws:ec2:*:*:volume/*"]),
            "the cluster's default class": both(
                put("class", "metadata.annotations", {"storageclass.kubernetes.io/is-default-class": "true"}),
                drop("events", "spec.volumeClaimTemplates[0].spec.storageClassName"),
            ),
            "it is no database": both(
                put("events", "metadata.labels", {"app": "cache"}), without("selection")
            ),
        },
        companions_hide=True,
    ),
    Example(
        "bkp-plan-coverage",
        good=(
            R(
                CLAIM,
                {"metadata": {"labels": {"app.kubernetes.io/name": "clickhouse"}}, "spec": {}},
                name="claim",
            ),
        ),
        bad={
            "it is of an app that counts": put(
                "claim", "metadata.labels", {"app.kubernetes.io/name": "kafka"}
            )
        },
        fine={"others need none": same},
        open={"nobody knows what it is": put("claim", "metadata.labels", UNKNOWN)},
        config={"apps": ["kafka"]},
    ),
)
