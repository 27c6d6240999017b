"""What a step cost, for the day's row that is written with it, and the alert when the day costs too much."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.llm.types import Usage
from app.models.prices import Prices
from app.settings import Settings
from app.telemetry import metrics

log = logging.getLogger("roost.usage")


@dataclass(frozen=True)
class Spent:
    """A step's tokens and their cost, which is None for a model without a price."""

    handle: str
    usage: Usage
    cost: Decimal | None

    def row(self) -> dict[str, Any]:
        """What is added to the row of the agent, the day and the model."""
        return {
            "model": self.handle,
            "unpriced_steps": 1 if self.cost is None else 0,
            "prompt_tokens": self.usage.prompt,
            "completion_tokens": self.usage.completion,
            "cached_input_tokens": self.usage.cached or 0,
            "cache_write_tokens": self.usage.cache_write or 0,
            "reasoning_tokens": self.usage.reasoning or 0,
            "cost_usd": str(self.cost or 0),
        }


class Spending:
    """Prices and budgets of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._prices = Prices(settings.prices)
        self._agent_budget = settings.agent_daily_budget

    def of(self, handle: str, usage: Usage) -> Spent:
        """A step's spending, at today's prices."""
        return Spent(handle, usage, self._prices.cost(handle, usage, datetime.now(UTC).date()))

    def committed(self, spent: Spent, org_id: UUID, agent_id: UUID, before: Decimal) -> None:
        """Count what was stored; `before` is what the agent had cost on this day until then.

        Only the step that crosses the budget is told of, whichever replica runs it.
        """
        if spent.cost is None:
            return
        metrics.COST_USD.labels(spent.handle).inc(float(spent.cost))
        metrics.COST_PER_CALL_USD.labels(spent.handle).observe(float(spent.cost))
        budget, now = self._agent_budget, before + spent.cost
        if budget is not None and before <= budget < now:
            metrics.BUDGETS_EXCEEDED.inc()
            log.warning(
                "an agent costs more today than its budget",
                extra={
                    "agent_id": f"agent-{agent_id}",
                    "org_id": f"org-{org_id}",
                    "cost_usd": float(now),
                    "budget_usd": float(budget),
                },
            )
