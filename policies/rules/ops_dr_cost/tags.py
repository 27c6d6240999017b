"""Tags and labels: whose a resource is, what it belongs to, and how careful to be with it."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.taggable import TAGGABLE, tags
from policies.lib.types import WORKLOADS
from policies.lib.values import Value

DATA_CLASS = "data-class"


class Tags(Settings):
    """What must be said of every resource."""

    tags: tuple[str, ...] = Field(
        default=("owner", "env", "project", DATA_CLASS, "cost-center"),
        description="Tags that every AWS resource needs; those of the provider's defaultTags count.",
    )
    values: dict[str, tuple[str, ...]] = Field(
        default={DATA_CLASS: ("public", "internal", "confidential", "restricted", "test")},
        description="The values that are agreed for some tags.",
    )
    labels: tuple[str, ...] = Field(
        default=("app.kubernetes.io/name", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by"),
        description="Labels that every Kubernetes workload needs.",
    )
    fallback: dict[str, str] = Field(
        default={DATA_CLASS: "confidential"},
        description="What the remedy writes where a tag is missing; the rest is for a person to say.",
    )


def _tag(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Tags)
    if draft.type not in TAGGABLE or is_unknown(draft.get("tags")):
        return
    there = tags(Value(draft.get("tags")), draft.provider)
    for key in settings.tags:
        if key in settings.fallback and not (key in there and there[key].present):
            draft.put(f"tags.{key}", settings.fallback[key])


@resource_rule(
    "tag-required",
    TAGGABLE | WORKLOADS,
    title="Every resource says whose it is",
    why="Nobody answers for, pays for or dares to remove what has no owner.",
    fix="Set the tag, best in the provider's defaultTags; on a workload, the label in its metadata.",
    severity=Severity.LOW,
    refs="",
    dev="advisory",
    prod="remediate",
    url="https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
    settings=Tags,
    remedy=_tag,
    departs=(
        "Which tags, and their values, is a setting. The remedy writes only what the setting `fallback` has "
        "a careful value for: an owner cannot be guessed."
    ),
)
def required(resource: Resource, check: Check) -> None:
    settings = check.settings(Tags)
    if resource.type in WORKLOADS:
        if not resource.patch:  # what a patch leaves alone may have them
            _expect_labels(resource, settings.labels, check)
        return
    there = tags(resource["tags"], resource.provider)
    for key in settings.tags:
        with check.part():
            if key not in there or not there[key].present:
                check.violation(f"it has no tag {key}", "tags")
            elif key in settings.values and there[key].text() not in settings.values[key]:
                check.violation(f"the tag {key} has none of the values that are agreed", "tags")


def _expect_labels(workload: Resource, wanted: tuple[str, ...], check: Check) -> None:
    labels = workload["metadata.labels"].entries()
    for key in wanted:
        if key not in labels or not labels[key].present:
            check.violation(f"it has no label {key}", "metadata.labels")


class Environment(Settings):
    """How an environment is told from its tags."""

    tag: str = Field(default="env", description="The tag that names the stack that a resource belongs to.")
    data_class_tag: str = Field(default=DATA_CLASS, description="The tag that says what data is in it.")
    refused_data_classes: tuple[str, ...] = Field(
        default=("test",), description="Data classes that have no place in this environment."
    )


@resource_rule(
    "tag-env-matches",
    TAGGABLE,
    title="Tags name the stack that a resource is in",
    why="What is tagged as a test is handled like one: found by clean-ups, missed by audits.",
    fix="Let the tag be made from pulumi.get_stack(), and let production's data class be a real one.",
    severity=Severity.LOW,
    refs="",
    dev="advisory",
    prod="mandatory",
    url="https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html",
    settings=Environment,
)
def environment_matches(resource: Resource, check: Check) -> None:
    settings = check.settings(Environment)
    there = tags(resource["tags"], resource.provider)
    with check.part():
        said = there.get(settings.tag, Value(None))
        if said.present and said.text() != resource.stack_name:
            check.violation(f"its tag {settings.tag} names another stack", "tags")
    with check.part():
        if there.get(settings.data_class_tag, Value(None)).text() in settings.refused_data_classes:
            check.violation(f"its {settings.data_class_tag} has no place in this environment", "tags")
