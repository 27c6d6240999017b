"""Where tools that users write run: so many at a time, each in a process of its own (`process.py`)."""

from __future__ import annotations

import asyncio
from typing import Any

from app.sandbox.limits import Limits
from app.sandbox.process import SandboxError, Zygote
from app.sandbox.types import Job, Result


class Sandbox:
    """Runs calls, some at a time. The process behind it starts with the first call and again when it dies."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._places = asyncio.Semaphore(limits.concurrency)
        self._starting = asyncio.Lock()
        self._zygote: Zygote | None = None

    async def run(self, job: Job, seconds: float | None = None) -> Result:
        """Run one call. What the tool does wrong is a Result; cancelling kills it. Raises SandboxError."""
        allowed = min(seconds or self.limits.seconds, self.limits.seconds)
        try:
            async with asyncio.timeout(self.limits.seconds):
                await self._places.acquire()
        except TimeoutError:
            return Result(False, f"{job.name} did not run: all places for tools are taken; try again later.")
        try:
            return await (await self._ready()).run(job, allowed)
        finally:
            self._places.release()

    async def close(self) -> None:
        """End the process, and with it every call."""
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None

    async def layers(self) -> dict[str, Any]:
        """Which walls hold on this machine. Raises SandboxError."""
        return (await self._ready()).layers

    async def _ready(self) -> Zygote:
        async with self._starting:
            if self._zygote is None or self._zygote.gone:
                await self.close()
                self._zygote = await Zygote.start(self.limits)
        holes = self._zygote.layers["holes"]
        if holes and not self.limits.degraded:
            raise SandboxError(
                f"Tools do not run here: the sandbox would let them {', '.join(holes)}. Run the server on"
                " Linux with Landlock, or accept that with ROOST_TOOL_SANDBOX_DEGRADED=true."
            )
        return self._zygote
