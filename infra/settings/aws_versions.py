"""Which versions the stack may ask AWS for, and until when: dated facts, checked before any resource.

Standard support moves on every few months. A new Kubernetes minor takes one line in
`KUBERNETES_STANDARD_SUPPORT` (`aws eks describe-cluster-versions` prints the date) and one entry in `ADDONS`
(`aws eks describe-addon-versions --kubernetes-version 1.37` prints the builds). Two neighbouring minors are
always in the table while both are supported: an upgrade goes one minor at a time, and its rehearsal needs the
pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

KUBERNETES_STANDARD_SUPPORT: dict[str, date] = {
    "1.34": date(2026, 12, 2),
    "1.35": date(2027, 3, 27),
    "1.36": date(2027, 8, 2),
}
"""Last day of EKS's standard support, from the release calendar in the EKS user guide (read 2026-11)."""

EXTENDED_SUPPORT_DOLLARS_PER_MONTH = 365
"""What a control plane costs on top once standard support has ended (0.50 USD an hour)."""

PGVECTOR_FLOOR: dict[int, int] = {15: 9, 16: 5, 17: 1}
"""Lowest RDS minor of each Postgres major that carries pgvector 0.8.0, whose iterative scans we rely on."""

POSTGRES_STANDARD_SUPPORT: dict[int, date] = {
    15: date(2028, 2, 29),
    16: date(2029, 2, 28),
    17: date(2030, 2, 28),
}
"""Last day of RDS's standard support, from the release calendar of RDS for PostgreSQL (read 2026-11)."""


def today() -> date:
    """The day on which support is judged, in UTC; tests put another one here."""
    return datetime.now(tz=UTC).date()


@dataclass(frozen=True, kw_only=True)
class AddonVersions:
    """Builds of the EKS add-ons that AWS publishes for one Kubernetes version."""

    vpc_cni: str
    kube_proxy: str
    coredns: str
    pod_identity_agent: str
    ebs_csi_driver: str
    secrets_store_csi: str
    metrics_server: str
    snapshot_controller: str
    cloudwatch_observability: str


ADDON_NAMES: dict[str, str] = {
    "vpc_cni": "vpc-cni",
    "kube_proxy": "kube-proxy",
    "coredns": "coredns",
    "pod_identity_agent": "eks-pod-identity-agent",
    "ebs_csi_driver": "aws-ebs-csi-driver",
    "secrets_store_csi": "aws-secrets-store-csi-driver-provider",
    "metrics_server": "metrics-server",
    "snapshot_controller": "snapshot-controller",
    "cloudwatch_observability": "amazon-cloudwatch-observability",
}
"""What EKS calls them."""

ADDONS: dict[str, AddonVersions] = {
    "1.34": AddonVersions(
        vpc_cni="v1.21.1-eksbuild.1",
        kube_proxy="v1.34.1-eksbuild.2",
        coredns="v1.12.4-eksbuild.1",
        pod_identity_agent="v1.3.10-eksbuild.3",
        ebs_csi_driver="v1.54.0-eksbuild.1",
        secrets_store_csi="v2.2.2-eksbuild.1",
        metrics_server="v0.8.0-eksbuild.6",
        snapshot_controller="v8.5.0-eksbuild.3",
        cloudwatch_observability="v5.2.3-eksbuild.1",
    ),
    "1.35": AddonVersions(
        vpc_cni="v1.22.4-eksbuild.3",
        kube_proxy="v1.35.3-eksbuild.21",
        coredns="v1.13.2-eksbuild.21",
        pod_identity_agent="v1.3.10-eksbuild.3",
        ebs_csi_driver="v1.63.1-eksbuild.1",
        secrets_store_csi="v3.1.3-eksbuild.1",
        metrics_server="v0.9.0-eksbuild.5",
        snapshot_controller="v8.6.0-eksbuild.6",
        cloudwatch_observability="v6.2.0-eksbuild.1",
    ),
    "1.36": AddonVersions(
        vpc_cni="v1.22.4-eksbuild.3",
        kube_proxy="v1.36.0-eksbuild.21",
        coredns="v1.14.3-eksbuild.16",
        pod_identity_agent="v1.3.10-eksbuild.3",
        ebs_csi_driver="v1.63.1-eksbuild.1",
        secrets_store_csi="v3.1.3-eksbuild.1",
        metrics_server="v0.9.0-eksbuild.5",
        snapshot_controller="v8.6.0-eksbuild.6",
        cloudwatch_observability="v6.2.0-eksbuild.1",
    ),
}
"""By Kubernetes version; `aws eks describe-addon-versions` lists what AWS offers today."""

RDS_CA_REGIONS: frozenset[str] = frozenset(
    {
        "af-south-1", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
        "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4",
        "ca-central-1", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
        "eu-west-1", "eu-west-2", "eu-west-3", "me-central-1", "me-south-1", "sa-east-1", "us-east-1",
        "us-east-2", "us-west-1", "us-west-2",
    }
)  # fmt: skip
"""Regions whose database certificate authority ships with the program (`infra/aws/rds-ca/`)."""
