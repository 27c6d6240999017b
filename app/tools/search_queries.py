"""SQL of the search of tools. `$1` is the organisation."""

from __future__ import annotations

from app.db.pool import Statement
from app.tools.queries import tool_json

TEXT = """(t.name || ' ' || coalesce(t.description, '') || ' ' || array_to_string(t.tags, ' '))"""
"""What is searched. Underscores separate words for people, not for the parser."""

WORDS = f"to_tsvector('simple', replace({TEXT}, '_', ' '))"

# An organisation has hundreds of tools at most, so every one of them is ranked.
SEARCH = Statement(
    "search_tools",
    f"""WITH q AS (SELECT websearch_to_tsquery('simple', replace($2::text, '_', ' ')) AS words),
    chosen AS (
        SELECT t.*, {TEXT} AS embedded_text FROM tools t
        WHERE t.org_id = $1 AND ($5::text[] IS NULL OR t.tool_type = ANY($5))
            AND ($6::text[] IS NULL OR t.tags && $6)),
    by_words AS (
        SELECT t.id, row_number() OVER (ORDER BY ts_rank({WORDS}, q.words) DESC, t.name) AS place
        FROM chosen t, q WHERE {WORDS} @@ q.words),
    by_meaning AS (
        SELECT v.tool_id AS id,
            row_number() OVER (ORDER BY v.embedding <=> $3::text::vector, v.tool_id) AS place
        FROM tool_vectors v JOIN chosen t ON t.id = v.tool_id
        WHERE v.model = $4 AND $3::text IS NOT NULL),
    found AS (
        SELECT t.id, w.place AS word_place, m.place AS meaning_place,
            coalesce(1.0 / (60 + w.place), 0) + coalesce(1.0 / (60 + m.place), 0) AS score
        FROM chosen t LEFT JOIN by_words w ON w.id = t.id LEFT JOIN by_meaning m ON m.id = t.id
        WHERE w.id IS NOT NULL OR m.id IS NOT NULL OR ($2::text IS NULL AND $3::text IS NULL))
    SELECT json_build_object(
        'tool', (SELECT row_to_json(j) FROM (SELECT {tool_json("t")}) j), 'embedded_text', t.embedded_text,
        'fts_rank', f.word_place, 'vector_rank', f.meaning_place, 'combined_score', f.score)::text
    FROM found f JOIN chosen t ON t.id = f.id ORDER BY f.score DESC, t.name LIMIT $7""",
)

WITHOUT_VECTOR = Statement(
    "list_tools_without_vector",
    f"""SELECT t.id, {TEXT} AS text FROM tools t LEFT JOIN tool_vectors v ON v.tool_id = t.id
    WHERE t.org_id = $1 AND (v.model, v.digest) IS DISTINCT FROM ($2, md5({TEXT})) ORDER BY t.id LIMIT $3""",
)

STORE = Statement(
    "store_tool_vectors",
    """INSERT INTO tool_vectors (tool_id, org_id, model, digest, embedding)
    SELECT t.id, $1, $2, n.digest, n.embedding::vector
    FROM unnest($3::uuid[], $4::text[], $5::text[]) AS n (id, digest, embedding)
    JOIN tools t ON t.id = n.id AND t.org_id = $1
    ON CONFLICT (tool_id) DO UPDATE
    SET model = excluded.model, digest = excluded.digest, embedding = excluded.embedding""",
)
