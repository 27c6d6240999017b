"""What one endpoint offers: asked for when needed, believed for a while, asked again while it starts."""

from __future__ import annotations

import asyncio
import logging
from time import monotonic

from app.errors import NotFound, Unavailable
from app.llm.client import Client
from app.llm.types import Endpoint, Listed, ModelError

log = logging.getLogger("roost.models")

LIST_SECONDS = 60.0
"""How long a list of models is believed."""
FAILED_SECONDS = 3.0
"""How long it is before an endpoint that gave no list, as while it loads a model, is asked again."""
LIST_TIMEOUT = 5.0


class Catalogue:
    """The models of one endpoint."""

    def __init__(self, client: Client, endpoint: Endpoint) -> None:
        self._client = client
        self.endpoint = endpoint
        self._models: dict[str, Listed] | None = None
        self._fault: ModelError | None = None
        self._until = float("-inf")
        self._lock = asyncio.Lock()

    async def models(self) -> dict[str, Listed]:
        """By name; what was last heard when it does not answer now, and nothing if it never did."""
        if monotonic() >= self._until:
            async with self._lock:
                if monotonic() >= self._until:
                    await self._ask()
        return self._models or {}

    async def model(self, name: str, *, trusted: bool) -> Listed:
        """One model. `trusted`: the settings name it, so it is there before the endpoint says so.

        Raises NotFound for one that the endpoint does not list, Unavailable when it cannot be asked.
        """
        known = await self.models()
        if name in known:
            return known[name]
        if trusted or (self._models is None and self._fault and self._fault.kind == "llm_not_found"):
            return Listed(name)  # an endpoint without a list takes whatever it knows
        if self._models is None:
            raise Unavailable(
                f"The endpoint of {self.endpoint.provider!r} cannot be asked for its models now; try again."
            )
        provider = self.endpoint.provider
        offered = ", ".join(f"{provider}/{model}" for model in sorted(known)) or "nothing"
        raise NotFound(f"The model {f'{provider}/{name}'!r} is not offered here; offered: {offered}.")

    async def _ask(self) -> None:
        try:
            found = await self._client.models(self.endpoint, seconds=LIST_TIMEOUT)
        except ModelError as error:
            log.warning("cannot list the models of %s: %s", self.endpoint.provider, error.message)
            self._fault, self._until = error, monotonic() + FAILED_SECONDS
        else:
            self._models, self._fault = {model.name: model for model in found}, None
            self._until = monotonic() + LIST_SECONDS
