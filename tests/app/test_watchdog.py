"""The watchdog on a real loop that hangs, and what a server that hung says to its probes."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from app.telemetry.watchdog import FRAMES, Patience, Watchdog
from tests.app.conftest import application
from tests.app.test_operations import status_of, wait_for
from tests.support import postgres, server
from tests.support.model import Model


def hang(seconds: float, depth: int = 100) -> None:
    """Block the loop from deep within a stack."""
    if depth:
        hang(seconds, depth - 1)
    else:
        time.sleep(seconds)


def watched(caplog: pytest.LogCaptureFixture, seconds: float) -> tuple[list[dict[str, Any]], list[bool]]:
    """What is said of a loop that hangs for so long, and `stalled` before, after, and later."""

    async def work() -> list[bool]:
        watchdog = Watchdog(Patience(stalled=1.0, recovered=0.3, report=0.3, beat=0.05), ThreadPoolExecutor())
        task = asyncio.create_task(watchdog.beat())
        await asyncio.sleep(0.2)
        seen = [watchdog.stalled]
        hang(seconds)
        await asyncio.sleep(0.1)
        seen.append(watchdog.stalled)
        while watchdog.stalled:  # noqa: ASYNC110 (nothing tells of it)
            await asyncio.sleep(0.05)
        task.cancel()
        return [*seen, watchdog.stalled]

    with caplog.at_level(logging.WARNING, "roost.watchdog"):
        seen = asyncio.run(asyncio.wait_for(work(), 20))
    return [vars(record) for record in caplog.records if record.name == "roost.watchdog"], seen


def test_a_hang_is_reported_with_what_hangs_and_is_over_by_itself(caplog: pytest.LogCaptureFixture) -> None:
    said, stalled = watched(caplog, 2)
    assert stalled == [False, True, False]
    assert [line["levelname"] for line in said] == ["ERROR", "CRITICAL", "WARNING"]
    assert said[0]["stack"][-1].endswith(" hang")
    assert len(said[0]["stack"]) == FRAMES
    assert (said[0]["threads"], said[2]["msg"]) == ({}, "the event loop turns again")
    assert said[2]["lag_seconds"] > 1


def test_a_short_hang_is_reported_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    said, stalled = watched(caplog, 0.6)
    assert stalled == [False, False, False]
    assert [line["levelname"] for line in said] == ["ERROR", "WARNING"]


def test_a_server_that_hung_is_not_ready_for_a_while(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    variables = server.environment(
        application(cluster, database), model,
        ROOST_EVENT_LOOP_STALLED_SECONDS="2", ROOST_EVENT_LOOP_RECOVERED_SECONDS="4",
    )  # fmt: skip
    with server.running(variables) as running:
        running.process.send_signal(signal.SIGSTOP)
        time.sleep(4)
        running.process.send_signal(signal.SIGCONT)
        wait_for(lambda: status_of(running) == (503, "the event loop hung"))
        metrics = running.request("GET", "/metrics")[1]
        assert 'readiness_state{reason="event_loop_stalled"} 1.0' in metrics
        assert 'readiness_state{reason="ready"} 0.0' in metrics
        wait_for(lambda: status_of(running) == (200, "ok"))
        assert "roost_event_loop_stalls_total 1.0" in running.request("GET", "/metrics")[1]
        lines = [json.loads(line) for line in running.logs().splitlines()]
        assert [line["lag_seconds"] > 2 for line in lines if line["message"].endswith("turns again")] == [
            True
        ]
