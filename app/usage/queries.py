"""SQL of usage: adding a step's to its day, and sums over days. `$1` is the organisation."""

from __future__ import annotations

from collections.abc import Sequence

from app.db.pool import Statement

COLUMNS = (
    "steps", "unpriced_steps", "prompt_tokens", "completion_tokens", "cached_input_tokens",
    "cache_write_tokens", "reasoning_tokens", "cost_usd",
)  # fmt: skip

TODAY = "(now() AT TIME ZONE 'UTC')::date"

ADDED = f"""INSERT INTO usage_daily AS u (org_id, agent_id, day, model, {", ".join(COLUMNS)})
        SELECT $1, run.agent_id, {TODAY}, s.model, 1, {", ".join(f"s.{name}" for name in COLUMNS[1:])}
        FROM run, jsonb_populate_record(NULL::usage_daily, {{source}}) s WHERE {{source}} IS NOT NULL
        ON CONFLICT (org_id, agent_id, day, model) DO UPDATE SET
            {", ".join(f"{name} = u.{name} + excluded.{name}" for name in COLUMNS)}"""
"""A part of the statement that stores a step; `{source}` is JSON of a row, or null."""

BEFORE = f"""(SELECT coalesce(sum(u.cost_usd), 0) FROM usage_daily u
        WHERE u.org_id = $1 AND u.agent_id = {{agent}} AND u.day = {TODAY})"""
"""What the agent cost today, before this statement."""

GROUPS = {"day": "u.day", "model": "u.model", "agent": "'agent-' || u.agent_id"}


def sums(groups: Sequence[str]) -> Statement:
    """Sums by the named groups, newest day first, then what cost most."""
    keys = [f"{GROUPS[name]} AS {'agent_id' if name == 'agent' else name}" for name in groups]
    totals = [f"sum(u.{name}) AS {name}" for name in COLUMNS]
    places = ", ".join(str(n + 1) for n in range(len(groups)))
    by = f"GROUP BY {places}" if groups else ""
    newest = f"{groups.index('day') + 1} DESC, " if "day" in groups else ""
    return Statement(
        "sum_usage",
        f"""SELECT row_to_json(r)::text FROM (
            SELECT {", ".join(keys + totals)} FROM usage_daily u
            WHERE u.org_id = $1 AND u.day >= $2 AND u.day <= $3
                AND ($4::uuid IS NULL OR u.agent_id = $4) AND ($5::text IS NULL OR u.model = $5)
            {by} HAVING sum(u.steps) > 0 ORDER BY {newest}sum(u.cost_usd) DESC, sum(u.steps) DESC
                {", " + places if groups else ""} LIMIT $6) r""",
    )
