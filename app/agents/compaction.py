"""Letta's CompactionSettings: how an agent's earlier messages become a summary."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from app.http.fields import Body, Text


class CompactionSettings(Body):
    """All have defaults; `model_settings` are those of the summary's model."""

    model: Text | None = None
    model_settings: dict[str, Any] | None = None
    prompt: Text | None = None
    prompt_acknowledgement: bool = False
    clip_chars: int | None = Field(default=50_000, ge=1)
    mode: Literal["all", "sliding_window", "self_compact_all", "self_compact_sliding_window"] = (
        "sliding_window"
    )
    sliding_window_percentage: float = Field(default=0.3, gt=0, lt=1)

    @property
    def slides(self) -> bool:
        """Whether the newest messages stay in view."""
        return self.mode.endswith("sliding_window")

    @property
    def by_itself(self) -> bool:
        """Whether the agent summarises in its own words: its own model, prompt and messages."""
        return self.mode.startswith("self_compact")


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    return CompactionSettings.model_validate(settings).model_dump()


Compaction = Annotated[dict[str, Any], AfterValidator(_checked)]
"""Settings as they are stored: checked, with their defaults filled in."""
