"""Names of variables that other documents of Letta use: what they are called here, or why they do nothing."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Set

CLIENT = frozenset({"LETTA_API_KEY", "LETTA_BASE_URL", "LETTA_CUSTOM_HEADERS"})
"""Read by letta-client, which may share a shell with us; not ours to refuse."""

SAME = {
    "LETTA_DB_URL": "LETTA_PG_URI",
    "LETTA_LOGGING_LOG_LEVEL": "LETTA_LOG_LEVEL",
    "LETTA_OTEL_EXPORTER_OTLP_ENDPOINT": "OTEL_EXPORTER_OTLP_ENDPOINT",
}
"""Another name for a setting; giving both is a contradiction."""

FALLBACKS = {
    "LETTA_API_KEY": "LETTA_SERVER_PASSWORD",
    "LOG_LEVEL": "LETTA_LOG_LEVEL",
    "AWS_REGION": "BEDROCK_REGION",
    "AWS_DEFAULT_REGION": "BEDROCK_REGION",
}
"""Names that others use, too: read for a setting that is not given under its own."""

_POOL = "asyncpg's pool is always on and always checks its connections"
_REDIS = "this server needs no Redis: locks, runs and streams are in Postgres"
_LOGS = "logs are always JSON on stdout; LETTA_LOG_LEVEL sets their level"
_SECURE = "the server always asks for credentials"
_TRACES = "what models were asked and said is in the messages and steps, and nowhere else"
_LOOP = "there is one agent loop, which is uvloop's and cancellable throughout"
_FILES = "folders and files are not served yet"
_PROVIDER = (
    "there is no client of its own for this provider; point OPENAI_API_BASE at its OpenAI-compatible API"
)
_OTLP = "spans are sent when OTEL_EXPORTER_OTLP_ENDPOINT is set; metrics are at /metrics, for a scrape"
_SEEDS = "no version of Letta reads it; the model's endpoint is VLLM_API_BASE, OPENAI_API_BASE …"
_SANDBOX = "tools of users run in this server's own sandbox"
_SUMMARIES = "compaction is set per agent, with compaction_settings"
_BATCHES = "batches are not served yet"

IDLE: dict[str, str] = {
    **dict.fromkeys(
        (
            "LETTA_DISABLE_SQLALCHEMY_POOLING", "LETTA_PG_ECHO", "LETTA_POOL_PRE_PING", "LETTA_POOL_USE_LIFO",
            "LETTA_DB_MAX_CONCURRENT_SESSIONS", "LETTA_ENABLE_DB_POOL_MONITORING",
            "LETTA_DB_POOL_MONITORING_INTERVAL",
        ),
        _POOL,
    ),
    **dict.fromkeys(
        (
            "LETTA_REDIS_HOST", "LETTA_REDIS_PORT", "LETTA_REDIS_USERNAME", "LETTA_REDIS_PASSWORD_FILE",
            "LETTA_REDIS_TLS", "LETTA_REDIS_CA_FILE", "LETTA_REDIS_URL",
        ),
        _REDIS,
    ),
    **dict.fromkeys(
        ("LETTA_LOGGING_JSON_LOGGING", "LETTA_LOGGING_DEBUG", "LOG_FORMAT", "LETTA_DEBUG"), _LOGS
    ),
    **dict.fromkeys(("LETTA_SERVER_SECURE", "SECURE", "LETTA_NO_DEFAULT_ACTOR", "LETTA_JWT_SECRET"), _SECURE),
    **dict.fromkeys(
        (
            "LETTA_STORE_LLM_TRACES", "LETTA_LLM_API_LOGGING",
            "LETTA_TRACK_AGENT_RUN", "LETTA_TRACK_LAST_AGENT_RUN", "LETTA_TRACK_ERRORED_MESSAGES",
            "LETTA_TRACK_STOP_REASON", "LETTA_TELEMETRY_PROVIDER_TRACE_BACKEND",
            "LETTA_TELEMETRY_PROVIDER_TRACE_PG_METADATA_ONLY",
        ),
        _TRACES,
    ),
    **dict.fromkeys(
        (
            "LETTA_OTEL_PREFERRED_TEMPORALITY", "LETTA_DISABLE_TRACING", "LETTA_SQLALCHEMY_TRACING",
        ),
        _OTLP,
    ),
    **dict.fromkeys(
        (
            "LETTA_USE_LETTA_V1_AGENT", "LETTA_USE_UVLOOP", "LETTA_USE_GRANIAN", "LETTA_UVICORN_RELOAD",
            "LETTA_EVENT_LOOP_THREADPOOL_MAX_WORKERS", "LETTA_ENABLE_CANCELLATION_AWARE_STREAMING",
            "LETTA_ENABLE_KEEPALIVE",
        ),
        _LOOP,
    ),
    **dict.fromkeys(
        (
            "LETTA_READINESS_ENFORCEMENT_ENABLED", "LETTA_DEFAULT_BASE_URL", "LETTA_ENVIRONMENT", "LETTA_DIR",
            "LETTA_CONFIG_PATH", "LETTA_MULTI_AGENT_SEND_MESSAGE_MAX_RETRIES",
            "LETTA_MULTI_AGENT_SEND_MESSAGE_TIMEOUT", "LETTA_MULTI_AGENT_CONCURRENT_SENDS",
            "LETTA_ARCHIVAL_MEMORY_TOKEN_LIMIT",
        ),
        "nothing here depends on it",
    ),
    "LETTA_FILE_PROCESSING_TIMEOUT_MINUTES": _FILES,
    "LETTA_SANDBOX_MOUNT_PATH": _SANDBOX,
    **dict.fromkeys(
        (
            "LETTA_ENABLE_BATCH_JOB_POLLING", "LETTA_POLL_RUNNING_LLM_BATCHES_INTERVAL_SECONDS",
            "LETTA_POLL_LOCK_RETRY_INTERVAL_SECONDS", "LETTA_BATCH_JOB_POLLING_LOOKBACK_WEEKS",
        ),
        _BATCHES,
    ),
    **dict.fromkeys(
        ("LETTA_LLM_ENDPOINT", "LETTA_LLM_ENDPOINT_TYPE", "LETTA_LLM_MODEL", "LETTA_LLM_CONTEXT_WINDOW"),
        _SEEDS,
    ),
    **dict.fromkeys(
        (
            "GROQ_API_KEY", "GEMINI_API_KEY", "AZURE_API_KEY", "TOGETHER_API_KEY", "DEEPSEEK_API_KEY",
            "XAI_API_KEY", "OLLAMA_BASE_URL", "LMSTUDIO_BASE_URL", "OPENROUTER_API_KEY", "SGLANG_API_BASE",
        ),
        _PROVIDER,
    ),
}  # fmt: skip
"""Settings of upstream's, or of documents about it, that are accepted and have no effect, and why."""

_IDLE_PREFIXES = {"LETTA_SUMMARIZER_": _SUMMARIES, "LETTA_READINESS_": "readiness needs no settings"}


def idle(environ: Mapping[str, str]) -> list[str]:
    """A line for each variable that is set and does nothing."""
    found = {name: why for name in environ if (why := _why(name))}
    return [f"{name} has no effect: {why}." for name, why in sorted(found.items())]


def unknown(environ: Iterable[str], known: Set[str]) -> str | None:
    """A sentence about the first LETTA_* name that nobody knows, or None."""
    allowed = known | CLIENT | SAME.keys()
    for name in sorted(environ):
        if name.startswith("LETTA_") and name not in allowed and not _why(name):
            near = difflib.get_close_matches(name, sorted(allowed | IDLE.keys()), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            return f"{name} is not a setting of this server.{hint} Correct or remove it."
    return None


def contradiction(environ: Mapping[str, str], secrets: Iterable[str]) -> str | None:
    """A sentence about two names that say the same thing differently, or None."""
    for name in secrets:
        if environ.get(name) and environ.get(f"{name}_FILE"):
            return f"{name} and {name}_FILE are both set; keep one of them."
    for other, name in SAME.items():
        given = environ.get(name) or environ.get(f"{name}_FILE")
        differs = f"{name}_FILE" in environ or environ.get(other) != environ.get(name)
        if environ.get(other) and given and differs:
            return f"{other} and {name} are both set and mean the same; keep {name}."
    return None


def _why(name: str) -> str | None:
    if name in IDLE:
        return IDLE[name]
    return next((why for prefix, why in _IDLE_PREFIXES.items() if name.startswith(prefix)), None)
