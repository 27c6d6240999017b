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

ATTACH = Statement(
    "attach_tool",
    """INSERT INTO tools_agents (agent_id, tool_id)
    SELECT a.id, t.id FROM agents a, tools t
    WHERE a.org_id = $1 AND a.id = $2 AND t.org_id = $1 AND t.id = $3
    ON CONFLICT (agent_id, tool_id) DO UPDATE SET tool_id = excluded.tool_id RETURNING agent_id""",
)

DETACH = Statement(
    "detach_tool",
    """DELETE FROM tools_agents x USING agents a
    WHERE a.org_id = $1 AND a.id = $2 AND x.agent_id = a.id AND x.tool_id = $3 RETURNING x.agent_id""",
)
