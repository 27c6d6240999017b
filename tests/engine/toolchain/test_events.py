"""The engine's events, as `pulumi up --event-log` writes them, become a count and a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.toolchain.events import Tail, Tally, short_name

URN = "urn:pulumi:local::roost::roost:workloads:Server$kubernetes:apps/v1:Deployment::server"


def before(operation: str, urn: str = URN) -> dict[str, Any]:
    return {"resourcePreEvent": {"metadata": {"op": operation, "urn": urn}}}


def after(operation: str, urn: str = URN) -> dict[str, Any]:
    return {"resOutputsEvent": {"metadata": {"op": operation, "urn": urn}}}


def tally(*events: dict[str, Any]) -> Tally:
    found = Tally()
    for event in events:
        found.add(event)
    return found


def test_a_urn_is_shown_as_kind_and_name() -> None:
    assert short_name(URN) == "Deployment server"
    assert short_name("urn:pulumi:local::roost::pulumi:pulumi:Stack::roost-local") == "Stack roost-local"


def test_the_operation_that_is_waited_for_is_shown() -> None:
    running = tally(before("same", URN + "0"), before("update"), before("create", URN + "2"))
    assert running.current() == "update Deployment server"
    running.add(after("update"))
    assert running.current() == "create Deployment server2"


def test_what_a_resource_waits_for_is_shown_with_it() -> None:
    said = {"severity": "info", "ephemeral": True, "urn": URN, "message": "1 of 2 replicas are available\n"}
    waiting = tally(before("update"), {"diagnosticEvent": said})
    assert waiting.current() == "update Deployment server: 1 of 2 replicas are available"
    assert waiting.errors == []


def test_an_update_without_changes_says_so() -> None:
    found = tally(before("same"), after("same"), after("same", URN + "2"))
    assert found.summary() == "no changes, 2 resources"
    assert not found.changed()


def test_changes_are_counted_and_a_replacement_counts_once() -> None:
    steps = ("create-replacement", "replace", "delete-replaced")
    found = tally(after("create"), after("create"), after("same"), *(after(step) for step in steps))
    assert found.summary() == "2 created, 1 replaced, 1 unchanged"
    assert found.changed()


def test_errors_are_collected_once_without_colours_and_with_their_resource() -> None:
    message = "<{%reset%}>Job migrate failed: <{%fg 1%}>relation exists<{%reset%}>\n"
    event = {"diagnosticEvent": {"severity": "error", "message": message, "urn": URN}}
    warning = {"diagnosticEvent": {"severity": "warning", "message": "slow", "urn": URN}}
    assert tally(event, event, warning).errors == ["Deployment server: Job migrate failed: relation exists"]


def test_a_growing_log_is_read_line_by_line(tmp_path: Path) -> None:
    log = tmp_path / "events"
    tail = Tail(log)
    assert tail.read() == []
    whole, half = json.dumps(before("create")), json.dumps(after("create"))
    log.write_text(f"{whole}\n{half[:20]}")
    assert tail.read() == [json.loads(whole)]
    with log.open("a") as handle:
        handle.write(f"{half[20:]}\n")
    assert tail.read() == [json.loads(half)]
    assert tail.read() == []
