"""A cluster itself: its version, the encryption of its secrets, and its protection from deletion."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.remedy import Draft, put
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import CreateOnly, Settings
from policies.lib.types import types
from policies.lib.versions import parse, version_of

CLUSTER = types("aws:eks/cluster:Cluster")


class SecretsKey(CreateOnly):
    """What the secrets of a new cluster are encrypted with."""

    key_arn: str = Field(
        default="", description="ARN of the KMS key that the remedy sets; without it nothing is mended."
    )


def _encrypt_secrets(draft: Draft, settings: Settings) -> None:
    if isinstance(settings, SecretsKey) and settings.key_arn and draft.get("encryptionConfig") is None:
        draft.put("encryptionConfig.resources", ["secrets"])
        draft.put("encryptionConfig.provider.keyArn", settings.key_arn)


@resource_rule(
    "eks-secrets-kms",
    CLUSTER,
    title="Kubernetes secrets are encrypted with a key of one's own",
    why="Without it whoever gets at the control plane's storage, or at a copy of it, reads every secret.",
    fix="Set encryptionConfig to the resources [secrets] and the ARN of a KMS key.",
    severity=Severity.HIGH,
    refs="FSBP EKS.3, CISEKS 5.3.1, CKV AWS_58, NSA C-0066",
    dev="mandatory",
    prod="mandatory",
    settings=SecretsKey,
    remedy=_encrypt_secrets,
)
def secrets_kms(cluster: Resource, check: Check) -> None:
    encrypted, key = cluster["encryptionConfig.resources"], cluster["encryptionConfig.provider.keyArn"]
    if not key.present:
        check.violation("no key encrypts the cluster's secrets", key)
    elif "secrets" not in encrypted.texts():
        check.violation("the key is not used for secrets", encrypted)


class Floor(Settings):
    """How old a cluster may be."""

    minimum_version: str = Field(
        default="1.34",
        pattern=r"^\d+\.\d+$",
        description="The oldest Kubernetes version in standard support.",
    )


@resource_rule(
    "eks-version",
    CLUSTER,
    title="A cluster runs a named version in standard support",
    why="An old control plane gets no fixes, and one in extended support costs six times as much.",
    fix="Pin version to one in standard support, and set upgradePolicy.supportType to STANDARD.",
    severity=Severity.HIGH,
    refs="FSBP EKS.2, CKV AWS_339",
    dev="advisory",
    prod="mandatory",
    settings=Floor,
)
def version(cluster: Resource, check: Check) -> None:
    pinned = cluster["version"]
    floor = check.settings(Floor).minimum_version
    with check.part():
        if not pinned.present:
            check.violation("the version is whatever EKS takes that day", pinned)
        elif version_of(pinned) < parse(floor):
            check.violation(f"the version is older than {floor}", pinned)
    support = cluster["upgradePolicy.supportType"]
    if support.text(default="EXTENDED") != "STANDARD":
        check.violation("the cluster stays in extended support when its version gets old", support)


@resource_rule(
    "eks-deletion-protection",
    CLUSTER,
    title="A cluster cannot be deleted by one call",
    why="A wrong target in one command takes everything that runs in the cluster with it.",
    fix="Set deletionProtection to true.",
    severity=Severity.MEDIUM,
    refs="",
    url="https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html",
    dev="disabled",
    prod="remediate",
    remedy=put("deletionProtection", True),
)
def deletion_protection(cluster: Resource, check: Check) -> None:
    protection = cluster["deletionProtection"]
    if not protection.truth(default=False):
        check.violation("anybody with the right to can delete the cluster in one call", protection)
