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

COST_PER_CALL_USD = Histogram(
    "hist_message_cost_usd",
    "What a model call cost, by the settings' prices.",
    ["model_name"],
    buckets=(0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
PROVIDER_TIMEOUTS = Counter("provider_timeout_total", "Model calls that took too long.", ["provider"])

TURN_MS = Histogram(
    "hist_endpoint_e2e_ms",
    "Time of a request that sends messages, to the end of its answer.",
    ["endpoint_path", "method", "status_code"],
    buckets=MS,
)
TURN_REQUESTS = Counter(
    "count_endpoint_requests",
    "Requests that send messages.",
    ["endpoint_path", "method", "status_code"],
)
UPLOAD_BYTES = Histogram(
    "hist_file_process_bytes",
    "Size of an uploaded file.",
    buckets=(1024, 10_240, 102_400, 1_048_576, 10_485_760, 104_857_600),
)
FOREGROUND = Gauge("in_flight_foreground", "Requests and streams being answered.", ["route_class"])
BACKGROUND = Gauge("in_flight_background", "Turns that run without a request.", ["route_class"])
ADMISSION_MS = Histogram(
    "request_admission_wait_ms",
    "Time to identify the caller and to count the request against its rate limit.",
    ["route_class"],
    buckets=MS,
)
TIMEOUTS = Counter("request_timeout_total", "Requests that were answered 504.", ["route_class"])
STREAMS = Gauge("sse_active_sessions", "Streams being sent.", ["route_class"])
STREAM_ENDS = Counter(
    "sse_disconnect_total",
    "Ended streams: completed, client (it went away), slow (it was cut off), error.",
    ["reason", "route_class"],
)
STREAM_MS = Histogram("sse_duration_ms", "Time of a stream.", ["route_class"], buckets=MS)
READINESS = Gauge("readiness_state", "1 for what readiness last said, 0 for the rest.", ["reason"])
LAG_MS = Histogram(
    "event_loop_lag_ms", "How late the event loop woke a task that slept.", ["source"], buckets=MS
)
LOOP_STALLS = Counter("roost_event_loop_stalls", "Times that the event loop did not turn for seconds.")
EXECUTOR_BACKLOG = Gauge("executor_backlog", "Work that waits for a thread.")
TASKS = Gauge("asyncio_task_count", "Tasks of the event loop.")
SPANS_SENT = Counter("roost_spans_sent", "Spans that the collector took.")
SPANS_DROPPED = Counter("roost_spans_dropped", "Spans given up: too many waited, or the collector was away.")

POOL_EVENTS = Counter(
    "count_db_pool_connection_events", "What happened to connections.", ["engine_name", "event"]
)
POOL_ERRORS = Counter(
    "count_db_pool_connection_errors",
    "Connections that could not be had, other than for want of a free one.",
    ["engine_name", "exception_type"],
)
POOL_TIMEOUTS = Counter(
    "db_pool_checkout_timeout_total", "Requests that got no connection in time.", ["engine_name"]
)
POOL_WAIT_MS = Histogram(
    "db_checkout_latency_ms", "Wait for a connection.", ["engine_name"], buckets=(0.1, 0.5, *MS)
)
POOL_USE_MS = Histogram(
    "hist_db_pool_connection_duration_ms",
    "Time that a connection was lent.",
    ["engine_name"],
    buckets=(0.1, 0.5, *MS),
)
POOL_TOTAL = Gauge("gauge_db_pool_connections_total", "Open connections.", ["engine_name"])
POOL_CHECKED_OUT = Gauge("gauge_db_pool_connections_checked_out", "Lent connections.", ["engine_name"])
POOL_AVAILABLE = Gauge(
    "gauge_db_pool_connections_available", "Connections that could be lent now.", ["engine_name"]
)
POOL_OVERFLOW = Gauge(
    "gauge_db_pool_connections_overflow", "Open connections beyond the pool's size.", ["engine_name"]
)
POOL_IN_USE = Gauge("db_pool_in_use", "Lent connections.", ["engine_name"])
POOL_WAITERS = Gauge("db_pool_waiters", "Requests that wait for a connection.", ["engine_name"])
POOL_UTILIZATION = Gauge(
    "db_pool_utilization_ratio", "Lent connections, of as many as there may be.", ["engine_name"]
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
        if outcome == "llm_timeout":
            PROVIDER_TIMEOUTS.labels(provider).inc()
        raise
    finally:
        LLM_CALLS.labels(provider, outcome).inc()


def exposition() -> bytes:
    """The text that Prometheus scrapes."""
    return generate_latest(REGISTRY)
