"""Key policies of the customer-managed keys: who may use which key, through which service."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from infra.aws.documents import Statement, document
from infra.aws.place import Place

Purpose = Literal["data", "logs", "backup", "secrets"]
PURPOSES: tuple[Purpose, ...] = ("data", "logs", "backup", "secrets")

_USE = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey")

VIA: dict[Purpose, tuple[str, ...]] = {
    "data": ("rds", "ec2", "ecr", "autoscaling", "elasticache"),
    "logs": (),
    # The replica in the DR region encrypts every copy there, of images, secrets and volumes as well.
    "backup": ("s3", "rds", "ec2", "backup", "ecr", "secretsmanager"),
    "secrets": ("secretsmanager", "eks"),
}
"""Services through which principals of the account may use a key without a statement of their own."""


def key_policy(
    purpose: Purpose, place: Place, *, region: str | None = None, delivers_flow_logs: bool = False
) -> str:
    """The policy of one key; `region` is the replica's where the key is replicated.

    `delivers_flow_logs`: flow logs go to a bucket, encrypted with the key for logs.
    """
    where = region or place.region
    statements = [_account(place)]
    if VIA[purpose]:
        statements.append(_through_services(VIA[purpose], place, where))
    if purpose == "logs":
        statements.append(_log_groups(place, where))
        if delivers_flow_logs:
            statements.append(_flow_log_delivery(place, where))
    return document(*statements)


def _account(place: Place) -> Statement:
    # Without it a key that nobody can administer is one mistake away; IAM decides who in the account may.
    return Statement(sid="Account", actions=["kms:*"], resources=["*"], principals={"AWS": place.root})


def _through_services(services: Sequence[str], place: Place, region: str) -> Statement:
    # By service and not by role: in an empty account the service-linked roles (Auto Scaling's, which
    # encrypts the nodes' disks) do not exist yet, and a policy that names a missing principal is refused.
    return Statement(
        sid="ThroughServices",
        actions=[*_USE, "kms:CreateGrant"],
        resources=["*"],
        principals={"AWS": "*"},
        conditions={
            "StringEquals": {
                "kms:CallerAccount": place.account,
                "kms:ViaService": [f"{service}.{region}.amazonaws.com" for service in services],
            }
        },
    )


def _log_groups(place: Place, region: str) -> Statement:
    return Statement(
        sid="LogGroups",
        actions=_USE,
        resources=["*"],
        principals={"Service": f"logs.{region}.amazonaws.com"},
        conditions={
            "ArnLike": {"kms:EncryptionContext:aws:logs:arn": place.arn("logs", "log-group:*", region=region)}
        },
    )


def _flow_log_delivery(place: Place, region: str) -> Statement:
    return Statement(
        sid="FlowLogDelivery",
        actions=_USE,
        resources=["*"],
        principals={"Service": "delivery.logs.amazonaws.com"},
        conditions={
            "StringEquals": {"aws:SourceAccount": place.account},
            "ArnLike": {"aws:SourceArn": place.arn("logs", "*", region=region)},
        },
    )
