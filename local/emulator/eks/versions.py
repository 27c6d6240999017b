"""Which Kubernetes versions EKS has, by the dates that the stack's settings go by."""

from __future__ import annotations

from datetime import UTC, datetime

from moto.core.responses import ActionResult

from infra.settings.aws_versions import KUBERNETES_STANDARD_SUPPORT
from local.emulator.eks.state import Document, EksBase


class Versions(EksBase):
    """DescribeClusterVersions."""

    def describe_cluster_versions(self) -> ActionResult:
        """Those of the table, or the ones that are asked for and in it."""
        wanted = self.asked.get("clusterVersions")
        return ActionResult(
            {
                "clusterVersions": [
                    _answer(version)
                    for version in KUBERNETES_STANDARD_SUPPORT
                    if version in (wanted or [version])
                ]
            }
        )


def _answer(version: str) -> Document:
    ends = KUBERNETES_STANDARD_SUPPORT[version]
    supported = datetime.now(UTC).date() <= ends
    return {
        "clusterVersion": version,
        "clusterType": "eks",
        "defaultVersion": False,
        "endOfStandardSupportDate": datetime(ends.year, ends.month, ends.day, tzinfo=UTC),
        "status": "standard-support" if supported else "extended-support",
        "versionStatus": "STANDARD_SUPPORT" if supported else "EXTENDED_SUPPORT",
    }
