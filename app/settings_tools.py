"""Settings of the tools that users write, and of what the server calls on users' behalf."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from app.sandbox.limits import Limits
from app.settings_base import Environment


class ToolSettings(Environment):
    """What a call of a tool may use, and what is allowed at all. The defaults allow least."""

    tool_seconds: float = Field(
        default=60,
        alias="TOOL_SANDBOX_TIMEOUT",
        gt=0,
        le=600,
        description="Longest run of a tool that a user wrote.",
    )
    tool_memory_mib: int = Field(
        default=256, alias="ROOST_TOOL_MEMORY_MIB", ge=64, le=65_536, description="Memory of such a tool."
    )
    tool_concurrency: int = Field(
        default=4, alias="ROOST_TOOL_CONCURRENCY", ge=1, le=256, description="Such tools at once, per worker."
    )
    tool_network: bool = Field(
        default=False, alias="ROOST_TOOL_NETWORK", description="Whether such tools may use the network."
    )
    tool_packages: Path | None = Field(
        default=None,
        alias="ROOST_TOOL_PACKAGES",
        description="Directory of the packages that they may import.",
    )
    tool_run_source: bool = Field(
        default=False,
        alias="ROOST_TOOL_RUN_SOURCE",
        description="Whether `POST /v1/tools/run` may run source that nobody stored.",
    )
    sandbox_degraded: bool = Field(
        default=False,
        alias="ROOST_TOOL_SANDBOX_DEGRADED",
        description="Whether tools run where the kernel denies a part of the isolation.",
    )
    private_urls: bool = Field(
        default=False,
        alias="ROOST_ALLOW_PRIVATE_URLS",
        description="Whether webhooks and callbacks may lead to private addresses.",
    )

    @model_validator(mode="after")
    def _packages(self) -> Self:
        if self.tool_packages and not self.tool_packages.is_dir():
            raise ValueError(
                f"ROOST_TOOL_PACKAGES is {str(self.tool_packages)!r}, which is not a directory;"
                " install packages there with `pip install --target`."
            )
        return self

    @property
    def packages(self) -> str | None:
        """The directory of the packages that tools may import."""
        return str(self.tool_packages.resolve()) if self.tool_packages else None

    def tool_limits(self) -> Limits:
        """What the sandbox is built with."""
        return Limits(
            seconds=self.tool_seconds,
            memory_mib=self.tool_memory_mib,
            concurrency=self.tool_concurrency,
            network=self.tool_network,
            degraded=self.sandbox_degraded,
            packages=self.packages,
        )
