"""What tokens cost: prices of models, each from a day on, as the settings list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from app.llm.types import Usage

Dollars = Annotated[Decimal, Field(ge=0, le=1_000_000)]
MILLION = Decimal(1_000_000)


class Price(BaseModel):
    """USD for a million tokens, from `since` on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: date = date.min
    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
    """Of the input, what came from the provider's cache; absent, it costs as much as the rest."""
    cache_write: Dollars | None = None
    """Of the input, what went into the cache; absent, it costs as much as the rest."""

    def cost(self, usage: Usage) -> Decimal:
        """USD of one call."""
        cached, written = usage.cached or 0, usage.cache_write or 0
        plain = max(usage.prompt - cached - written, 0)
        total = (
            plain * self.input
            + cached * (self.input if self.cached_input is None else self.cached_input)
            + written * (self.input if self.cache_write is None else self.cache_write)
            + usage.completion * self.output
        )
        return total / MILLION


PriceList = Mapping[str, Sequence[Price]]
"""Prices by handle, or by the beginning of handles with a `*` at its end."""


class Prices:
    """Finds prices. The longest name that fits a handle decides."""

    def __init__(self, listed: PriceList) -> None:
        self._exact = {name: _sorted(prices) for name, prices in listed.items() if not name.endswith("*")}
        stars = {name[:-1]: _sorted(prices) for name, prices in listed.items() if name.endswith("*")}
        self._stars = dict(sorted(stars.items(), key=lambda item: -len(item[0])))

    def cost(self, handle: str, usage: Usage, day: date) -> Decimal | None:
        """USD of a call on a day, or None when nobody said what the model costs then."""
        prices = self._exact.get(handle)
        if prices is None:
            prices = next((found for start, found in self._stars.items() if handle.startswith(start)), ())
        price = next((price for price in prices if price.since <= day), None)
        return None if price is None else price.cost(usage)


def _sorted(prices: Sequence[Price]) -> tuple[Price, ...]:
    return tuple(sorted(prices, key=lambda price: price.since, reverse=True))
