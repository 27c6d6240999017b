"""ACM issues a certificate as soon as the records that validate it are in Route 53.

moto waits for a minute by the clock instead, whether there is a record or not.
"""

from __future__ import annotations

from typing import Any

from moto.acm.models import CertBundle
from moto.route53.models import route53_backends


def install() -> None:
    """Replace moto's rule."""
    CertBundle.check = _check  # pyright: ignore[reportAttributeAccessIssue]


def _check(certificate: CertBundle) -> None:
    if certificate.status != "PENDING_VALIDATION" or certificate.type != "AMAZON_ISSUED":
        return
    options: list[dict[str, Any]] = certificate.describe()["Certificate"].get("DomainValidationOptions", [])
    wanted = {one["ResourceRecord"]["Name"].rstrip(".") for one in options if "ResourceRecord" in one}
    if wanted <= _names():
        certificate.status = "ISSUED"


def _names() -> set[str]:
    zones = [
        zone for _, _, one in route53_backends.iter_backends() for zone in getattr(one, "zones", {}).values()
    ]
    return {record.name.rstrip(".") for zone in zones for record in zone.rrsets}
