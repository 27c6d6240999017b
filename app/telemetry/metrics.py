"""Prometheus instruments. Label sets are bounded: route templates, statement and tool names, never ids."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

MS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000)
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)

REQUESTS = Counter("roost_http_requests", "HTTP requests.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "roost_http_request_seconds", "Time to the end of the response.", ["method", "route"], buckets=SECONDS
)
IN_FLIGHT = Gauge("roost_http_in_flight", "Requests and streams being answered.")
TURNS = Gauge("roost_turns_running", "Agent turns running in this process.")
STATEMENT_SECONDS = Histogram(
    "roost_db_statement_seconds", "Time of a database statement.", ["statement"], buckets=SECONDS
)
POOL_CONNECTIONS = Gauge("roost_db_pool_connections", "Connections of the pool.", ["state"])
RATE_LIMITED = Counter("roost_rate_limited", "Requests refused because their key's rate limit was used up.")
RATE_LIMIT_ERRORS = Counter(
    "roost_rate_limit_errors", "Requests let through because the rate limit could not be read."
)
AUDIT_LOST = Counter("roost_audit_records_lost", "Audit records given up because the database was away.")
JOBS = Counter("roost_jobs", "Jobs that this server did for all.", ["job", "outcome"])
JOB_SECONDS = Histogram("roost_job_seconds", "Time of such a job.", ["job"], buckets=SECONDS)
DRAINING = Gauge("roost_draining", "1 while the server finishes its last requests.")

# Upstream's names and units (milliseconds), so that dashboards keep working.
USER_MESSAGES = Counter("count_user_message", "Messages that users sent to agents.")
TOOL_EXECUTIONS = Counter(
    "count_tool_execution", "Tools that agents ran.", ["tool_name", "tool_execution_success"]
)
TTFT_MS = Histogram("hist_ttft_ms", "Time to the first token of a turn.", buckets=MS)
LLM_CIRCUIT_OPEN = Gauge(
    "roost_llm_circuit_open",
    "1 while a model endpoint is down and calls to it fail at once.",
    ["provider"],
)
COST_USD = Counter("roost_llm_cost_usd", "What model calls cost, by the settings' prices.", ["model"])
BUDGETS_EXCEEDED = Counter("roost_budget_exceeded", "Agents that crossed their daily budget.")
LLM_CALLS = Counter(
    "roost_llm_calls", "Calls of model endpoints, by outcome: ok, cancelled, or the kind of error.",
    ["provider", "outcome"],
)  # fmt: skip
LLM_MS = Histogram("hist_llm_execution_time_ms", "Time of a model call.", ["model_name"], buckets=MS)
TOOL_MS = Histogram("hist_tool_execution_time_ms", "Time of a tool.", ["tool_name"], buckets=MS)
STEP_MS = Histogram("hist_step_execution_time_ms", "Time of an agent step.", buckets=MS)
OUTPUT_TOKENS = Histogram(
    "hist_message_output_tokens",
    "Tokens that a model call produced.",
    ["model_name"],
    buckets=(1, 10, 50, 100, 250, 500, 1000, 2500, 5000, 10_000),
)


@contextmanager
def llm_call(provider: str) -> Generator[None]:
    """Counts a call of a model endpoint by how it ends."""
    outcome = "cancelled"
    try:
        yield
        outcome = "ok"
    except Exception as error:
        outcome = str(getattr(error, "kind", "internal_error"))
        raise
    finally:
        LLM_CALLS.labels(provider, outcome).inc()


def exposition() -> bytes:
    """The text that Prometheus scrapes."""
    return generate_latest(REGISTRY)
