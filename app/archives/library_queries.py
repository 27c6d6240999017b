"""SQL on archives as objects of their own, and on passages across them. `$1` is the organisation."""

from __future__ import annotations

from app.archives.queries import PASSAGE_JSON
from app.db import vectors
from app.db.keyset import Listing
from app.db.pool import Statement


def _one(alias: str) -> str:
    r = alias
    return f"""(SELECT row_to_json(j)::text FROM (SELECT 'archive-' || {r}.id AS id, {r}.name,
        {r}.description, 'native' AS vector_db_provider, {r}.embedding_config, {r}.metadata, {r}.created_at,
        {r}.updated_at,        NULL AS created_by_id, NULL AS last_updated_by_id) j)"""


CREATE = Statement(
    "create_archive",
    f"""WITH made AS (
        INSERT INTO archives (id, org_id, name, description, embedding_model, embedding_dim, embedding_config)
        VALUES ($2, $1, $3, $4, $5, $6, $7::jsonb) RETURNING *)
    SELECT {_one("made")} FROM made""",
)

GET = Statement("get_archive", f"SELECT {_one('t')} FROM archives t WHERE t.org_id = $1 AND t.id = $2")

UPDATE = Statement(
    "update_archive",
    f"""WITH changed AS (
        UPDATE archives SET name = coalesce($3, name), updated_at = now(),
            description = CASE WHEN $5::boolean THEN $4 ELSE description END
        WHERE org_id = $1 AND id = $2 RETURNING *)
    SELECT {_one("changed")} FROM changed""",
)

DELETE = Statement("delete_archive", "DELETE FROM archives WHERE org_id = $1 AND id = $2 RETURNING id")

LIST = Listing(
    name="list_archives",
    table="archives",
    select=f"SELECT {_one('t')} FROM archives t",
    scope="{0}.org_id = $1",
    order=("{0}.created_at", "{0}.id"),
    kind="archive",
)

FILTERS = {
    "name": "t.name = {}",
    "agent_id": "t.id IN (SELECT archive_id FROM archives_agents WHERE agent_id = {}::uuid)",
}
"""Query parameters of the listing as SQL; all values are parameters."""

# Attaching again is fine; another archive is refused by the primary key of archives_agents.
ATTACH = Statement(
    "attach_archive",
    """WITH wanted AS (
        SELECT a.id AS agent_id, r.id AS archive_id FROM agents a, archives r
        WHERE a.org_id = $1 AND a.id = $2 AND r.org_id = $1 AND r.id = $3),
    made AS (
        INSERT INTO archives_agents (agent_id, archive_id) SELECT agent_id, archive_id FROM wanted w
        WHERE NOT EXISTS (SELECT FROM archives_agents x
            WHERE x.agent_id = w.agent_id AND x.archive_id = w.archive_id))
    SELECT agent_id FROM wanted""",
)

DETACH = Statement(
    "detach_archive",
    """DELETE FROM archives_agents x USING agents a
    WHERE a.org_id = $1 AND a.id = $2 AND x.agent_id = a.id AND x.archive_id = $3 RETURNING x.agent_id""",
)

# All passages of a request in one statement; `n` keeps their order.
INSERT = Statement(
    "insert_passages",
    f"""WITH target AS (SELECT id, embedding_config FROM archives WHERE org_id = $1 AND id = $2),
    new AS (
        SELECT * FROM jsonb_to_recordset($3::jsonb) AS t
            (n int, id uuid, text text, tags text[], metadata jsonb, created_at timestamptz)),
    p AS (
        INSERT INTO passages (id, org_id, archive_id, text, embedding, embedding_dim, embedding_model, tags,
            metadata, created_at)
        SELECT new.id, $1, target.id, new.text, ($4::text[])[new.n + 1]::vector, $5::int, $6, new.tags,
            new.metadata, coalesce(new.created_at, now())
        FROM new, target RETURNING *),
    counted AS (
        UPDATE archives r SET passage_count = passage_count + jsonb_array_length($3::jsonb),
            tags = CASE WHEN r.tags @> $7::text[] THEN r.tags
                ELSE ARRAY(SELECT DISTINCT unnest(r.tags || $7::text[]) ORDER BY 1) END
        FROM target WHERE r.id = target.id)
    SELECT {PASSAGE_JSON.format("q")}
    FROM (SELECT p.*, new.n, target.embedding_config FROM p JOIN new USING (id), target) q ORDER BY q.n""",
)

DELETE_PASSAGE = Statement(
    "delete_passage_of_archive",
    """WITH gone AS (
        DELETE FROM passages WHERE org_id = $1 AND archive_id = $2 AND id = $3 RETURNING archive_id)
    UPDATE archives r SET passage_count = passage_count - 1 FROM gone WHERE r.id = gone.archive_id
        RETURNING r.id""",
)

SEARCH_FILTERS = {
    "agent_id": "p.archive_id = (SELECT archive_id FROM archives_agents WHERE agent_id = {}::uuid)",
    "archive_id": "p.archive_id = {}::uuid",
    "tags_any": "p.tags && {}::text[]",
    "tags_all": "p.tags @> {}::text[]",
    "start_date": "p.created_at >= {}::timestamptz",
    "end_date": "p.created_at <= {}::timestamptz",
}


def search(dimension: int, filters: list[str], *, exact: bool = False) -> Statement:
    """Nearest passages of all archives: `$2` the vector as text, `$3` the count, filters from `$4` on.

    The index gives up on rare matches; `exact` does not use it.
    """
    distance = "p.embedding <=> $2::text::vector"
    if not exact:
        distance = f"{vectors.typed('p.embedding', dimension)} <=> {vectors.typed('$2::text', dimension)}"
    return _search(
        "search_all_passages",
        f"1 - ({distance})",
        [f"p.embedding_dim = {int(dimension)}", *_conditions(filters, first=4)],
        f"{distance} LIMIT $3",
    )


def newest(filters: list[str]) -> Statement:
    """The newest passages of all archives: `$2` the count, filters from `$3` on."""
    return _search(
        "list_newest_passages", "0.0", _conditions(filters, first=3), "p.created_at DESC, p.id LIMIT $2"
    )


def _conditions(filters: list[str], *, first: int) -> list[str]:
    return [SEARCH_FILTERS[name].format(f"${first + n}") for n, name in enumerate(filters)]


def _search(name: str, score: str, conditions: list[str], order: str) -> Statement:
    where = " AND ".join(["p.org_id = $1", *conditions])
    return Statement(
        name,
        f"""SELECT json_build_object('passage', {PASSAGE_JSON.format("f")}::json, 'score', f.score,
            'metadata', '{{}}'::json)::text
        FROM (SELECT p.*, {score} AS score, r.embedding_config
            FROM passages p JOIN archives r ON r.id = p.archive_id WHERE {where} ORDER BY {order}) f""",
    )
