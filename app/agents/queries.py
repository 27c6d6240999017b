"""SQL on agents: whole objects as JSON from one statement. `$1` is the organisation."""

from __future__ import annotations

from app.agents import secrets
from app.blocks.queries import INSERTED as INSERT_BLOCKS
from app.blocks.queries import block_json
from app.db.pool import Statement
from app.messages.queries import INSERTED as INSERT_MESSAGES
from app.tools.queries import tool_json

RELATIONS = ("agent.blocks", "agent.tools", "agent.tags", "agent.secrets")
"""What `include` can switch; the others of Letta's relations are always empty here."""

BLOCKS_OF = f"""(SELECT coalesce(json_agg(row_to_json(j)), '[]') FROM (
        SELECT {block_json("b")} FROM blocks_agents x JOIN blocks b ON b.id = x.block_id
        WHERE x.agent_id = a.id ORDER BY x.created_at, x.label) j)"""

TOOLS_OF = f"""(SELECT coalesce(json_agg(row_to_json(j)), '[]') FROM (
        SELECT {tool_json("t")} FROM tools_agents x JOIN tools t ON t.id = x.tool_id
        WHERE x.agent_id = a.id ORDER BY t.name) j)"""

IN_CONTEXT = """ARRAY(SELECT 'message-' || m.id FROM (
            SELECT id, seq FROM messages WHERE agent_id = a.id AND conversation_id IS NULL AND seq = 1
            UNION ALL SELECT id, seq FROM messages WHERE agent_id = a.id AND conversation_id IS NULL
                AND seq >= greatest(a.context_start, 2)) m
        ORDER BY m.seq)"""


def agent_json(alias: str, *, first: int) -> str:
    """JSON text of Letta's AgentState for a row of `agents`.

    Four boolean parameters, from `$first` on, say whether the `RELATIONS` are loaded. `OFFSET 0` keeps
    the planner from rendering the blocks once for each of the two places where they are.
    """
    blocks, tools, tags, hidden = (f"${first + offset}::boolean" for offset in range(4))
    return f"""(SELECT row_to_json(j)::text FROM (SELECT
        'agent-' || a.id AS id, a.name, a.agent_type, a.description, a.system, a.model, a.embedding,
        a.llm_config, a.embedding_config, a.model_settings, a.compaction_settings, a.response_format,
        a.tool_rules, a.metadata, CASE WHEN {tags} THEN a.tags ELSE '{{}}' END AS tags, a.timezone,
        a.message_buffer_autoclear, a.enable_sleeptime, a.max_files_open, a.per_file_view_window_char_limit,
        a.hidden, a.project_id, a.template_id, a.base_template_id, NULL AS deployment_id, NULL AS entity_id,
        l.blocks, json_build_object('agent_type', a.agent_type, 'git_enabled', false, 'blocks', l.blocks,
            'file_blocks', '[]'::json, 'prompt_template', '') AS memory,
        CASE WHEN {tools} THEN {TOOLS_OF} ELSE '[]' END AS tools,
        {IN_CONTEXT} AS message_ids, '[]'::json AS sources, '[]'::json AS identities,
            '[]'::json AS identity_ids,
        l.secrets, l.secrets AS tool_exec_environment_variables,
        NULL AS managed_group, NULL AS multi_agent_group, a.pending_approval,
        a.last_run_completion, a.last_run_duration_ms, a.last_stop_reason, a.created_at, a.updated_at,
        NULL AS created_by_id, NULL AS last_updated_by_id
        FROM (SELECT {alias}.*) a,
        LATERAL (SELECT CASE WHEN {blocks} THEN {BLOCKS_OF} ELSE '[]' END AS blocks,
            CASE WHEN {hidden} THEN {secrets.OF_AGENT} ELSE '[]' END AS secrets
            OFFSET 0) l) j)"""


GET = Statement(
    "get_agent", f"SELECT {agent_json('t', first=3)} FROM agents t WHERE t.org_id = $1 AND t.id = $2"
)

EXISTS = Statement("agent_exists", "SELECT 1 FROM agents WHERE org_id = $1 AND id = $2")

LLM_CONFIG = Statement("get_llm_config", "SELECT llm_config::text FROM agents WHERE org_id = $1 AND id = $2")

COUNT = Statement("count_agents", "SELECT count(*) FROM agents WHERE org_id = $1")

# What a new or changed agent refers to: tools by name or id, and existing blocks.
RESOLVE = Statement(
    "resolve_agent_parts",
    """SELECT
        (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name,
                'approval', default_requires_approval)), '[]') FROM tools
            WHERE org_id = $1 AND (name = ANY($2::text[]) OR id = ANY($3::uuid[])))::text AS tools,
        (SELECT coalesce(json_agg(json_build_object('id', id, 'label', label, 'value', value,
                'limit', char_limit, 'description', description, 'read_only', read_only)), '[]')
            FROM blocks WHERE org_id = $1 AND id = ANY($4::uuid[]))::text AS blocks""",
)

# The agent, its new blocks, all links and its first messages: one statement, hence atomic.
CREATE = Statement(
    "create_agent",
    f"""WITH agent AS (
        INSERT INTO agents (id, org_id, name, agent_type, description, system, model, embedding, llm_config,
            embedding_config, model_settings, compaction_settings, response_format, tool_rules, metadata,
                tags,
            timezone, max_files_open, per_file_view_window_char_limit, hidden, project_id, template_id,
            base_template_id, next_seq, context_start, prompt_key)
        SELECT id, $1, name, agent_type, description, system, model, embedding, llm_config,
            embedding_config, model_settings, compaction_settings, response_format, tool_rules, metadata,
                tags,
            timezone, max_files_open, per_file_view_window_char_limit, hidden, project_id, template_id,
            base_template_id, next_seq, context_start, prompt_key
        FROM jsonb_populate_record(NULL::agents, $2::jsonb) RETURNING id, org_id),
    new_blocks AS ({INSERT_BLOCKS.format(source="$3::jsonb")} RETURNING id),
    block_links AS (
        INSERT INTO blocks_agents (agent_id, block_id, label, created_at)
        SELECT agent.id, link.id, link.label, now() + link.n * interval '1 microsecond'
        FROM agent, jsonb_to_recordset($4::jsonb) AS link (n int, id uuid, label text)),
    tool_links AS (
        INSERT INTO tools_agents (agent_id, tool_id) SELECT agent.id, unnest($5::uuid[]) FROM agent),
    first_messages AS ({
        INSERT_MESSAGES.format(
            agent="agent.id",
            base="1",
            run="NULL::uuid",
            step="NULL::uuid",
            conversation="NULL::uuid",
            source="$6::jsonb",
            more=", agent",
        )
    })
    SELECT id FROM agent""",
)

DELETE = Statement(
    "delete_agent",
    """WITH owned AS (
        SELECT x.archive_id FROM archives_agents x WHERE x.agent_id = $2 AND x.is_owner
            AND NOT EXISTS (SELECT 1 FROM archives_agents o
                WHERE o.archive_id = x.archive_id AND o.agent_id <> $2)),
    gone AS (DELETE FROM agents WHERE org_id = $1 AND id = $2 RETURNING id),
    archives_gone AS (DELETE FROM archives USING gone WHERE archives.id IN (SELECT archive_id FROM owned))
    SELECT id FROM gone""",
)

SET_BLOCKS = Statement(
    "set_agent_blocks",
    """WITH dropped AS (
        DELETE FROM blocks_agents WHERE agent_id = $2 AND block_id <> ALL($3::uuid[]) RETURNING block_id)
    INSERT INTO blocks_agents (agent_id, block_id, label)
    SELECT $2, b.id, b.label FROM blocks b
    WHERE b.org_id = $1 AND b.id = ANY($3::uuid[]) AND (SELECT count(*) FROM dropped) >= 0
    ON CONFLICT (agent_id, block_id) DO NOTHING""",
)

SET_TOOLS = Statement(
    "set_agent_tools",
    """WITH dropped AS (
        DELETE FROM tools_agents WHERE agent_id = $2 AND tool_id <> ALL($3::uuid[]) RETURNING tool_id),
    added AS (
        INSERT INTO tools_agents (agent_id, tool_id)
        SELECT $2, t.id FROM tools t
        WHERE t.org_id = $1 AND t.id = ANY($3::uuid[]) AND (SELECT count(*) FROM dropped) >= 0
        ON CONFLICT (agent_id, tool_id) DO NOTHING RETURNING tool_id)
    UPDATE agents a SET tool_rules = a.tool_rules || rules.new
    FROM (SELECT jsonb_agg(jsonb_build_object('type', 'requires_approval', 'tool_name', t.name,
                'prompt_template', NULL) ORDER BY t.name) AS new
            FROM added JOIN tools t ON t.id = added.tool_id WHERE t.default_requires_approval) rules
    WHERE a.org_id = $1 AND a.id = $2 AND rules.new IS NOT NULL""",
)

COLUMNS = {
    "name": "text", "description": "text", "system": "text", "model": "text", "embedding": "text",
    "llm_config": "jsonb", "embedding_config": "jsonb", "model_settings": "jsonb",
    "compaction_settings": "jsonb",
    "response_format": "jsonb", "tool_rules": "jsonb", "metadata": "jsonb", "tags": "text[]",
    "timezone": "text",
    "max_files_open": "int", "per_file_view_window_char_limit": "int", "hidden": "boolean",
    "project_id": "text", "template_id": "text", "base_template_id": "text",
}  # fmt: skip
"""What a PATCH may change, with its type."""


def update(names: list[str]) -> Statement:
    """Change an agent's columns. The names come from `COLUMNS`, the values are parameters from `$3` on."""
    changes = [f"{name} = ${3 + index}::{COLUMNS[name]}" for index, name in enumerate(names)]
    assignments = ", ".join([*changes, "updated_at = now()"])
    return Statement(
        "update_agent", f"UPDATE agents SET {assignments} WHERE org_id = $1 AND id = $2 RETURNING id"
    )


LIST_SELECT = f"SELECT {agent_json('t', first=2)} FROM agents t"
"""`$2` to `$5` are the relations to load."""

ORDERS = {
    "created_at": ("{0}.created_at", "{0}.id"),
    "updated_at": ("{0}.updated_at", "{0}.id"),
    "last_run_completion": ("coalesce({0}.last_run_completion, '-infinity')", "{0}.id"),
}

FILTERS = {
    "name": "t.name = {}",
    "tags_any": "t.tags && {}::text[]",
    "tags_all": "t.tags @> {}::text[]",
    "query_text": "t.name ILIKE '%' || {} || '%'",
    "project_id": "t.project_id = {}",
    "template_id": "t.template_id = {}",
    "base_template_id": "t.base_template_id = {}",
    "last_stop_reason": "t.last_stop_reason = {}",
    "ids": "t.id = ANY({}::uuid[])",
    "block_id": "t.id IN (SELECT agent_id FROM blocks_agents WHERE block_id = {}::uuid)",
    "archive_id": "t.id IN (SELECT agent_id FROM archives_agents WHERE archive_id = {}::uuid)",
    "hidden": "coalesce(t.hidden, false) = {}::boolean",
}
"""Query parameters of the listing as SQL; all values are parameters."""
