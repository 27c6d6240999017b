"""The tables, as SQLAlchemy Core: what migrations must add up to (a test compares). Not used at run time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, JSONB, UUID
from sqlalchemy.types import UserDefinedType

SCHEMA = "roost"
EMPTY_OBJECT, EMPTY_LIST, EMPTY_TAGS = (sa.text(f"'{text}'") for text in ("{}", "[]", "{}"))

metadata = sa.MetaData(schema=SCHEMA)


class Vector(UserDefinedType[Any]):
    """pgvector's type without a fixed dimension; rows carry their own in `embedding_dim`."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "vector"


def _id() -> sa.Column[Any]:
    return sa.Column("id", UUID(), primary_key=True)


def _org() -> sa.Column[Any]:
    return sa.Column("org_id", UUID(), sa.ForeignKey("roost.organizations.id"), nullable=False)


def _times() -> tuple[sa.Column[Any], sa.Column[Any]]:
    return _time("created_at"), _time("updated_at")


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=False, server_default=sa.func.now())


def _moment(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True))


def _text(name: str, *, required: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=not required)


def _json(name: str, default: sa.TextClause | None = None) -> sa.Column[Any]:
    return sa.Column(name, JSONB(), nullable=default is None, server_default=default)


def _flag(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())


def _tags() -> sa.Column[Any]:
    return sa.Column("tags", ARRAY(sa.Text()), nullable=False, server_default=EMPTY_TAGS)


def _big(name: str, default: int | None = None) -> sa.Column[Any]:
    if default is None:
        return sa.Column(name, sa.BigInteger())
    return sa.Column(name, sa.BigInteger(), nullable=False, server_default=str(default))


def _child(name: str, table: str, *, required: bool = True, on_delete: str = "CASCADE") -> sa.Column[Any]:
    key = sa.ForeignKey(f"roost.{table}.id", ondelete=on_delete)
    return sa.Column(name, UUID(), key, nullable=not required)


organizations = sa.Table(
    "organizations", metadata, _id(), _text("name", required=True), *_times(),
    sa.Index("ix_organizations_created", "created_at", "id"),
)  # fmt: skip

users = sa.Table(
    "users", metadata, _id(), _org(), _text("name", required=True), *_times(),
    sa.UniqueConstraint("id", "org_id", name="uq_users_id_org"),
    sa.Index("ix_users_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_users_created", "created_at", "id"),
)  # fmt: skip

user_keys = sa.Table(
    "user_keys", metadata, _id(),
    sa.Column("org_id", UUID(), nullable=False), sa.Column("user_id", UUID(), nullable=False),
    _text("name"), _text("role", required=True), sa.Column("digest", BYTEA(), nullable=False),
    _text("hint", required=True), _moment("last_used_at"), _time("created_at"),
    sa.ForeignKeyConstraint(
        ["user_id", "org_id"], ["roost.users.id", "roost.users.org_id"],
        name="fk_user_keys_user", onupdate="CASCADE", ondelete="CASCADE",
    ),
    sa.UniqueConstraint("digest", name="uq_user_keys_digest"),
    sa.CheckConstraint("role in ('admin', 'member', 'read_only')", name="ck_user_keys_role"),
    sa.Index("ix_user_keys_user", "user_id", "org_id"),
    sa.Index("ix_user_keys_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_user_keys_created", "created_at", "id"),
)  # fmt: skip

rate_buckets = sa.Table(
    "rate_buckets", metadata,
    sa.Column("key_id", UUID(), sa.ForeignKey("roost.user_keys.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("tokens", sa.Double(), nullable=False), sa.Column("granted", sa.Double(), nullable=False),
    sa.Column("filled_at", sa.TIMESTAMP(timezone=True), nullable=False),
    prefixes=["UNLOGGED"],
)  # fmt: skip

audit_log = sa.Table(
    "audit_log", metadata, _id(),
    sa.Column("org_id", UUID(), nullable=False), sa.Column("user_id", UUID(), nullable=False),
    sa.Column("key_id", UUID()), _text("action", required=True),
    sa.Column("object_ids", ARRAY(sa.Text()), nullable=False),
    sa.Column("status", sa.Integer(), nullable=False), _text("request_id", required=True),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Index("ix_audit_log_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_audit_log_created", "created_at", "id"),
    sa.Index("ix_audit_log_objects", "object_ids", postgresql_using="gin"),
)  # fmt: skip

agents = sa.Table(
    "agents", metadata, _id(), _org(),
    _text("name", required=True), _text("agent_type", required=True), _text("description"),
    _text("system", required=True), _text("model", required=True), _text("embedding"),
    sa.Column("llm_config", JSONB(), nullable=False), _json("embedding_config"), _json("model_settings"),
    _json("compaction_settings"), _json("response_format"),
    _json("tool_rules", EMPTY_LIST), _json("metadata", EMPTY_OBJECT), _tags(),
    sa.Column("timezone", sa.Text(), nullable=False, server_default="UTC"),
    _flag("message_buffer_autoclear"), _flag("enable_sleeptime"),
    sa.Column("max_files_open", sa.Integer()), sa.Column("per_file_view_window_char_limit", sa.Integer()),
    sa.Column("hidden", sa.Boolean()),
    _text("project_id"), _text("template_id"), _text("base_template_id"),
    _big("next_seq", 1), _big("context_start", 2), _text("prompt_key", required=True),
    _json("pending_approval"),
    _moment("last_run_completion"), _big("last_run_duration_ms"), _text("last_stop_reason"),
    *_times(),
    sa.Index("ix_agents_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_agents_org_name", "org_id", "name"),
    sa.Index("ix_agents_tags", "tags", postgresql_using="gin"),
)  # fmt: skip

blocks = sa.Table(
    "blocks", metadata, _id(), _org(),
    _text("label", required=True), _text("value", required=True),
    sa.Column("char_limit", sa.Integer(), nullable=False), _text("description"), _flag("read_only"),
    _json("metadata", EMPTY_OBJECT), _tags(),
    _flag("is_template"), _text("template_name"), _flag("preserve_on_migration"),
    sa.Column("hidden", sa.Boolean()), _text("project_id"), _big("version", 1), *_times(),
    sa.CheckConstraint("char_length(value) <= char_limit", name="ck_blocks_value_within_limit"),
    sa.Index("ix_blocks_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_blocks_org_label", "org_id", "label"),
)  # fmt: skip

blocks_agents = sa.Table(
    "blocks_agents", metadata, _child("agent_id", "agents"), _child("block_id", "blocks"),
    _text("label", required=True), _time("created_at"),
    sa.PrimaryKeyConstraint("agent_id", "block_id"),
    sa.UniqueConstraint("agent_id", "label", name="uq_blocks_agents_label"),
    sa.Index("ix_blocks_agents_block", "block_id"),
)  # fmt: skip

tools = sa.Table(
    "tools", metadata, _id(), _org(),
    _text("name", required=True), _text("tool_type", required=True), _text("description"),
    _text("source_type"), _text("source_code"), _json("json_schema"), _json("args_json_schema"), _tags(),
    sa.Column("return_char_limit", sa.Integer(), nullable=False, server_default="50000"),
    _json("pip_requirements"), _json("npm_requirements"),
    _flag("default_requires_approval"), _flag("enable_parallel_execution"),
    _json("metadata", EMPTY_OBJECT), _text("project_id"), *_times(),
    sa.UniqueConstraint("org_id", "name", name="uq_tools_org_name"),
    sa.Index("ix_tools_org_created", "org_id", "created_at", "id"),
)  # fmt: skip

tools_agents = sa.Table(
    "tools_agents", metadata, _child("agent_id", "agents"), _child("tool_id", "tools"), _time("created_at"),
    sa.PrimaryKeyConstraint("agent_id", "tool_id"),
    sa.Index("ix_tools_agents_tool", "tool_id"),
)  # fmt: skip

agent_secrets = sa.Table(
    "agent_secrets", metadata, _child("agent_id", "agents"), _text("key", required=True),
    sa.Column("id", UUID(), nullable=False, server_default=sa.func.gen_random_uuid()), _org(),
    _text("value_enc", required=True), _text("description"), *_times(),
    sa.PrimaryKeyConstraint("agent_id", "key"),
)  # fmt: skip

tool_vectors = sa.Table(
    "tool_vectors", metadata,
    sa.Column("tool_id", UUID(), sa.ForeignKey("roost.tools.id", ondelete="CASCADE"), primary_key=True),
    _org(), _text("model", required=True), _text("digest", required=True),
    sa.Column("embedding", Vector(), nullable=False),
)  # fmt: skip

conversations = sa.Table(
    "conversations", metadata, _id(), _org(), _child("agent_id", "agents"),
    _text("summary"), _text("description"), _text("model"), _json("model_settings"),
    _json("llm_config", EMPTY_OBJECT), sa.Column("context_window_limit", sa.Integer()),
    _flag("hidden"), _moment("archived_at"), _big("context_start", 1), _json("pending_approval"),
    _moment("last_message_at"), _moment("last_run_completion"), *_times(),
    sa.Index("ix_conversations_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_conversations_agent_created", "agent_id", "created_at", "id"),
)  # fmt: skip

runs = sa.Table(
    "runs", metadata, _id(), _org(), _child("agent_id", "agents"),
    _child("conversation_id", "conversations", required=False, on_delete="SET NULL"),
    _text("status", required=True), _text("stop_reason"), _flag("background"),
    _json("request_config"), _json("usage"), _json("error"), _json("metadata", EMPTY_OBJECT),
    sa.Column("lease_token", UUID()), _text("lease_owner"), _moment("lease_expires_at"),
    _big("ttft_ns"), _big("total_duration_ns"), _moment("completed_at"),
    sa.Column("attempt", sa.Integer(), nullable=False, server_default="1"),
    _text("callback_url"), _moment("callback_sent_at"), sa.Column("callback_status_code", sa.Integer()),
    _text("callback_error"),
    sa.Column("callback_attempts", sa.Integer(), nullable=False, server_default="0"),
    _moment("callback_after"), *_times(),
    sa.CheckConstraint(
        "status in ('created', 'running', 'completed', 'failed', 'cancelled')", name="ck_runs_status"
    ),
    sa.Index("uq_runs_one_running", "agent_id", unique=True, postgresql_where=sa.text("status = 'running'")),
    sa.Index("ix_runs_agent_created", "agent_id", "created_at", "id"),
    sa.Index(
        "ix_runs_conversation", "conversation_id", "created_at",
        postgresql_where=sa.text("conversation_id is not null"),
    ),
    sa.Index("ix_runs_org_created", "org_id", "created_at", "id"),
    sa.Index(
        "ix_runs_callback", "callback_after", postgresql_where=sa.text("callback_after is not null")
    ),
)  # fmt: skip

steps = sa.Table(
    "steps", metadata, _id(), _org(), _child("run_id", "runs"), _child("agent_id", "agents"),
    _text("status", required=True), _text("stop_reason"), _text("request_id"),
    _text("provider_name"), _text("model"), _text("model_handle"), _text("model_endpoint"),
    sa.Column("context_window_limit", sa.Integer()),
    _big("prompt_tokens"), _big("completion_tokens"), _big("total_tokens"), _big("cached_input_tokens"),
    _big("reasoning_tokens"), _text("error_type"), _json("error_data"),
    _big("llm_request_ns"), _big("tool_execution_ns"), _big("step_ns"), _time("created_at"),
    _text("feedback"), _tags(), _text("trace_id"),
    sa.CheckConstraint("feedback in ('positive', 'negative')", name="ck_steps_feedback"),
    sa.Index("ix_steps_run", "run_id", "created_at"),
    sa.Index("ix_steps_agent", "agent_id"),
    sa.Index("ix_steps_org_created", "org_id", "created_at", "id"),
)  # fmt: skip

provider_traces = sa.Table(
    "provider_traces", metadata,
    sa.Column("step_id", UUID(), sa.ForeignKey("roost.steps.id", ondelete="CASCADE"), primary_key=True),
    _org(), sa.Column("request", JSONB(), nullable=False), sa.Column("response", JSONB(), nullable=False),
    _time("created_at"),
)  # fmt: skip

tool_calls = sa.Table(
    "tool_calls", metadata, _org(), _child("step_id", "steps"),
    _text("tool_call_id", required=True), _text("name", required=True), _json("result"),
    _time("started_at"), _moment("finished_at"),
    sa.PrimaryKeyConstraint("step_id", "tool_call_id"),
)  # fmt: skip

run_events = sa.Table(
    "run_events", metadata, _org(), _child("run_id", "runs"),
    sa.Column("first_seq", sa.BigInteger(), nullable=False),
    sa.Column("last_seq", sa.BigInteger(), nullable=False),
    _text("frames", required=True), _time("created_at"),
    sa.PrimaryKeyConstraint("run_id", "first_seq"),
    sa.Index("ix_run_events_created", "created_at"),
)  # fmt: skip

messages = sa.Table(
    "messages", metadata, sa.Column("id", UUID()), _org(), _child("agent_id", "agents"),
    _child("conversation_id", "conversations", required=False),
    sa.Column("seq", sa.BigInteger(), nullable=False), _text("role", required=True),
    _text("text"), _json("parts"), _text("reasoning"), _json("tool_calls"), _json("tool_returns"),
    _json("approvals"),
    _text("name"), _text("otid"), _text("sender_id"), _text("model"), _flag("is_err"),
    _child("run_id", "runs", required=False, on_delete="SET NULL"),
    _child("step_id", "steps", required=False, on_delete="SET NULL"),
    _time("created_at"),
    sa.PrimaryKeyConstraint("id", "created_at"),
    sa.Index("ix_messages_agent_seq", "agent_id", "seq"),
    sa.Index(
        "ix_messages_conversation", "conversation_id", "seq",
        postgresql_where=sa.text("conversation_id is not null"),
    ),
    sa.Index(
        "ix_messages_own_thread", "agent_id", "seq", postgresql_where=sa.text("conversation_id is null")
    ),
    sa.Index("ix_messages_org_created", "org_id", "created_at", "id"),
    sa.Index("ix_messages_run", "run_id", "seq"),
    sa.Index("ix_messages_step", "step_id"),
    postgresql_partition_by="RANGE (created_at)",
)  # fmt: skip
"""Append-only, but for the compiled prompt (`seq` 1). By month; the index of words: see the migration."""

message_otids = sa.Table(
    "message_otids", metadata, _child("agent_id", "agents"), _text("otid", required=True),
    sa.Column("run_id", UUID()),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint("agent_id", "otid", name="uq_messages_agent_otid"),
    sa.Index("ix_message_otids_created", "created_at"),
)  # fmt: skip

message_vectors = sa.Table(
    "message_vectors", metadata, sa.Column("message_id", UUID(), primary_key=True), _org(),
    _child("agent_id", "agents"),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("embedding", Vector(), nullable=False),
    sa.Column("embedding_dim", sa.Integer(), nullable=False), _text("embedding_model", required=True),
    sa.Index("ix_message_vectors_agent", "agent_id"),
    sa.Index("ix_message_vectors_created", "created_at"),
)  # fmt: skip

message_vector_marks = sa.Table(
    "message_vector_marks", metadata,
    sa.Column("agent_id", UUID(), sa.ForeignKey("roost.agents.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("seq", sa.BigInteger(), nullable=False),
)  # fmt: skip

job_leases = sa.Table(
    "job_leases", metadata, sa.Column("name", sa.Text(), primary_key=True), _text("owner", required=True),
    sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
    _moment("last_started_at"), _moment("last_finished_at"), _text("last_error"),
)  # fmt: skip

archives = sa.Table(
    "archives", metadata, _id(), _org(), _text("name", required=True), _text("description"),
    _text("embedding_model", required=True), sa.Column("embedding_dim", sa.Integer(), nullable=False),
    _json("embedding_config", EMPTY_OBJECT), _json("metadata", EMPTY_OBJECT),
    _big("passage_count", 0), _tags(), *_times(),
    sa.UniqueConstraint("id", "embedding_model", "embedding_dim", name="uq_archives_embedding"),
    sa.Index("ix_archives_org_created", "org_id", "created_at", "id"),
)  # fmt: skip

archives_agents = sa.Table(
    "archives_agents", metadata, _child("agent_id", "agents"), _child("archive_id", "archives"),
    _flag("is_owner"), _time("created_at"),
    sa.PrimaryKeyConstraint("agent_id"),
    sa.Index("ix_archives_agents_archive", "archive_id"),
)  # fmt: skip

passages = sa.Table(
    "passages", metadata, _id(), _org(),
    sa.Column("archive_id", UUID(), nullable=False), _text("text", required=True),
    sa.Column("embedding", Vector(), nullable=False),
    sa.Column("embedding_dim", sa.Integer(), nullable=False), _text("embedding_model", required=True),
    _json("metadata", EMPTY_OBJECT), _tags(), *_times(),
    sa.ForeignKeyConstraint(
        ["archive_id", "embedding_model", "embedding_dim"],
        ["roost.archives.id", "roost.archives.embedding_model", "roost.archives.embedding_dim"],
        name="fk_passages_archive", ondelete="CASCADE", deferrable=True,
    ),
    sa.CheckConstraint("vector_dims(embedding) = embedding_dim", name="ck_passages_dimension"),
    sa.Index("ix_passages_archive_created", "archive_id", "created_at", "id"),
    sa.Index("ix_passages_tags", "tags", postgresql_using="gin"),
)  # fmt: skip
"""The composite key refuses vectors of another model in an archive. HNSW indexes: see the migration."""

usage_daily = sa.Table(
    "usage_daily", metadata,
    sa.Column("org_id", UUID(), sa.ForeignKey("roost.organizations.id", ondelete="CASCADE"), nullable=False),
    sa.Column("agent_id", UUID(), nullable=False), sa.Column("day", sa.Date(), nullable=False),
    _text("model", required=True), _big("steps", 0), _big("unpriced_steps", 0),
    _big("prompt_tokens", 0), _big("completion_tokens", 0), _big("cached_input_tokens", 0),
    _big("cache_write_tokens", 0), _big("reasoning_tokens", 0),
    sa.Column("cost_usd", sa.Numeric(), nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("org_id", "agent_id", "day", "model"),
    sa.Index("ix_usage_daily_org_day", "org_id", "day"),
)  # fmt: skip
"""What agents cost by day and model. They may be deleted; this stays."""
