"""Databases and volumes that a backup plan really takes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import matches
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import State, Undetermined, Value

SELECTION = "aws:backup/selection:Selection"
INSTANCE = "aws:rds/instance:Instance"
_VOLUMES = "arn:aws:ec2:*:*:volume/*"
ARNS = {
    INSTANCE: "arn:aws:rds:*:*:db:*",
    "aws:rds/cluster:Cluster": "arn:aws:rds:*:*:cluster:*",
    "aws:ebs/volume:Volume": _VOLUMES,
}
"""What holds data, and the ARNs of its kind."""
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
STATEFUL = "kubernetes:apps/v1:StatefulSet"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
_APP = "app.kubernetes.io/name"
_IS_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_TAG_OF_CLASS = "tagSpecification_"
_TAG_PREFIX = "aws:ResourceTag/"


class Coverage(Settings):
    """What must be backed up beside databases and volumes."""

    apps: tuple[str, ...] = Field(
        default=("clickhouse",),
        description=f"Values of the label {_APP} on StatefulSets and claims whose volumes count.",
    )


@dataclass(frozen=True)
class _Kept:
    """Something to be backed up, as AWS Backup knows it."""

    urn: str
    """Empty for a volume that Kubernetes makes: nobody here ever knows its ARN."""
    arn: Value
    arns: str
    """Pattern of the ARNs of its kind."""
    tag: Callable[[str], Value]

    def is_named(self, selection: Resource, prop: str) -> bool:
        """Whether a list of ARNs, perhaps with wildcards, names it."""
        if self.urn in selection.dependencies.get(prop, ()):
            return True
        return any_holds(*(lambda item=item: self._matches(item) for item in selection[prop].items()))

    def _matches(self, item: Value) -> bool:
        pattern = item.text()
        if self.arn.known:
            return matches(pattern, self.arn.text())
        if matches(pattern, self.arns):
            return True
        if self.urn and _service(pattern) in (_service(self.arns), "*"):
            raise Undetermined("arn", "is not known before the update")
        return False


@stack_rule(
    "bkp-plan-coverage",
    types(SELECTION, ARNS, CLAIM, STATEFUL, CLASS),
    title="A backup plan takes every database and every volume with data",
    why="A plan takes what its selections name, by ARN or by tags that a resource really has; what it misses "
    "is noticed on the day of the restore.",
    fix="Let a backup Selection name the resource's ARN, or tags that it or its storage class sets.",
    severity=Severity.HIGH,
    refs="FSBP RDS.26, FSBP EC2.28, CKV 2_AWS_8, CKV 2_AWS_9",
    dev="disabled",
    prod="mandatory",
    settings=Coverage,
)
def plan_coverage(stack: Stack, check: Check) -> None:
    selections = stack.of(SELECTION)
    for resource in stack.of(*ARNS):
        with check.on(resource):
            if not resource["replicateSourceDb"].present:  # a replica can be made anew
                _judge(_aws(resource), selections, check)
    classes = _classes(stack)
    for resource in stack.of(CLAIM, STATEFUL):
        with check.on(resource):
            if resource["metadata.labels"][_APP].text() in check.settings(Coverage).apps:
                for claim in _claims(resource):
                    with check.part():
                        _judge(_volume(claim, classes), selections, check)


def _service(arn: str) -> str:
    return "".join(arn.split(":")[2:3]) or "*"


def _judge(kept: _Kept, selections: list[Resource], check: Check) -> None:
    if not any_holds(*(lambda one=one: _takes(one, kept) for one in selections)):
        check.violation("no selection of a backup plan takes it")


def _takes(selection: Resource, kept: _Kept) -> bool:
    resources, tags = selection["resources"], selection["selectionTags"]
    return all_hold(
        lambda: any_holds(
            lambda: not resources.items() and not tags.items(),
            lambda: kept.is_named(selection, "resources"),
            *(lambda tag=tag: _same(kept.tag(tag["key"].text()), tag["value"]) for tag in tags.items()),
        ),
        *_conditions(selection, kept),
        lambda: not kept.is_named(selection, "notResources"),
    )


def _conditions(selection: Resource, kept: _Kept) -> Iterator[Callable[[], bool]]:
    """All of them must hold, other than of `selectionTags`."""
    for condition in selection["conditions"].items():
        for name, test, wanted in (
            ("stringEquals", _same, True),
            ("stringLikes", _like, True),
            ("stringNotEquals", _same, False),
            ("stringNotLikes", _like, False),
        ):
            for one in condition[name].items():
                yield (
                    lambda one=one, test=test, wanted=wanted: (
                        test(kept.tag(one["key"].text().removeprefix(_TAG_PREFIX)), one["value"]) == wanted
                    )
                )


def _same(tag: Value, value: Value) -> bool:
    return tag.state is not State.ABSENT and tag.text() == value.text()


def _like(tag: Value, value: Value) -> bool:
    return tag.state is not State.ABSENT and matches(value.text(), tag.text())


def _aws(resource: Resource) -> _Kept:
    return _Kept(resource.urn, resource["arn"], ARNS[resource.type], lambda key: resource["tags"][key])


def _claims(resource: Resource) -> list[Value]:
    if resource.type == CLAIM:
        return [resource["spec"]]
    return [claim["spec"] for claim in resource["spec.volumeClaimTemplates"].items()]


def _classes(stack: Stack) -> dict[str | None, Resource]:
    """Storage classes by name, the cluster's default also by the empty one; under None one of any name."""
    found: dict[str | None, Resource] = {}
    for one in stack.of(CLASS):
        try:
            if one["metadata.annotations"][_IS_DEFAULT].truth(default=False):
                found[""] = one
            found[one["metadata.name"].text() or None] = one
        except Undetermined:
            found[None] = one
    return found


def _volume(claim: Value, classes: dict[str | None, Resource]) -> _Kept:
    """The volume that the EBS driver will make of a claim, with the tags that the storage class gives it."""
    found = classes.get(claim["storageClassName"].text())
    if found is None and None in classes:
        raise Undetermined(claim["storageClassName"].path, "may name a class whose name is not known yet")
    given = found["parameters"].entries() if found else {}
    tags: dict[str, Value] = {}
    for name, value in given.items():
        if name.startswith(_TAG_OF_CLASS):
            key, _, text = value.text().partition("=")
            tags[key] = Value(text, value.path)
    return _Kept("", Value(None, "arn"), _VOLUMES, lambda key: tags.get(key, Value(None, key)))
