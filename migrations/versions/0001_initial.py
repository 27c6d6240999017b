"""First schema: agents, blocks, tools, messages, runs, steps, archives, passages."""

from __future__ import annotations

from alembic import op

revision = "0001_initial"
down_revision: str | None = None
branch_labels = None
depends_on = None

DEFAULT_ORGANIZATION = "00000000-0000-4000-8000-000000000000"

TENANCY = f"""
CREATE TABLE organizations (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO organizations (id, name) VALUES ('{DEFAULT_ORGANIZATION}', 'default_org');
"""

AGENTS = """
CREATE TABLE agents (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    agent_type text NOT NULL,
    description text,
    system text NOT NULL,
    model text NOT NULL,
    embedding text,
    llm_config jsonb NOT NULL,
    embedding_config jsonb,
    model_settings jsonb,
    compaction_settings jsonb,
    response_format jsonb,
    tool_rules jsonb NOT NULL DEFAULT '[]',
    metadata jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    timezone text NOT NULL DEFAULT 'UTC',
    message_buffer_autoclear boolean NOT NULL DEFAULT false,
    enable_sleeptime boolean NOT NULL DEFAULT false,
    max_files_open integer,
    per_file_view_window_char_limit integer,
    hidden boolean,
    project_id text,
    template_id text,
    base_template_id text,
    next_seq bigint NOT NULL DEFAULT 1,
    context_start bigint NOT NULL DEFAULT 2,
    prompt_key text NOT NULL,
    last_run_completion timestamptz,
    last_run_duration_ms bigint,
    last_stop_reason text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
CREATE INDEX ix_agents_org_created ON agents (org_id, created_at, id);
CREATE INDEX ix_agents_org_name ON agents (org_id, name);
CREATE INDEX ix_agents_tags ON agents USING gin (tags);
"""

BLOCKS = """
CREATE TABLE blocks (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    label text NOT NULL,
    value text NOT NULL,
    char_limit integer NOT NULL,
    description text,
    read_only boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    is_template boolean NOT NULL DEFAULT false,
    template_name text,
    preserve_on_migration boolean NOT NULL DEFAULT false,
    hidden boolean,
    project_id text,
    version bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_blocks_value_within_limit CHECK (char_length(value) <= char_limit)
);
CREATE INDEX ix_blocks_org_created ON blocks (org_id, created_at, id);
CREATE INDEX ix_blocks_org_label ON blocks (org_id, label);
CREATE TABLE blocks_agents (
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    block_id uuid NOT NULL REFERENCES blocks ON DELETE CASCADE,
    label text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent_id, block_id),
    CONSTRAINT uq_blocks_agents_label UNIQUE (agent_id, label)
);
CREATE INDEX ix_blocks_agents_block ON blocks_agents (block_id);
"""

TOOLS = """
CREATE TABLE tools (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    tool_type text NOT NULL,
    description text,
    source_type text,
    source_code text,
    json_schema jsonb,
    args_json_schema jsonb,
    tags text[] NOT NULL DEFAULT '{}',
    return_char_limit integer NOT NULL DEFAULT 50000,
    pip_requirements jsonb,
    npm_requirements jsonb,
    default_requires_approval boolean NOT NULL DEFAULT false,
    enable_parallel_execution boolean NOT NULL DEFAULT false,
    metadata jsonb NOT NULL DEFAULT '{}',
    project_id text,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_tools_org_name UNIQUE (org_id, name)
);
CREATE INDEX ix_tools_org_created ON tools (org_id, created_at, id);
CREATE TABLE tools_agents (
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    tool_id uuid NOT NULL REFERENCES tools ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent_id, tool_id)
);
CREATE INDEX ix_tools_agents_tool ON tools_agents (tool_id);
"""

# uq_runs_one_running is the guard: two turns on one agent never interleave, whichever replica runs them.
RUNS = """
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    status text NOT NULL,
    stop_reason text,
    background boolean NOT NULL DEFAULT false,
    request_config jsonb,
    usage jsonb,
    error jsonb,
    metadata jsonb NOT NULL DEFAULT '{}',
    lease_token uuid,
    lease_owner text,
    lease_expires_at timestamptz,
    ttft_ns bigint,
    total_duration_ns bigint,
    completed_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_runs_status CHECK (status in ('created', 'running', 'completed', 'failed', 'cancelled'))
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
CREATE UNIQUE INDEX uq_runs_one_running ON runs (agent_id) WHERE status = 'running';
CREATE INDEX ix_runs_agent_created ON runs (agent_id, created_at, id);
CREATE INDEX ix_runs_org_created ON runs (org_id, created_at, id);
CREATE TABLE steps (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    run_id uuid NOT NULL REFERENCES runs ON DELETE CASCADE,
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    status text NOT NULL,
    stop_reason text,
    request_id text,
    provider_name text,
    model text,
    model_handle text,
    model_endpoint text,
    context_window_limit integer,
    prompt_tokens bigint,
    completion_tokens bigint,
    total_tokens bigint,
    cached_input_tokens bigint,
    reasoning_tokens bigint,
    error_type text,
    error_data jsonb,
    llm_request_ns bigint,
    tool_execution_ns bigint,
    step_ns bigint,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_steps_run ON steps (run_id, created_at);
CREATE INDEX ix_steps_agent ON steps (agent_id);
CREATE INDEX ix_steps_org_created ON steps (org_id, created_at, id);
"""

MESSAGES = """
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    seq bigint NOT NULL,
    role text NOT NULL,
    text text,
    parts jsonb,
    reasoning text,
    tool_calls jsonb,
    tool_returns jsonb,
    name text,
    otid text,
    sender_id text,
    model text,
    is_err boolean NOT NULL DEFAULT false,
    run_id uuid REFERENCES runs ON DELETE SET NULL,
    step_id uuid REFERENCES steps ON DELETE SET NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_messages_agent_seq UNIQUE (agent_id, seq)
);
CREATE UNIQUE INDEX uq_messages_agent_otid ON messages (agent_id, otid) WHERE otid IS NOT NULL;
CREATE INDEX ix_messages_run ON messages (run_id, seq);
CREATE INDEX ix_messages_step ON messages (step_id);
"""

ARCHIVES = """
CREATE TABLE archives (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    description text,
    embedding_model text NOT NULL,
    embedding_dim integer NOT NULL,
    embedding_config jsonb NOT NULL DEFAULT '{}',
    metadata jsonb NOT NULL DEFAULT '{}',
    passage_count bigint NOT NULL DEFAULT 0,
    tags text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_archives_embedding UNIQUE (id, embedding_model, embedding_dim)
);
CREATE INDEX ix_archives_org_created ON archives (org_id, created_at, id);
CREATE TABLE archives_agents (
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    archive_id uuid NOT NULL REFERENCES archives ON DELETE CASCADE,
    is_owner boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (agent_id)
);
CREATE INDEX ix_archives_agents_archive ON archives_agents (archive_id);
CREATE TABLE passages (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    archive_id uuid NOT NULL,
    text text NOT NULL,
    embedding vector NOT NULL,
    embedding_dim integer NOT NULL,
    embedding_model text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}',
    tags text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fk_passages_archive FOREIGN KEY (archive_id, embedding_model, embedding_dim)
        REFERENCES archives (id, embedding_model, embedding_dim) ON DELETE CASCADE DEFERRABLE,
    CONSTRAINT ck_passages_dimension CHECK (vector_dims(embedding) = embedding_dim)
);
CREATE INDEX ix_passages_archive_created ON passages (archive_id, created_at, id);
CREATE INDEX ix_passages_tags ON passages USING gin (tags);
"""

# One partial index per dimension; `vector` indexes stop at 2,000 dimensions, `halfvec` ones at 4,000.
HNSW = "".join(
    f"CREATE INDEX ix_passages_hnsw_{dim} ON passages"
    f" USING hnsw ((embedding::{kind}({dim})) {kind}_cosine_ops) WHERE embedding_dim = {dim};\n"
    for dim, kind in ((384, "vector"), (768, "vector"), (1024, "vector"), (1536, "vector"), (3072, "halfvec"))
)

TABLES = (
    "passages", "archives_agents", "archives", "messages", "steps", "runs",
    "tools_agents", "tools", "blocks_agents", "blocks", "agents", "organizations",
)  # fmt: skip


def upgrade() -> None:
    for script in (TENANCY, AGENTS, BLOCKS, TOOLS, RUNS, MESSAGES, ARCHIVES, HNSW):
        for statement in filter(str.strip, script.split(";\n")):
            op.execute(statement)


def downgrade() -> None:
    op.execute(f"DROP TABLE {', '.join(TABLES)}")
