"""Bodies of the routes on archives and passages."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from app.http.fields import Body, JsonObject, Moment, Text
from app.http.ids import AgentId, ArchiveId

BATCH = 1000
"""Passages of one request."""


class CreatePassage(Body):
    """A text to remember."""

    text: Text
    tags: list[Text] | None = None
    created_at: Moment | None = None


class ArchivePassage(CreatePassage):
    """A text to put into an archive."""

    metadata: JsonObject | None = None


class ArchivePassages(Body):
    """Several texts to put into an archive, all or none."""

    passages: list[ArchivePassage] = Field(min_length=1, max_length=BATCH)


class CreateArchive(Body):
    """An archive to make."""

    name: Text = Field(min_length=1, max_length=1000)
    description: Text | None = None
    embedding: Text | None = None
    embedding_config: JsonObject | None = None


class UpdateArchive(Body):
    """Changes to an archive; fields that are absent stay as they are."""

    name: Text | None = Field(default=None, min_length=1, max_length=1000)
    description: Text | None = None


class PassageSearch(Body):
    """A search in one archive, in an agent's, or in all of them."""

    query: Text | None = None
    agent_id: AgentId | None = None
    archive_id: ArchiveId | None = None
    tags: list[Text] | None = None
    tag_match_mode: Literal["any", "all"] = "any"
    limit: int = Field(default=50, ge=1, le=100)
    start_date: Moment | None = None
    end_date: Moment | None = None

    def filters(self) -> dict[str, object]:
        """The filters in use, by name in `library_queries.SEARCH_FILTERS`."""
        wanted: dict[str, object] = {
            "agent_id": self.agent_id,
            "archive_id": self.archive_id,
            f"tags_{self.tag_match_mode}": self.tags or None,
            "start_date": self.start_date,
            "end_date": self.end_date,
        }
        return {name: value for name, value in wanted.items() if value is not None}
