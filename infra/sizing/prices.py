"""What AWS's services cost by the month, the GB or the piece, at list price and before tax.

us-east-1, eu-central-1 and eu-west-1 have figures of their own. Every other region gets us-east-1's times
what a general-purpose instance costs more there: an estimate, and `Prices.estimated` says so.

Confidence, by figure: `seen` is on a public page, in a bill or a price list that was read in November 2026;
`partly`, in one region at least, and general knowledge of the others; `known` is general knowledge, to be
compared with AWS's price list before somebody counts on it. Free tiers are left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from infra.sizing.prices_instances import NoPriceError
from infra.sizing.prices_regions import RATIOS

CAPTURED_AT = date(2026, 11, 21)
"""When the figures of services were last compared with their sources."""

TEST_AGE = timedelta(days=180)
"""Older than this, a unit test fails: someone has to look."""

HOURS_PER_MONTH = 730

Confidence = Literal["seen", "partly", "known"]
_OWN = ("us-east-1", "eu-central-1", "eu-west-1")


@dataclass(frozen=True)
class Figure:
    """One list price."""

    dollars: tuple[float, ...]
    """One for all regions, or one for each of us-east-1, eu-central-1, eu-west-1."""
    per: str
    confidence: Confidence
    source: str


def _of(dollars: float | tuple[float, ...], per: str, confidence: Confidence, source: str) -> Figure:
    return Figure(dollars if isinstance(dollars, tuple) else (dollars,), per, confidence, source)


_BILL = "a bill of eu-central-1 in a public repository, divided by hours or pieces"
_NAT = "VPC pricing in public tables of 2026 (cloudpipelines, cloudburn); a bill's fixture for eu-central-1"
_RDS = "RDS pricing in public calculators of 2026 (usage.ai)"
_WATCH = "CloudWatch pricing in public guides of 2026 (factualminds, signoz)"
_WAF = "WAF pricing in public guides of 2026 (c3x)"

FIGURES: dict[str, Figure] = {
    "eks-cluster": _of(0.10, "hour", "seen", "AWS's announcement of extended support; guides of 2026"),
    "nat-hour": _of((0.045, 0.052, 0.048), "hour", "partly", _NAT),
    "nat-gb": _of((0.045, 0.052, 0.048), "GB", "partly", _NAT),
    "public-ipv4": _of(0.005, "address and hour", "seen", _NAT),
    "endpoint-hour": _of((0.01, 0.012, 0.011), "zone and hour", "known", "PrivateLink pricing page"),
    "endpoint-gb": _of(0.01, "GB", "seen", "PrivateLink pricing page"),
    "zone-gb": _of(0.02, "GB between zones, both ends", "known", "EC2 pricing page"),
    "internet-gb": _of(0.09, "GB to the internet", "seen", _NAT),
    "region-gb": _of(0.02, "GB to another region", "known", "EC2 pricing page"),
    "alb-hour": _of((0.0225, 0.027, 0.0252), "hour", "seen", f"public calculators; {_BILL}"),
    "alb-lcu": _of(0.008, "capacity unit and hour", "seen", "ELB pricing in a public guide"),
    "waf-acl": _of(5.0, "month", "seen", _WAF),
    "waf-rule": _of(1.0, "month", "seen", _WAF),
    "waf-requests": _of(0.60, "million", "seen", _WAF),
    "ebs-gp3": _of((0.08, 0.0952, 0.088), "GB-month", "partly", "EBS prices in public code"),
    "ebs-iops": _of((0.005, 0.006, 0.0055), "IOPS-month above 3,000", "partly", "EBS prices in public code"),
    "ebs-throughput": _of((0.04, 0.048, 0.044), "MiB/s-month above 125", "known", "EBS pricing page"),
    "rds-gp3": _of((0.115, 0.137, 0.127), "GB-month in one zone", "partly", f"{_RDS}; {_BILL}"),
    "rds-backup": _of(0.095, "GB-month", "seen", _RDS),
    "rds-insights": _of(0.0125, "vCPU and hour, advanced", "known", "CloudWatch Database Insights"),
    "s3-standard": _of((0.023, 0.0245, 0.023), "GB-month", "partly", "S3 prices in public code"),
    "s3-replication": _of(0.015, "GB within its time", "known", "S3 pricing page"),
    "ecr-gb": _of(0.10, "GB-month", "known", "ECR pricing page"),
    "logs-gb": _of((0.50, 0.63, 0.57), "GB written", "partly", _WATCH),
    "logs-stored": _of((0.03, 0.0324, 0.03), "GB-month, compressed", "known", "CloudWatch pricing page"),
    "alarm": _of(0.10, "alarm and metric", "known", "CloudWatch pricing page"),
    "alarm-composite": _of(0.50, "alarm", "known", "CloudWatch pricing page"),
    "metric": _of(0.30, "custom metric", "seen", _WATCH),
    "dashboard": _of(3.0, "dashboard", "seen", _WATCH),
    "kms-key": _of(1.0, "key", "seen", _BILL),
    "secret": _of(0.40, "secret and replica", "seen", _BILL),
    "zone": _of(0.50, "hosted zone", "known", "Route 53 pricing page"),
    "health-check": _of(0.50, "check of an AWS endpoint", "known", "Route 53 pricing page"),
    "sns-emails": _of(2.0, "100,000 e-mails", "seen", "SNS prices in a public repository"),
    "backup-rds": _of(0.095, "GB-month", "known", "AWS Backup pricing page"),
    "restore-test": _of(1.50, "restored point", "known", "AWS Backup pricing page"),
}
"""By name. `aws pricing get-products` says them anew; whoever compares them writes the day above."""


@dataclass(frozen=True)
class Prices:
    """One region's."""

    region: str

    @property
    def estimated(self) -> bool:
        """Whether services' prices are another region's, times a ratio."""
        return self.region not in _OWN

    def of(self, name: str) -> float:
        """USD. KeyError for a name that is not in `FIGURES`, NoPriceError for an unknown region."""
        figure = FIGURES[name].dollars
        if len(figure) == 1:
            return figure[0]
        if not self.estimated:
            return figure[_OWN.index(self.region)]
        if self.region not in RATIOS:
            raise NoPriceError(f"no prices of the region {self.region}")
        ratios = RATIOS[self.region]
        return figure[0] * ratios.get("m", ratios["t"])
