"""Archives as objects of their own: several agents may share one, and passages are put in directly."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from app.archives import library_queries as queries
from app.archives.schemas import ArchivePassage, CreateArchive, PassageSearch, UpdateArchive
from app.archives.service import check_text
from app.db import keyset, vectors
from app.db.pool import Database, array, to_json
from app.errors import BadRequest, Conflict, NotFound, constraint_of
from app.http import ids
from app.models.service import Embedding, Models


async def create(db: Database, models: Models, org_id: UUID, archive_id: UUID, body: CreateArchive) -> str:
    """Make an archive for the vectors of one embedding model. Raises NotFound for a model we don't have."""
    embedding = required(models, body.embedding or (body.embedding_config or {}).get("handle"))
    return await db.value(
        queries.CREATE, org_id, archive_id, body.name, body.description, embedding.handle,
        embedding.dimension, to_json(embedding.config()),
    )  # fmt: skip


async def get(db: Database, org_id: UUID, archive_id: UUID) -> str:
    """An archive as JSON. Raises NotFound."""
    return _found(await db.value(queries.GET, org_id, archive_id), archive_id)


async def update(db: Database, org_id: UUID, archive_id: UUID, body: UpdateArchive) -> str:
    """Change an archive. Raises NotFound."""
    given = "description" in body.model_fields_set
    return _found(
        await db.value(queries.UPDATE, org_id, archive_id, body.name, body.description, given), archive_id
    )


async def delete(db: Database, org_id: UUID, archive_id: UUID) -> None:
    """Delete an archive with its passages. Raises NotFound."""
    _found(await db.value(queries.DELETE, org_id, archive_id), archive_id)


async def list_all(db: Database, org_id: UUID, page: keyset.Page, filters: dict[str, Any]) -> bytes:
    """Archives as a JSON array. `filters` are keys of `queries.FILTERS`; None means absent."""
    args: list[object] = [org_id]
    where: list[str] = []
    for name, value in filters.items():
        if value is not None:
            args.append(value)
            where.append(queries.FILTERS[name].format(f"${len(args)}"))
    return array(await keyset.fetch(db, queries.LIST, page, args, where))


async def attach(db: Database, org_id: UUID, agent_id: UUID, archive_id: UUID) -> None:
    """Let an agent use an archive. Raises NotFound; Conflict when it has another one."""
    if await db.value(queries.ATTACH, org_id, agent_id, archive_id) is None:
        raise NotFound(f"There is no agent agent-{agent_id}, or no archive archive-{archive_id}.")


async def detach(db: Database, org_id: UUID, agent_id: UUID, archive_id: UUID) -> None:
    """Take an archive from an agent; it is not deleted. Raises NotFound."""
    if await db.value(queries.DETACH, org_id, agent_id, archive_id) is None:
        raise NotFound(f"The agent agent-{agent_id} does not exist or has no archive archive-{archive_id}.")


async def insert(
    db: Database, models: Models, org_id: UUID, archive_id: UUID, passages: Sequence[ArchivePassage]
) -> bytes:
    """Store passages, all of them or none; a JSON array. Raises NotFound; Conflict for another model."""
    for passage in passages:
        check_text(passage.text)
    embedding = required(models, None)
    await get(db, org_id, archive_id)  # before the embedding is paid for
    embedded = await models.embed([passage.text for passage in passages])
    rows = [
        {
            "n": n,
            "id": str(ids.new()),
            "text": passage.text,
            "tags": sorted(set(passage.tags or ())),
            "metadata": passage.metadata or {},
            "created_at": passage.created_at,
        }
        for n, passage in enumerate(passages)
    ]
    tags = sorted({tag for passage in passages for tag in passage.tags or ()})
    try:
        found = await db.rows(
            queries.INSERT, org_id, archive_id, to_json(rows), [vectors.encode(v) for v in embedded],
            embedding.dimension, embedding.handle, tags,
        )  # fmt: skip
    except asyncpg.ForeignKeyViolationError as error:
        if constraint_of(error) != "fk_passages_archive":
            raise
        raise Conflict(
            f"The archive holds vectors of another model than {embedding.handle};"
            " re-embed it or give the server its old embedding model."
        ) from None
    return array(found)


async def delete_passage(db: Database, org_id: UUID, archive_id: UUID, passage_id: UUID) -> None:
    """Forget a passage. Raises NotFound."""
    if await db.value(queries.DELETE_PASSAGE, org_id, archive_id, passage_id) is None:
        raise NotFound(f"The archive archive-{archive_id} has no passage passage-{passage_id}.")


async def search(db: Database, models: Models, org_id: UUID, wanted: PassageSearch) -> bytes:
    """Passages by meaning, nearest first, or the newest ones without a query; a JSON array."""
    filters = wanted.filters()
    if not wanted.query:
        statement = queries.newest(list(filters))
        return array(await db.rows(statement, org_id, wanted.limit, *filters.values()))
    embedding = required(models, None)
    (vector,) = await models.embed([wanted.query])
    args = (org_id, vectors.encode(vector), wanted.limit, *filters.values())
    rows = await db.rows(queries.search(embedding.dimension, list(filters)), *args)
    if len(rows) < wanted.limit:
        rows = await db.rows(queries.search(embedding.dimension, list(filters), exact=True), *args)
    return array(rows)


def required(models: Models, handle: str | None) -> Embedding:
    """The embedding model. Raises BadRequest when the server has none."""
    embedding = models.embedding_for(handle)
    if embedding is None:
        raise BadRequest(
            "This server has no embedding model, which archival memory needs; set EMBEDDING_API_BASE,"
            " LETTA_DEFAULT_EMBEDDING_HANDLE and LETTA_EMBEDDING_DIM."
        )
    return embedding


def _found(value: Any, archive_id: UUID) -> Any:
    if value is None:
        raise NotFound(f"There is no archive archive-{archive_id}.")
    return value
