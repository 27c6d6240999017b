"""SQL of the search of messages. `$1` is the organisation."""

from __future__ import annotations

from app.db import vectors
from app.db.pool import Statement

NEWEST = 500
"""How many of the messages that have the words are ranked: the newest ones."""

_FIELDS = "m.id, m.agent_id, m.conversation_id, m.seq, m.role, m.text, m.created_at"

# The expression of ix_messages_words, with its condition.
_INDEXED = """(to_tsvector('english', left(m.text, 100000))
        || array_to_tsvector(ARRAY['=' || m.org_id::text, '=' || m.agent_id::text]))"""

# Any of the words will do, and a word may be the beginning of a longer one if it has three letters.
_WORDS = r"""nullif(replace(regexp_replace(plainto_tsquery('english', $7)::text,
        '''([^'']{3,})''', '''\1'':*', 'g'), ' & ', ' | '), '')::tsquery"""

_FILTERS = """m.org_id = $1 AND m.seq > 1 AND m.text <> '' AND m.role = ANY($3::text[])
        AND ($2::uuid IS NULL OR m.agent_id = $2) AND ($4::uuid IS NULL OR m.conversation_id = $4)
        AND ($5::timestamptz IS NULL OR m.created_at >= $5)
        AND ($6::timestamptz IS NULL OR m.created_at <= $6)"""

LATEST = Statement(
    "list_latest_messages",
    f"""SELECT {_FIELDS} FROM messages m WHERE {_FILTERS} AND m.agent_id = $2
    ORDER BY m.seq DESC LIMIT $7""",
)

BY_WORDS = Statement(
    "search_messages_by_words",
    f"""WITH q AS (SELECT {_WORDS} AS words),
    found AS (
        SELECT {_FIELDS} FROM messages m
        WHERE {_FILTERS} AND {_INDEXED}
            @@ (SELECT ('''=' || coalesce($2::uuid, $1)::text || '''')::tsquery && words FROM q)
        ORDER BY m.created_at DESC, m.seq DESC LIMIT {NEWEST})
    SELECT m.* FROM found m, q
    ORDER BY ts_rank(to_tsvector('english', left(m.text, 100000)), q.words) DESC, m.created_at DESC,
        m.seq DESC LIMIT $8""",
)


def by_vector(dimension: int, *, of_agent: bool, exact: bool = False) -> Statement:
    """Nearest messages: the filters as above, `$7` the vector as text, `$8` the count, `$9` its model."""
    return Statement(
        "search_messages_by_vector",
        vectors.nearest(
            dimension,
            fields=_FIELDS,
            source="message_vectors p JOIN messages m ON m.id = p.message_id AND m.created_at = p.created_at",
            where=f"p.org_id = $1 AND p.embedding_model = $9 AND {_FILTERS}",
            owner=("p.agent_id", "$2::uuid") if of_agent else ("p.org_id", "$1"),
            size="(SELECT sum(next_seq) FROM agents WHERE org_id = $1 AND ($2::uuid IS NULL OR id = $2))",
            vector="$7",
            limit="$8",
            exact=exact,
        ),
    )
