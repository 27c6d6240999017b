"""Volumes on disks that are encrypted with a key of ours."""

from __future__ import annotations

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

CLASS = "kubernetes:storage.k8s.io/v1:StorageClass"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
TEMPLATE = "spec.volumeClaimTemplates[0].spec"

GOOD = (
    R(
        CLASS,
        {
            "metadata": {"name": "fast"},
            "provisioner": "ebs.csi.aws.com",
            "parameters": {"type": "gp3", "encrypted": "true", "kmsKeyId": "arn:aws:kms:x:1:key/2"},
        },
    ),
    R(CLAIM, {"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "fast"}}, name="claim"),
    R(CLAIM, {"kind": "PersistentVolumeClaim", "spec": {"storageClassName": "elsewhere"}}, name="other"),
    R(
        STATEFUL_SET,
        {"spec": {"volumeClaimTemplates": [{"spec": {"storageClassName": "fast"}}]}},
        name="store",
    ),
)
CONFIG = {"classes": ["elsewhere"]}
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}

EXAMPLES = (
    Example(
        "k8s-storage-encrypted",
        good=GOOD,
        bad={
            "it is not encrypted": put("it", "parameters.encrypted", "false"),
            "nothing is said": drop("it", "parameters.encrypted"),
            "neither that nor the key": Bad(drop("it", "parameters"), 2),
            "no key": drop("it", "parameters.kmsKeyId"),
            "by the old driver": both(
                put("it", "provisioner", "kubernetes.io/aws-ebs"), drop("it", "parameters.encrypted")
            ),
            "by EKS' own driver": both(
                put("it", "provisioner", "ebs.csi.eks.amazonaws.com"), drop("it", "parameters.encrypted")
            ),
            "a claim of another class": put("claim", "spec.storageClassName", "gp2"),
            "a claim of the cluster's default": drop("claim", "spec.storageClassName"),
            "a template of another class": put("store", f"{TEMPLATE}.storageClassName", "gp2"),
        },
        fine={
            "a claim of a volume that exists": put("claim", "spec.storageClassName", ""),
            "another driver encrypts always": both(
                put("it", "provisioner", "efs.csi.aws.com"), drop("it", "parameters")
            ),
            "the cluster's default is ours": both(
                put("it", "metadata.annotations", DEFAULT), drop("claim", "spec.storageClassName")
            ),
            "the key is not known yet": put("it", "parameters.kmsKeyId", UNKNOWN),
        },
        open={"nobody knows the parameters": put("it", "parameters", UNKNOWN)},
        config=CONFIG,
        by_hand=True,
        companions_hide=True,
    ),
)
