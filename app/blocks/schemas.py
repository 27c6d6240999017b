"""Bodies of the block routes."""

from __future__ import annotations

from pydantic import Field, model_validator

from app.http.fields import Body, JsonObject, Text

DEFAULT_LIMIT = 100_000
MAX_LIMIT = 10_000_000


class CreateBlock(Body):
    """A block to create, by itself or with an agent."""

    label: Text = Field(min_length=1)
    value: Text
    limit: int = Field(default=DEFAULT_LIMIT, ge=0, le=MAX_LIMIT)
    description: Text | None = None
    read_only: bool = False
    metadata: JsonObject | None = None
    tags: list[Text] | None = None
    is_template: bool = False
    template_name: Text | None = None
    preserve_on_migration: bool | None = None
    hidden: bool | None = None
    project_id: Text | None = None

    @model_validator(mode="after")
    def _fits(self) -> CreateBlock:
        if len(self.value) > self.limit:
            raise ValueError(
                f"the value of block {self.label!r} has {len(self.value)} characters and its limit is"
                f" {self.limit}; shorten the value or raise `limit`"
            )
        return self


class UpdateBlock(Body):
    """Changes to a block; fields that are absent stay as they are."""

    label: Text | None = Field(default=None, min_length=1)
    value: Text | None = None
    limit: int | None = Field(default=None, ge=0, le=MAX_LIMIT)
    description: Text | None = None
    read_only: bool | None = None
    metadata: JsonObject | None = None
    tags: list[Text] | None = None
    is_template: bool | None = None
    template_name: Text | None = None
    preserve_on_migration: bool | None = None
    hidden: bool | None = None
    project_id: Text | None = None
