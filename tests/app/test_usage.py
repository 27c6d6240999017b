"""What agents cost: by day, model and agent, with prices of the day, and an alert when it is too much."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.llm.types import Usage
from app.models.prices import Price, Prices
from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import MODEL, USAGE, Call, Model, Say

HANDLE = f"test/{MODEL}"
PRICES = {
    HANDLE: [
        {"since": "2020-01-01", "input": 100, "output": 1000},
        {"since": "2999-01-01", "input": 999, "output": 999},
    ]
}
STEP = (USAGE["prompt_tokens"] * 100 + USAGE["completion_tokens"] * 1000) / 1e6


@pytest.fixture(scope="module")
def priced(cluster: postgres.Cluster, template: str, shared_model: Model) -> Iterator[server.Server]:
    """A server that knows what its model costs."""
    cluster.sql(f"CREATE DATABASE priced TEMPLATE {template}")
    variables = server.environment(
        application(cluster, "priced"), shared_model,
        ROOST_MODEL_PRICES=json.dumps(PRICES), ROOST_AGENT_DAILY_BUDGET_USD=str(STEP * 2.5),
    )  # fmt: skip
    with server.running(variables) as running:
        yield running


def used(running: server.Server, query: str = "") -> list[dict[str, Any]]:
    """What the route says."""
    status, body, _ = running.request("GET", f"/v1/admin/usage{query}")
    assert status == 200, body
    return body


def test_every_step_is_counted_once_with_its_cost(priced: server.Server, model: Model) -> None:
    with priced.client() as client:
        agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
        other = client.agents.create()
        answers = [Call([("memory_insert", {"label": "human", "new_string": "x"})]), Say("done"), Say("hi")]
        model.script = lambda _: answers.pop(0)
        client.agents.messages.create(agent.id, input="remember x")
        client.agents.messages.create(other.id, input="hi")
        (row,) = used(priced, f"?agent_id={agent.id}")
        assert row["model"] == HANDLE
        assert row["steps"] == 2
        assert row["prompt_tokens"] == 2 * USAGE["prompt_tokens"]
        assert row["completion_tokens"] == 2 * USAGE["completion_tokens"]
        assert row["cost_usd"] == pytest.approx(2 * STEP)
        assert row["unpriced_steps"] == 0
        by_agent = used(priced, "?group_by=agent")
        assert [(one["agent_id"], one["steps"]) for one in by_agent] == [(agent.id, 2), (other.id, 1)]
        (whole,) = used(priced, f"?group_by=model&model={HANDLE}")
        assert whole["steps"] == 3
        assert used(priced, "?model=test/other") == []
        client.agents.delete(agent.id)
        assert used(priced, f"?agent_id={agent.id}") == [row], "what it cost stays"
        yesterday = date.fromisoformat(row["day"]) - timedelta(1)
        assert used(priced, f"?end_date={yesterday}") == []


def test_the_step_that_crosses_the_budget_is_told_of_once(priced: server.Server, model: Model) -> None:
    model.script = lambda _: Say("hi")
    with priced.client() as client:
        agent = client.agents.create()
        for expected in (0, 0, 1, 1):
            client.agents.messages.create(agent.id, input="hi")
            told = [json.loads(line) for line in priced.logs().splitlines() if agent.id in line]
            alerts = [line for line in told if "more today than its budget" in line["message"]]
            assert len(alerts) == expected
        assert alerts[0]["cost_usd"] == pytest.approx(3 * STEP)
    deadline = time.monotonic() + 5
    while "roost_budget_exceeded_total 1.0" not in priced.request("GET", "/metrics")[1]:
        assert time.monotonic() < deadline


@pytest.mark.parametrize(
    "query", ["?start_date=2026-02-02&end_date=2026-02-01", "?group_by=hour", "?start_date=soon", "?limit=0",
              "?agent_id=nobody", "?start_date=0001-01-01", "?end_date=9999-12-31&start_date=0001-01-01"],
)  # fmt: skip
def test_wrong_questions_are_refused(priced: server.Server, query: str) -> None:
    assert priced.request("GET", f"/v1/admin/usage{query}")[0] == 422


def test_the_first_days_of_the_calendar_are_fine(priced: server.Server) -> None:
    assert used(priced, "?end_date=0001-01-02") == []


COUNT = st.integers(0, 10**9)
DOLLARS = st.decimals(0, 1000, places=6)


@given(COUNT, COUNT, COUNT, COUNT, DOLLARS, DOLLARS, DOLLARS | st.none(), DOLLARS | st.none())
def test_a_cost_is_the_sum_of_its_parts(
    plain: int, cached: int, written: int, output: int,
    price_in: Decimal, price_out: Decimal, price_cached: Decimal | None, price_written: Decimal | None,
) -> None:  # fmt: skip
    price = Price(input=price_in, output=price_out, cached_input=price_cached, cache_write=price_written)
    usage = Usage(plain + cached + written, output, 0, cached, None, written)
    rates = (
        (plain, price_in), (output, price_out),
        (cached, price_in if price_cached is None else price_cached),
        (written, price_in if price_written is None else price_written),
    )  # fmt: skip
    assert price.cost(usage) * 1_000_000 == pytest.approx(sum(count * rate for count, rate in rates))


def test_the_price_of_the_day_and_of_the_longest_name() -> None:
    def price(dollars: int, since: date = date.min) -> Price:
        return Price(since=since, input=Decimal(dollars), output=Decimal(0))

    prices = Prices({
        "a/*": [price(1)], "a/m": [price(9)],
        "a/m*": [price(3, date(2026, 2, 1)), price(2, date(2026, 1, 1))],
    })  # fmt: skip
    million = Usage(1_000_000)
    day = date(2026, 1, 31)
    assert prices.cost("a/x", million, day) == 1
    assert prices.cost("a/mini", million, day) == 2
    assert prices.cost("a/mini", million, day + timedelta(1)) == 3
    assert prices.cost("a/mini", million, date(2025, 12, 31)) is None
    assert prices.cost("a/m", million, day) == 9
    assert prices.cost("b/m", million, day) is None
