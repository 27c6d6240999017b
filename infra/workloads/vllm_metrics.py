"""Metrics of `vllm serve` that scaling and alerts read, by the names that a scrape shows.

Two names are left out on purpose: `gpu_cache_usage_perc` and `time_per_output_token_seconds` ended before
vLLM 0.18, the oldest version that the settings take. `tests/vllm` asks a real server for every name here.

Source: vLLM's metrics reference, and a scrape of 0.32.0.
"""

from __future__ import annotations

LABELS = frozenset({"model_name", "engine"})
"""On every metric below: the served name, and the engine of a data-parallel server (`0` alone)."""

RUNNING = "vllm:num_requests_running"
"""Gauge: requests in the batch."""
WAITING = "vllm:num_requests_waiting"
"""Gauge: requests that wait for a place in it. What the autoscaler follows first."""
KV_CACHE_USAGE = "vllm:kv_cache_usage_perc"
"""Gauge from 0 to 1, whatever its name says: share of the KV cache in use."""

GAUGES = frozenset({RUNNING, WAITING, KV_CACHE_USAGE})

PREEMPTIONS = "vllm:num_preemptions_total"
"""Requests thrown out of a full cache, to be computed again."""
PREFIX_QUERIES = "vllm:prefix_cache_queries_total"
"""Tokens looked up in the prefix cache."""
PREFIX_HITS = "vllm:prefix_cache_hits_total"
"""Tokens found there."""
PROMPT_TOKENS = "vllm:prompt_tokens_total"
GENERATION_TOKENS = "vllm:generation_tokens_total"
FINISHED = "vllm:request_success_total"
"""Requests by `finished_reason`: `stop`, `length`, `abort`, `error`."""

COUNTERS = frozenset({PREEMPTIONS, PREFIX_QUERIES, PREFIX_HITS, PROMPT_TOKENS, GENERATION_TOKENS, FINISHED})

TTFT_SECONDS = "vllm:time_to_first_token_seconds"
"""Time to the first token."""
TPOT_SECONDS = "vllm:request_time_per_output_token_seconds"
"""Time for each token after it."""
QUEUE_SECONDS = "vllm:request_queue_time_seconds"
REQUEST_SECONDS = "vllm:e2e_request_latency_seconds"

HISTOGRAMS = frozenset({TTFT_SECONDS, TPOT_SECONDS, QUEUE_SECONDS, REQUEST_SECONDS})
"""Each is scraped as `_bucket`, `_sum` and `_count`."""
