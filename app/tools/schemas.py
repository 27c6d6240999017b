"""Bodies of the tool routes."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from app.http.fields import Body, Text

Limit = Annotated[int, Field(ge=1, le=1_000_000)]
SourceType = Literal["python", "typescript", "json"]


class _Strict(Body):
    """Unknown keys are refused, as upstream does for tools."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class Requirement(_Strict):
    """A package that a tool imports."""

    name: Text = Field(min_length=1, max_length=200)
    version: Text | None = None


class _ToolFields(_Strict):
    description: Text | None = None
    source_type: SourceType | None = None
    json_schema: dict[str, Any] | None = None
    args_json_schema: dict[str, Any] | None = None
    tags: list[Text] | None = None
    return_char_limit: Limit | None = None
    pip_requirements: list[Requirement] | None = None
    npm_requirements: list[Requirement] | None = None
    default_requires_approval: bool | None = None
    enable_parallel_execution: bool | None = None


class CreateTool(_ToolFields):
    """A tool to create, or to change when there is one of this name."""

    source_code: Text = Field(min_length=1)


class UpdateTool(_ToolFields):
    """Changes to a tool; fields that are absent stay as they are."""

    source_code: Text | None = Field(default=None, min_length=1)
    metadata: dict[str, Any] | None = Field(default=None, alias="metadata_")
    project_id: Text | None = None


class SearchTools(_Strict):
    """What to look for."""

    query: Text | None = None
    search_mode: Literal["vector", "fts", "hybrid"] = "hybrid"
    tool_types: list[Text] | None = None
    tags: list[Text] | None = None
    limit: int = Field(default=50, ge=1, le=100)


class RunSource(_Strict):
    """Source to run once, without making a tool of it."""

    source_code: Text = Field(min_length=1)
    args: dict[str, Any]
    env_vars: dict[Text, Text] | None = None
    name: Text | None = None
    source_type: SourceType | None = None
    args_json_schema: dict[str, Any] | None = None
    json_schema: dict[str, Any] | None = None
    pip_requirements: list[Requirement] | None = None
    npm_requirements: list[Requirement] | None = None


class RunTool(Body):
    """Arguments of one call."""

    args: dict[str, Any] = Field(default_factory=dict[str, Any])


class Approval(Body):
    """Whether calls of a tool wait for the client."""

    requires_approval: bool | None = None
