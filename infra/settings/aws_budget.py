"""Settings of what the stack may cost, and of who hears when it costs more."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, field_validator, model_validator

from infra.settings.base import Section

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SUBSCRIBERS = 10
"""E-mail addresses that AWS Budgets takes for one notification, beside a topic."""


class BudgetSettings(Section):
    """A monthly limit: the settings are refused when they come to more, and AWS tells when the bill does."""

    monthly_limit: float = Field(
        gt=0,
        description=(
            "USD a month. What the settings come to at list prices (docs/cost.md) may not be more, and AWS "
            "tells when the account's bill reaches 80 % and 100 % of it, or is forecast to."
        ),
    )
    acknowledged_overrun: float = Field(
        default=0,
        ge=0,
        description=(
            "USD a month by which the estimate may be above monthlyLimit all the same: an amount, so that "
            "what grows further is refused again. AWS goes on telling at the limit."
        ),
    )
    emails: tuple[str, ...] = Field(
        default=(),
        max_length=_SUBSCRIBERS,
        description="Who AWS writes to, beside the topic of `aws.alarms` for warnings.",
    )
    anomaly_dollars: float = Field(
        default=50, gt=0, description="USD from which on an unusual cost is told; with anomalyPercent."
    )
    anomaly_percent: float = Field(
        default=30, gt=0, le=1000, description="How far above what was expected it has to be as well."
    )
    anomaly_monitor_arn: str | None = Field(
        default=None,
        pattern=r"^arn:aws[\w-]*:ce::\d{12}:anomalymonitor/[\w-]+$",
        description=(
            "An account has one monitor of all services: name it here where there is one already (`aws ce "
            "get-anomaly-monitors`; AWS makes one for accounts that open Cost Explorer). Absent: the stack "
            "makes it."
        ),
    )
    activate_tags: bool = Field(
        default=False,
        description=(
            "Activate the stack's tags for cost allocation, and let the budget count this stack alone. AWS "
            "knows a tag only a day after it was first on a resource, and only the organization's payer "
            "account may: so false for the first `up`."
        ),
    )

    @field_validator("emails")
    @classmethod
    def _are_addresses(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        for email in emails:
            if not _EMAIL.fullmatch(email):
                raise ValueError(f"emails lists addresses, as finance@example.com, not {email!r}")
        if len(set(emails)) != len(emails):
            raise ValueError("emails names an address twice: AWS refuses the second, so remove it")
        return emails

    @model_validator(mode="after")
    def _an_overrun_is_the_smaller_part(self) -> Self:
        if self.acknowledged_overrun > self.monthly_limit:
            raise ValueError(
                f"acknowledgedOverrun ({self.acknowledged_overrun:.0f}) is more than monthlyLimit "
                f"({self.monthly_limit:.0f}) itself, which then limits nothing: raise the limit"
            )
        return self

    @property
    def refused_above(self) -> float:
        """USD a month."""
        return self.monthly_limit + self.acknowledged_overrun
