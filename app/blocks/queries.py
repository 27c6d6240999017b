"""SQL on blocks. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement


def block_json(alias: str) -> str:
    """The columns of a block as Letta shows them."""
    b = alias
    return f"""'block-' || {b}.id AS id, {b}.label, {b}.value, {b}.char_limit AS "limit", {b}.description,
        {b}.read_only, {b}.metadata, {b}.tags, {b}.is_template, {b}.template_name, {b}.preserve_on_migration,
        {b}.hidden, {b}.project_id, NULL AS template_id, NULL AS base_template_id, NULL AS deployment_id,
        NULL AS entity_id, NULL AS created_by_id, NULL AS last_updated_by_id"""


def _one(alias: str) -> str:
    return f"(SELECT row_to_json(j)::text FROM (SELECT {block_json(alias)}) j)"


# Blocks arrive as a JSON array: `n` keeps the order, the rest are columns.
INSERTED = """INSERT INTO blocks (id, org_id, label, value, char_limit, description, read_only, metadata,
    tags,
        is_template, template_name, preserve_on_migration, hidden, project_id)
    SELECT id, $1, label, value, char_limit, description, read_only, metadata, tags,
        is_template, template_name, preserve_on_migration, hidden, project_id
    FROM jsonb_to_recordset({source}) AS new (n int, id uuid, label text, value text, char_limit int,
        description text, read_only boolean, metadata jsonb, tags text[], is_template boolean,
        template_name text, preserve_on_migration boolean, hidden boolean, project_id text)"""

CREATE = Statement(
    "create_block",
    f"WITH b AS ({INSERTED.format(source='$2::jsonb')} RETURNING *) SELECT {_one('b')} FROM b",
)

GET = Statement(
    "get_block", f"SELECT {_one('b')} AS block, b.version FROM blocks b WHERE b.org_id = $1 AND b.id = $2"
)

DELETE = Statement("delete_block", "DELETE FROM blocks WHERE org_id = $1 AND id = $2 RETURNING id")

COUNT = Statement("count_blocks", "SELECT count(*) FROM blocks WHERE org_id = $1")

LIST = Listing(
    name="list_blocks",
    table="blocks",
    select=f"SELECT {_one('t')} FROM blocks t",
    scope="{0}.org_id = $1",
    order=("{0}.created_at", "{0}.id"),
    kind="block",
)

LIST_OF_AGENT = Listing(
    name="list_blocks_of_agent",
    table="(SELECT b.*, x.agent_id, x.created_at AS attached_at FROM blocks b"
    " JOIN blocks_agents x ON x.block_id = b.id)",
    select=f"SELECT {_one('t')} FROM (SELECT b.*, x.agent_id, x.created_at AS attached_at FROM blocks b"
    " JOIN blocks_agents x ON x.block_id = b.id) t",
    scope="{0}.org_id = $1 AND {0}.agent_id = $2",
    order=("{0}.created_at", "{0}.id"),
    kind="block",
)

GET_OF_AGENT = Statement(
    "get_block_of_agent",
    f"""SELECT {_one("b")} AS block, b.version FROM blocks b JOIN blocks_agents x ON x.block_id = b.id
    WHERE b.org_id = $1 AND x.agent_id = $2 AND x.label = $3""",
)

ATTACH = Statement(
    "attach_block",
    """INSERT INTO blocks_agents (agent_id, block_id, label)
    SELECT a.id, b.id, b.label FROM agents a, blocks b
    WHERE a.org_id = $1 AND a.id = $2 AND b.org_id = $1 AND b.id = $3
    ON CONFLICT (agent_id, block_id) DO UPDATE SET label = excluded.label RETURNING agent_id""",
)

DETACH = Statement(
    "detach_block",
    """DELETE FROM blocks_agents x USING agents a
    WHERE a.org_id = $1 AND a.id = $2 AND x.agent_id = a.id AND x.block_id = $3 RETURNING x.agent_id""",
)

COLUMNS = {
    "label": "label = {}",
    "value": "value = {}",
    "limit": "char_limit = {}::int",
    "description": "description = {}",
    "read_only": "read_only = {}::boolean",
    "metadata": "metadata = {}::jsonb",
    "tags": "tags = {}::text[]",
    "is_template": "is_template = {}::boolean",
    "template_name": "template_name = {}",
    "preserve_on_migration": "preserve_on_migration = {}::boolean",
    "hidden": "hidden = {}::boolean",
    "project_id": "project_id = {}",
}
"""What a PATCH may change, as assignments; the statements differ only by which of them are present."""


def update(names: list[str], *, of_agent: bool, versioned: bool) -> Statement:
    """Change a block found by id (`$2`), or by agent and label (`$2`, `$3`), if it is still at the version
    that comes next; one statement, one round trip. `found` says whether there is such a block."""
    first = 3 + of_agent + versioned
    assignments = [COLUMNS[name].format(f"${first + index}") for index, name in enumerate(names)]
    changes = ", ".join([*assignments, "version = b.version + 1", "updated_at = now()"])
    where = (
        "b.id = (SELECT block_id FROM blocks_agents WHERE agent_id = $2 AND label = $3)"
        if of_agent
        else "b.id = $2"
    )
    current = f" AND b.version = ${first - 1}" if versioned else ""
    relabel = (
        ", links AS (UPDATE blocks_agents x SET label = b.label FROM b WHERE x.block_id = b.id)"
        if "label" in names
        else ""
    )
    return Statement(
        "update_block",
        f"WITH b AS (UPDATE blocks b SET {changes} WHERE b.org_id = $1 AND {where}{current} RETURNING b.*)"
        f"{relabel} SELECT (SELECT {_one('b')} FROM b) AS block, (SELECT version FROM b) AS version,"
        f" EXISTS (SELECT FROM blocks b WHERE b.org_id = $1 AND {where}) AS found",
    )
