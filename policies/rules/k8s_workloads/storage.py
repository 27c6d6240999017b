"""Volumes on disks that are encrypted with a key of ours."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
_WITH_TEMPLATES = "kubernetes:apps/v1:StatefulSet"
_EBS = ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs")
_DEFAULT = "storageclass.kubernetes.io/is-default-class"


class Classes(Settings):
    """Storage classes from elsewhere."""

    classes: tuple[str, ...] = Field(
        default=(), description="Storage classes that another stack makes, and that encrypt what is on them."
    )


def _encrypt(draft: Draft, _: Settings) -> None:
    if draft.type == CLASS and draft.get("provisioner") in _EBS:
        draft.put("parameters.encrypted", "true")


@stack_rule(
    "k8s-storage-encrypted",
    types(CLASS, CLAIM, _WITH_TEMPLATES),
    title="Volumes are encrypted with a key of the stack's own",
    why="EBS encrypts a volume only if its class asks for it; without a key of our own nobody can take "
    "access to the data away.",
    fix='Set parameters.encrypted to "true" and kmsKeyId on the StorageClass, and name it in the claim.',
    severity=Severity.HIGH,
    refs="NSA C-0264",
    url="https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md",
    dev="advisory",
    prod="mandatory",
    settings=Classes,
    remedy=_encrypt,
    departs='A claim for a volume that exists (storageClassName "") is not judged: its disk is there.',
)
def encrypted(stack: Stack, check: Check) -> None:
    known = set(check.settings(Classes).classes)
    open_: Undetermined | None = None
    has_default = False
    for storage in stack.of(CLASS):
        with check.on(storage):
            _judge_class(storage, check)
        try:
            known.add(storage["metadata.name"].text())
            has_default = has_default or _is_default(storage)
        except Undetermined as reason:
            open_ = reason
    for owner in stack.of(CLAIM, _WITH_TEMPLATES):
        with check.on(owner):
            for spec in _claims(owner):
                with check.part():
                    _judge_claim(spec, known, check, has_default=has_default, open_=open_)


def _judge_class(storage: Resource, check: Check) -> None:
    if storage["provisioner"].text() not in _EBS:
        return
    parameters = storage["parameters"]
    with check.part():
        if not parameters["encrypted"].truth(default=False):
            check.violation("volumes of this class are not encrypted", parameters["encrypted"])
    with check.part():
        if "kmsKeyId" not in parameters.entries() or not parameters["kmsKeyId"].present:
            check.violation("volumes of this class are encrypted with no key of ours", parameters["kmsKeyId"])


def _is_default(storage: Resource) -> bool:
    return storage["metadata.annotations"][_DEFAULT].truth(default=False)


def _claims(owner: Resource) -> Iterator[Value]:
    if owner.type == CLAIM:
        yield owner["spec"]
        return
    for template in owner["spec.volumeClaimTemplates"].items():
        yield template["spec"]


def _judge_claim(
    spec: Value, known: set[str], check: Check, *, has_default: bool, open_: Undetermined | None
) -> None:
    name = spec["storageClassName"]
    if name.known and name.text() == "":
        return  # for a volume that exists
    if name.text() in known if name.present else has_default:
        return
    if open_:
        raise open_
    check.violation("it asks for a storage class of which nobody here knows whether it encrypts", name)
