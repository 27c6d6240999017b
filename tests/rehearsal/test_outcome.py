"""What a command of the engine did, read from its event log."""

from __future__ import annotations

from typing import Any

import pytest

from local.progress import PhaseError
from local.rehearsal.outcome import Outcome, read_events
from local.rehearsal.stage import expect, unchanged

INSTANCE = "urn:pulumi:prod::roost::roost:aws:Database$aws:rds/instance:Instance::database"
GROUP = "urn:pulumi:prod::roost::roost:aws:Nodes$aws:eks/nodeGroup:NodeGroup::nodes-app"


def done(operation: str, urn: str, *, custom: bool = True, **extra: Any) -> dict[str, Any]:
    type_ = urn.split("::")[2].rsplit("$", 1)[-1]
    metadata = {"op": operation, "urn": urn, "type": type_, "new": {"custom": custom}, **extra}
    return {"resOutputsEvent": {"metadata": metadata}}


def outcome(*events: dict[str, Any], code: int = 0) -> Outcome:
    changes, unchanged_, errors = read_events(events)
    return Outcome("up", code, 1.0, changes, unchanged_, errors, "")


def test_a_change_names_type_name_and_what_differs() -> None:
    seen = outcome(done("update", INSTANCE, detailedDiff={"instanceClass": {}}), done("same", GROUP))
    assert seen.said == {"update Instance database"}
    assert seen.changes[0].properties == ("instanceClass",)
    assert seen.unchanged == 1


def test_components_and_the_parts_of_a_replacement_do_not_count() -> None:
    component = "urn:pulumi:prod::roost::roost:aws:Database::database"
    seen = outcome(
        done("update", component, custom=False),
        done("create-replacement", GROUP),
        done("replace", GROUP),
        done("delete-replaced", GROUP),
    )
    assert seen.said == {"replace NodeGroup nodes-app"}


def test_a_refresh_that_finds_a_difference_is_a_change() -> None:
    seen = outcome(done("refresh", GROUP), done("refresh", INSTANCE, diffs=["multiAz"]))
    assert seen.said == {"update Instance database"}
    with pytest.raises(PhaseError, match=r"update Instance database \(multiAz\)"):
        unchanged(seen)


def test_a_change_that_nobody_expected_is_named() -> None:
    with pytest.raises(PhaseError, match=r"unexpected: .'update NodeGroup nodes-app'"):
        expect(outcome(done("update", GROUP)), set())


def test_an_expected_change_that_did_not_come_is_named() -> None:
    with pytest.raises(PhaseError, match=r"absent: .'update NodeGroup nodes-app'"):
        expect(outcome(), {"update NodeGroup nodes-app"})


def test_the_loss_of_data_is_refused_even_where_the_plan_expects_it() -> None:
    with pytest.raises(PhaseError, match="would lose data: replace Instance database"):
        expect(outcome(done("replace", INSTANCE)), {"replace Instance database"})


def test_a_failed_command_shows_nothing() -> None:
    with pytest.raises(PhaseError, match="failed with exit code 255"):
        unchanged(outcome(code=255))
