"""Calls of tools that users wrote: found among an agent's tools, given its secrets, run in the sandbox."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson

from app.agents import service as agents
from app.db.pool import Database
from app.errors import AppError, Unavailable
from app.sandbox.pool import Sandbox
from app.sandbox.process import SandboxError
from app.sandbox.types import Job, Result
from app.security.encryption import Cipher
from app.tools import queries, source


class CustomTools:
    """Runs them. What a tool does wrong is a Result, for the model to read."""

    def __init__(self, db: Database, cipher: Cipher, sandbox: Sandbox) -> None:
        self._db, self._cipher, self._sandbox = db, cipher, sandbox

    async def call(self, org_id: UUID, agent_id: UUID, name: str, arguments: dict[str, Any]) -> Result:
        """Run an agent's tool. Never raises, unless it is cancelled: then the tool is killed."""
        try:
            return await self._sandbox.run(await self._job(org_id, agent_id, name, arguments))
        except (SandboxError, AppError) as error:
            return Result(False, str(error))

    async def run_source(
        self, code: str, name: str, arguments: dict[str, Any], env: dict[str, str]
    ) -> Result:
        """Run source that is no tool. Raises Unavailable where the sandbox does not hold."""
        try:
            return await self._sandbox.run(Job(code, name, arguments, env))
        except SandboxError as error:
            raise Unavailable(str(error)) from None

    async def close(self) -> None:
        """End the sandbox."""
        await self._sandbox.close()

    async def _job(self, org_id: UUID, agent_id: UUID, name: str, arguments: dict[str, Any]) -> Job:
        row = await self._db.row(queries.CALL, org_id, agent_id, name)
        if row is None:
            raise Unavailable(f"The agent has no tool {name!r} any more.")
        code: str | None = row["source_code"]
        if row["tool_type"] != "custom" or code is None:
            raise Unavailable(f"The tool {name!r} has no source that could be run.")
        secrets: dict[str, str] = orjson.loads(row["secrets"] or "{}")
        env = {key: self._cipher.decrypt(value) for key, value in secrets.items()}
        state: dict[str, Any] | None = None
        if "agent_state" in code and source.wants_agent_state(code, name):
            state = orjson.loads(await agents.get(self._db, org_id, agent_id))
        return Job(code, name, arguments, env, state)
