"""IAM documents as typed values: every policy of the stack is written through these."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Conditions = Mapping[str, Mapping[str, str | Sequence[str]]]
"""Operator to key to value(s), as `{"StringEquals": {"aws:SourceAccount": "111122223333"}}`."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement; `principals` is for policies on a resource, and for a role's trust."""

    sid: str
    actions: Sequence[str]
    resources: Sequence[str] = ()
    principals: Mapping[str, str | Sequence[str]] | Literal["*"] | None = None
    conditions: Conditions = field(default_factory=dict[str, Mapping[str, str | Sequence[str]]])
    effect: Literal["Allow", "Deny"] = "Allow"

    def render(self) -> dict[str, Any]:
        """The statement as AWS spells it; empty parts are left out."""
        body: dict[str, Any] = {"Sid": self.sid, "Effect": self.effect}
        if self.principals is not None:
            body["Principal"] = self.principals if self.principals == "*" else dict(self.principals)
        body["Action"] = list(self.actions)
        if self.resources:
            body["Resource"] = list(self.resources)
        if self.conditions:
            body["Condition"] = {operator: dict(keys) for operator, keys in self.conditions.items()}
        return body


def document(*statements: Statement) -> str:
    """A policy document as JSON, stable byte for byte."""
    return json.dumps({"Version": "2012-10-17", "Statement": [s.render() for s in statements]})


def service_trust(service: str, *, account: str, source_arn: str | None = None) -> str:
    """Trust in one AWS service acting for this account, so that no other account can borrow the role.

    A service that does not send the account (EKS's control plane) is bound by the ARN of its resource.
    """
    condition: dict[str, Mapping[str, str | Sequence[str]]] = (
        {"ArnLike": {"aws:SourceArn": source_arn}}
        if source_arn
        else {"StringEquals": {"aws:SourceAccount": account}}
    )
    return document(
        Statement(
            sid="Service",
            actions=["sts:AssumeRole"],
            principals={"Service": service},
            conditions=condition,
        )
    )


def unconditional_trust(service: str) -> str:
    """Trust in a service that says nothing about for whom it acts (EC2's instances, S3's replication).

    What binds such a role is who may pass it: the instance profile, the bucket's own configuration.
    """
    return document(Statement(sid="Service", actions=["sts:AssumeRole"], principals={"Service": service}))


def pod_trust(*, account: str, cluster: str, namespace: str, service_account: str) -> str:
    """Trust of exactly one service account in one namespace of one cluster, through EKS Pod Identity."""
    return document(
        Statement(
            sid="OneServiceAccount",
            actions=["sts:AssumeRole", "sts:TagSession"],
            principals={"Service": "pods.eks.amazonaws.com"},
            conditions={
                "StringEquals": {
                    "aws:SourceAccount": account,
                    "aws:RequestTag/eks-cluster-name": cluster,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": service_account,
                }
            },
        )
    )
