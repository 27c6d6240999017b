"""Service Quotas: EC2's limits on vCPUs and Elastic IPs of a new account; an increase is granted at once.

The codes are AWS's; the figures are the defaults that new accounts report (none for GPUs).
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from moto.servicequotas.models import ServiceQuotasBackend
from moto.servicequotas.responses import ServiceQuotasResponse

from local.emulator.errors import Refusal

NEW_ACCOUNT = {
    "L-0263D0A3": 5,
    "L-1216C47A": 5,
    "L-DB2E81BA": 0,
    "L-417A185B": 0,
    "L-34B43A08": 5,
    "L-3819A6DF": 0,
    "L-7212CCBC": 0,
}
_GRANTED: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
"""By account and region."""


def install() -> None:
    """Once for the process."""
    ask = ServiceQuotasBackend.get_service_quota

    def get_service_quota(self: ServiceQuotasBackend, service_code: str, quota_code: str) -> dict[str, Any]:
        if service_code != "ec2":
            return ask(self, service_code, quota_code)
        if quota_code not in NEW_ACCOUNT:
            raise Refusal("NoSuchResourceException", "The specified quota does not exist.")
        granted = _GRANTED[self.account_id, self.region_name]
        return {
            "ServiceCode": "ec2",
            "QuotaCode": quota_code,
            "Value": granted.get(quota_code, float(NEW_ACCOUNT[quota_code])),
            "Unit": "None",
            "Adjustable": True,
            "GlobalQuota": False,
        }

    def request_service_quota_increase(self: ServiceQuotasResponse) -> str:
        asked = json.loads(self.body)
        backend = self.backend
        before = backend.get_service_quota(asked["ServiceCode"], asked["QuotaCode"])
        if asked["DesiredValue"] <= before["Value"]:
            raise Refusal(
                "IllegalArgumentException", "You must provide a quota value greater than the current."
            )
        _GRANTED[backend.account_id, backend.region_name][asked["QuotaCode"]] = asked["DesiredValue"]
        return json.dumps({"RequestedQuota": {**asked, "Id": "granted", "Status": "APPROVED"}})

    ServiceQuotasBackend.get_service_quota = get_service_quota
    ServiceQuotasResponse.request_service_quota_increase = request_service_quota_increase  # pyright: ignore[reportAttributeAccessIssue]
