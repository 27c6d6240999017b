"""SQL of a turn: start, load, commit of a step. `$1` is the organisation."""

from __future__ import annotations

from app.db.pool import Statement
from app.messages.queries import INSERTED as INSERT_MESSAGES
from app.usage import queries as usage

# The run is born leased to this process, together with the user's messages. uq_runs_one_running refuses a
# second turn, also while the first one waits for a server to resume it. `$13` is the request for approval
# that the messages answer: nothing starts while another one waits, or none.
START = Statement(
    "start_turn",
    f"""WITH run AS (
        INSERT INTO runs (id, org_id, agent_id, status, lease_token, lease_owner, lease_expires_at,
            request_config, conversation_id, background, callback_url)
        SELECT $3, $1, a.id, 'running', $4, $5, now() + make_interval(secs => $6), $7::jsonb, c.id, $11,
            $12::text
        FROM agents a LEFT JOIN conversations c ON c.agent_id = a.id AND c.id = $10::uuid
        WHERE a.org_id = $1 AND a.id = $2 AND (c.id IS NOT NULL OR $10::uuid IS NULL)
            AND CASE WHEN c.id IS NULL THEN a.pending_approval ELSE c.pending_approval END ->> 'id'
                IS NOT DISTINCT FROM $13::text
        RETURNING id, conversation_id, created_at),
    conversation AS (
        UPDATE conversations c SET last_message_at = run.created_at, pending_approval = NULL FROM run
        WHERE c.id = run.conversation_id),
    agent AS (
        UPDATE agents a SET next_seq = next_seq + $9::int,
            pending_approval = CASE WHEN run.conversation_id IS NOT NULL THEN pending_approval END
        FROM run WHERE a.id = $2
        RETURNING a.id, a.next_seq - $9::int AS base, run.conversation_id),
    new AS ({
        INSERT_MESSAGES.format(
            agent="agent.id",
            base="agent.base",
            run="$3",
            step="NULL::uuid",
            conversation="agent.conversation_id",
            source="$8::jsonb",
            more=", agent",
        )
    })
    SELECT created_at FROM run""",
)

# `{config}`, `{start}`, `{seen}` and `{source}` differ between the agent's own thread and a conversation.
_LOAD = """SELECT a.system, a.agent_type, a.compaction_settings::text, ({config})::text AS llm_config,
        a.tool_rules::text, a.response_format::text, a.timezone, {start} AS context_start, a.next_seq,
        a.prompt_key,
        (SELECT coalesce(json_agg(json_build_object('label', b.label, 'value', b.value, 'limit', b.char_limit,
                'description', b.description, 'read_only', b.read_only) ORDER BY x.created_at, x.label), '[]')
            FROM blocks_agents x JOIN blocks b ON b.id = x.block_id WHERE x.agent_id = a.id)::text AS blocks,
        (SELECT coalesce(json_agg(json_build_object('name', t.name, 'schema', t.json_schema, 'kind',
            t.tool_type,
                'return_limit', t.return_char_limit) ORDER BY t.name), '[]')
            FROM tools_agents x JOIN tools t ON t.id = x.tool_id WHERE x.agent_id = a.id)::text AS tools,
        (SELECT json_build_object('passages', r.passage_count, 'tags', r.tags)
            FROM archives_agents x JOIN archives r ON r.id = x.archive_id WHERE x.agent_id = a.id)::text AS
                archive,
        (SELECT coalesce(json_agg(json_build_object('seq', m.seq, 'role', m.role, 'text', m.text,
                'parts', m.parts, 'tool_calls', m.tool_calls, 'tool_returns', m.tool_returns,
                'approvals', m.approvals, 'reasoning', m.reasoning, 'id', m.id, 'run_id', m.run_id,
                'created_at', m.created_at) ORDER BY m.seq), '[]')
            FROM {seen} m)::text AS messages
    FROM {source} WHERE a.org_id = $1 AND a.id = $2"""

LOAD = Statement(
    "load_turn",
    _LOAD.format(
        config="a.llm_config",
        start="a.context_start",
        # Two ranges of the index: with OR between them the planner reads the whole history and filters.
        seen="""(SELECT * FROM messages WHERE agent_id = a.id AND conversation_id IS NULL AND seq = 1
                UNION ALL SELECT * FROM messages WHERE agent_id = a.id AND conversation_id IS NULL
                    AND seq >= greatest(a.context_start, 2))""",
        source="agents a",
    ),
)

# The system prompt is the agent's; the rest is the conversation's (`$3`).
LOAD_CONVERSATION = Statement(
    "load_turn_of_conversation",
    _LOAD.format(
        config="a.llm_config || c.llm_config",
        start="c.context_start",
        seen="""(SELECT * FROM messages WHERE agent_id = a.id AND conversation_id IS NULL AND seq = 1
                UNION ALL SELECT * FROM messages WHERE conversation_id = c.id AND seq >= c.context_start)""",
        source="agents a JOIN conversations c ON c.agent_id = a.id AND c.id = $3",
    ),
)

# Everything a step leaves behind, or nothing: zero rows mean that the lease is no longer ours.
COMMIT_STEP = Statement(
    "commit_step",
    f"""WITH run AS (
        UPDATE runs SET updated_at = now(), ttft_ns = coalesce(ttft_ns, $11::bigint),
            status = coalesce($8::text, status), stop_reason = coalesce($9::text, stop_reason),
            usage = coalesce($10::jsonb, usage),
            callback_after = CASE WHEN $8::text IS NOT NULL AND callback_url IS NOT NULL THEN now() END,
            lease_expires_at = CASE WHEN $8::text IS NULL THEN now() + make_interval(secs => $12) END,
            completed_at = CASE WHEN $8::text IS NOT NULL THEN clock_timestamp() END,
            total_duration_ns = CASE WHEN $8::text IS NOT NULL
                THEN (extract(epoch FROM clock_timestamp() - created_at) * 1e9)::bigint END
        WHERE org_id = $1 AND id = $2 AND lease_token = $3 AND status = 'running'
        RETURNING id, agent_id, conversation_id, total_duration_ns),
    conversation AS (
        UPDATE conversations c SET context_start = coalesce($7::bigint, context_start),
            pending_approval = $14::jsonb || jsonb_build_object('date', now()),
            last_message_at = clock_timestamp(),
            last_run_completion = CASE WHEN $8::text IS NULL THEN last_run_completion ELSE
                clock_timestamp() END
        FROM run WHERE c.id = run.conversation_id),
    agent AS (
        UPDATE agents a SET next_seq = next_seq + jsonb_array_length($4::jsonb),
            context_start = CASE WHEN run.conversation_id IS NULL THEN coalesce($7::bigint, context_start)
                ELSE context_start END,
            pending_approval = CASE WHEN run.conversation_id IS NOT NULL THEN pending_approval
                ELSE $14::jsonb || jsonb_build_object('date', now()) END,
            prompt_key = coalesce($6::text, prompt_key),
            last_run_completion = CASE WHEN $8::text IS NULL THEN last_run_completion ELSE
                clock_timestamp() END,
            last_run_duration_ms = coalesce(run.total_duration_ns / 1000000, last_run_duration_ms),
            last_stop_reason = coalesce($9::text, last_stop_reason)
        FROM run WHERE a.id = run.agent_id
        RETURNING a.id, a.next_seq - jsonb_array_length($4::jsonb) AS base, run.conversation_id),
    prompt AS (
        UPDATE messages m SET text = $5::text FROM run WHERE m.agent_id = run.agent_id AND m.seq = 1
            AND $5::text IS NOT NULL),
    step AS (
        INSERT INTO steps (id, org_id, run_id, agent_id, status, stop_reason, request_id, provider_name,
            model,
            model_handle, model_endpoint, context_window_limit, prompt_tokens, completion_tokens,
                total_tokens,
            cached_input_tokens, reasoning_tokens, llm_request_ns, tool_execution_ns, step_ns)
        SELECT s.id, $1, run.id, run.agent_id, s.status, $9::text, s.request_id, s.provider_name, s.model,
            s.model_handle, s.model_endpoint, s.context_window_limit, s.prompt_tokens, s.completion_tokens,
            s.total_tokens, s.cached_input_tokens, s.reasoning_tokens, s.llm_request_ns, s.tool_execution_ns,
            s.step_ns
        FROM run, jsonb_populate_record(NULL::steps, $13::jsonb) s
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, stop_reason = excluded.stop_reason,
            tool_execution_ns = excluded.tool_execution_ns, step_ns = excluded.step_ns
        RETURNING id),
    usage AS ({usage.ADDED.format(source="$15::jsonb")}),
    new AS ({
        INSERT_MESSAGES.format(
            agent="agent.id",
            base="agent.base",
            run="$2",
            step="step.id",
            conversation="agent.conversation_id",
            source="$4::jsonb",
            more=", agent, step",
        )
    })
    SELECT agent.base, now() AS created_at, {usage.BEFORE.format(agent="agent.id")} AS spent_before
    FROM agent""",
)
