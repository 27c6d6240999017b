"""Where a stack lives: the plain facts from which ARNs are written before any resource exists."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Place:
    """One stack's account and region. All values are known before the first preview."""

    account: str
    """Twelve digits."""
    region: str
    dr_region: str | None
    """Where copies go; None keeps everything in one region."""
    prefix: str
    """`roost-<stack>`: starts every physical name that a person types or that AWS needs in advance."""

    @property
    def partition(self) -> str:
        """`aws`, or the separate partition that the region belongs to."""
        if self.region.startswith("cn-"):
            return "aws-cn"
        return "aws-us-gov" if self.region.startswith("us-gov-") else "aws"

    def arn(self, service: str, resource: str, *, region: str | None = None) -> str:
        """An ARN in this account; `region=""` for services that have none."""
        where = self.region if region is None else region
        return f"arn:{self.partition}:{service}:{where}:{self.account}:{resource}"

    def managed_policy(self, name: str) -> str:
        """ARN of a policy that AWS maintains."""
        return f"arn:{self.partition}:iam::aws:policy/{name}"

    @property
    def root(self) -> str:
        """The account itself as a principal: whoever its IAM policies allow."""
        return f"arn:{self.partition}:iam::{self.account}:root"
