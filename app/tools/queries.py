"""SQL on tools. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import ServerStatement, Statement


def tool_json(alias: str) -> str:
    """The columns of a tool as Letta shows them."""
    t = alias
    return f"""'tool-' || {t}.id AS id, {t}.name, {t}.tool_type, {t}.description,
        {t}.source_type, {t}.source_code,
        {t}.json_schema, {t}.args_json_schema, {t}.tags, {t}.return_char_limit, {t}.pip_requirements,
        {t}.npm_requirements, {t}.default_requires_approval, {t}.enable_parallel_execution,
        {t}.metadata AS metadata_, {t}.project_id, NULL AS created_by_id, NULL AS last_updated_by_id"""


def _one(alias: str) -> str:
    return f"(SELECT row_to_json(j)::text FROM (SELECT {tool_json(alias)}) j)"


# Every organisation gets the base tools; only rows that differ are written, so a restart writes nothing.
SEED = ServerStatement(
    "seed_base_tools",
    """INSERT INTO tools (id, org_id, name, tool_type, description, source_type, json_schema, tags)
    SELECT new.id, new.org_id, new.name, new.tool_type, new.description, 'python', new.json_schema, '{}'
    FROM jsonb_to_recordset($1::jsonb) AS new
        (id uuid, org_id uuid, name text, tool_type text, description text, json_schema jsonb)
    ON CONFLICT (org_id, name) DO UPDATE
    SET tool_type = excluded.tool_type, description = excluded.description,
        json_schema = excluded.json_schema, updated_at = now()
    WHERE (tools.tool_type, tools.description, tools.json_schema)
        IS DISTINCT FROM (excluded.tool_type, excluded.description, excluded.json_schema)""",
)

ORGANIZATIONS = ServerStatement("list_organizations", "SELECT id FROM organizations")

GET = Statement("get_tool", f"SELECT {_one('t')} FROM tools t WHERE t.org_id = $1 AND t.id = $2")

COUNT = Statement("count_tools", "SELECT count(*) FROM tools WHERE org_id = $1")

LIST = Listing(
    name="list_tools",
    table="tools",
    select=f"SELECT {_one('t')} FROM tools t",
    scope="{0}.org_id = $1",
    order=("{0}.created_at", "{0}.id"),
    kind="tool",
)

LIST_OF_AGENT = Listing(
    name="list_tools_of_agent",
    table="tools",
    select=f"SELECT {_one('t')} FROM tools t",
    scope="{0}.org_id = $1 AND {0}.id IN (SELECT tool_id FROM tools_agents WHERE agent_id = $2)",
    order=("{0}.created_at", "{0}.id"),
    kind="tool",
)

DELETE = Statement(
    "delete_tool",
    "DELETE FROM tools WHERE org_id = $1 AND id = $2 AND tool_type NOT LIKE 'letta\\_%' RETURNING id",
)

SOURCE = Statement(
    "get_tool_source", "SELECT tool_type, source_code FROM tools WHERE org_id = $1 AND id = $2"
)

COLUMNS = {
    "name": "text", "description": "text", "source_type": "text", "source_code": "text",
    "json_schema": "jsonb", "args_json_schema": "jsonb", "tags": "text[]", "return_char_limit": "int",
    "pip_requirements": "jsonb", "npm_requirements": "jsonb", "default_requires_approval": "boolean",
    "enable_parallel_execution": "boolean", "metadata": "jsonb", "project_id": "text",
}  # fmt: skip
"""What clients may set, with its type."""


def upsert(names: list[str]) -> Statement:
    """Create a tool, or change the one of this name; no row when that name is a built-in tool's.

    The names come from `COLUMNS` and are the parameters from `$3` on; `$2` is the id of a new tool.
    """
    values = ", ".join(f"${3 + n}::{COLUMNS[name]}" for n, name in enumerate(names))
    changes = ", ".join(f"{name} = excluded.{name}" for name in names)
    return Statement(
        "upsert_tool",
        f"""WITH t AS (
            INSERT INTO tools (org_id, id, tool_type, {", ".join(names)}) VALUES ($1, $2, 'custom', {values})
            ON CONFLICT (org_id, name) DO UPDATE SET {changes}, updated_at = now()
            WHERE tools.tool_type = 'custom' RETURNING *)
        SELECT {_one("t")} FROM t""",
    )


def update(names: list[str]) -> Statement:
    """Change a tool's columns; they come from `COLUMNS`, the values are parameters from `$3` on."""
    changes = [f"{name} = ${3 + n}::{COLUMNS[name]}" for n, name in enumerate(names)]
    return Statement(
        "update_tool",
        f"""WITH t AS (
            UPDATE tools SET {", ".join([*changes, "updated_at = now()"])}
            WHERE org_id = $1 AND id = $2 RETURNING *)
        SELECT {_one("t")} FROM t""",
    )


# Attaching a tool that asks for approval by default makes the agent ask, too.
ATTACH = Statement(
    "attach_tool",
    """WITH link AS (
        INSERT INTO tools_agents (agent_id, tool_id)
        SELECT a.id, t.id FROM agents a, tools t
        WHERE a.org_id = $1 AND a.id = $2 AND t.org_id = $1 AND t.id = $3
        ON CONFLICT (agent_id, tool_id) DO UPDATE SET tool_id = excluded.tool_id
        RETURNING agent_id, tool_id, xmax = 0 AS new),
    rule AS (
        UPDATE agents a SET tool_rules = a.tool_rules || jsonb_build_array(jsonb_build_object(
            'type', 'requires_approval', 'tool_name', t.name, 'prompt_template', NULL))
        FROM link JOIN tools t ON t.id = link.tool_id
        WHERE a.id = link.agent_id AND link.new AND t.default_requires_approval)
    SELECT agent_id FROM link""",
)

DETACH = Statement(
    "detach_tool",
    """DELETE FROM tools_agents x USING agents a
    WHERE a.org_id = $1 AND a.id = $2 AND x.agent_id = a.id AND x.tool_id = $3 RETURNING x.agent_id""",
)

# The rule is dropped and, if wanted, put at the end; no row when the agent has no such tool.
SET_APPROVAL = Statement(
    "set_tool_approval",
    """UPDATE agents a SET updated_at = now(), tool_rules = (
            SELECT coalesce(jsonb_agg(r ORDER BY n), '[]') FROM jsonb_array_elements(a.tool_rules)
                WITH ORDINALITY AS x (r, n)
            WHERE NOT (r ->> 'type' = 'requires_approval' AND r ->> 'tool_name' = $3))
        || CASE WHEN $4 THEN jsonb_build_array(jsonb_build_object(
            'type', 'requires_approval', 'tool_name', $3::text, 'prompt_template', NULL)) ELSE '[]' END
    WHERE a.org_id = $1 AND a.id = $2 AND EXISTS (
        SELECT FROM tools_agents x JOIN tools t ON t.id = x.tool_id WHERE x.agent_id = a.id AND t.name = $3)
    RETURNING a.id""",
)

# What a call needs: the source and the agent's secrets, which only this statement reads.
CALL = Statement(
    "get_tool_to_call",
    """SELECT t.name, t.source_code, t.tool_type, t.return_char_limit,
        (SELECT json_object_agg(s.key, s.value_enc) FROM agent_secrets s WHERE s.agent_id = x.agent_id)::text
            AS secrets
    FROM tools_agents x JOIN agents a ON a.id = x.agent_id JOIN tools t ON t.id = x.tool_id
    WHERE a.org_id = $1 AND x.agent_id = $2 AND t.name = $3""",
)
