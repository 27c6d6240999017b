"""SQL on archives and passages. `$1` is the organisation."""

from __future__ import annotations

from app.db import vectors
from app.db.keyset import Listing
from app.db.pool import Statement

PASSAGE_JSON = """(SELECT row_to_json(j)::text FROM (SELECT 'passage-' || {0}.id AS id, {0}.text,
    NULL AS embedding,
        {0}.embedding_config, 'archive-' || {0}.archive_id AS archive_id, NULL AS file_id, NULL AS file_name,
        NULL AS source_id, {0}.metadata, {0}.tags, {0}.created_at, {0}.updated_at, false AS is_deleted,
        NULL AS created_by_id, NULL AS last_updated_by_id) j)"""

OF_AGENT = "(SELECT archive_id FROM archives_agents WHERE agent_id = $2)"

# The agent's archive is made by its first passage. Two first passages at once: one of them fails on the
# primary key of archives_agents and is tried again by the service.
INSERT = Statement(
    "insert_passage",
    f"""WITH mine AS (SELECT x.archive_id AS id FROM archives_agents x JOIN agents a ON a.id = x.agent_id
        WHERE a.org_id = $1 AND a.id = $2),
    made AS (
        INSERT INTO archives (id, org_id, name, embedding_model, embedding_dim, embedding_config,
            passage_count, tags)
        SELECT $3, $1, a.name || '''s archive', $4, $5::int, $6::jsonb, 1, $9::text[] FROM agents a
        WHERE a.org_id = $1 AND a.id = $2 AND NOT EXISTS (SELECT FROM mine) RETURNING id),
    linked AS (INSERT INTO archives_agents (agent_id, archive_id, is_owner) SELECT $2, id, true FROM made),
    counted AS (
        UPDATE archives r SET passage_count = passage_count + 1,
            tags = CASE WHEN r.tags @> $9::text[] THEN r.tags
                ELSE ARRAY(SELECT DISTINCT unnest(r.tags || $9::text[]) ORDER BY 1) END
        FROM mine WHERE r.id = mine.id),
    p AS (
        INSERT INTO passages (id, org_id, archive_id, text, embedding, embedding_dim, embedding_model, tags,
            created_at)
        SELECT $10, $1, target.id, $7, $8::text::vector, $5::int, $4, $9::text[],
            coalesce($11::timestamptz, now())
        FROM (SELECT id FROM mine UNION ALL SELECT id FROM made) target RETURNING *)
    SELECT {PASSAGE_JSON.format("p")} FROM (SELECT p.*, $6::jsonb AS embedding_config FROM p) p""",
)

_WITH_CONFIG = "(SELECT q.*, r.embedding_config FROM passages q JOIN archives r ON r.id = q.archive_id)"

LIST = Listing(
    name="list_passages",
    table="passages",
    select=f"SELECT {PASSAGE_JSON.format('t')} FROM {_WITH_CONFIG} t",
    scope=f"{{0}}.org_id = $1 AND {{0}}.archive_id = {OF_AGENT}",
    order=("{0}.created_at", "{0}.id"),
    kind="passage",
)

DELETE = Statement(
    "delete_passage",
    f"""WITH gone AS (DELETE FROM passages WHERE org_id = $1 AND archive_id = {OF_AGENT} AND id = $3
        RETURNING archive_id)
    UPDATE archives r SET passage_count = passage_count - 1 FROM gone WHERE r.id = gone.archive_id
        RETURNING r.id""",
)

EMBEDDING_OF_AGENT = Statement(
    "get_archive_embedding",
    """SELECT r.embedding_model, r.embedding_dim FROM agents a
    LEFT JOIN archives_agents x ON x.agent_id = a.id LEFT JOIN archives r ON r.id = x.archive_id
    WHERE a.org_id = $1 AND a.id = $2""",
)

FILTERS = {
    "tags_any": "p.tags && {}::text[]",
    "tags_all": "p.tags @> {}::text[]",
    "start": "p.created_at >= {}::timestamptz",
    "end": "p.created_at <= {}::timestamptz",
}


def search(dimension: int, filters: list[str], *, exact: bool = False) -> Statement:
    """Nearest passages by cosine distance: `$3` the vector as text, `$4` the count, filters from `$5` on."""
    conditions = "".join(f" AND {FILTERS[name].format(f'${5 + n}')}" for n, name in enumerate(filters))
    return Statement(
        "search_passages",
        vectors.nearest(
            dimension,
            fields="p.id, p.text, p.tags, p.created_at",
            source="passages p",
            where=f"p.org_id = $1{conditions}",
            owner=("p.archive_id", OF_AGENT),
            size=f"(SELECT r.passage_count FROM archives r WHERE r.org_id = $1 AND r.id = {OF_AGENT})",
            vector="$3",
            limit="$4",
            exact=exact,
        ),
    )
