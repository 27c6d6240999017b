"""`make cost` on the engine's documents: what is there, what a preview would change, and what is said."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from infra.sizing.cost_lines import Usage
from local import costing
from local.cli.cost import Request, cost
from local.progress import PhaseError

PREFIX = "urn:pulumi:prod::roost::"
PROVIDER = {"type": "pulumi:providers:aws", "name": "aws", "inputs": {"region": "us-east-1"}}
NAT = {"type": "aws:ec2/natGateway:NatGateway", "name": "nat-a", "inputs": {}}
KEY = {"type": "aws:kms/key:Key", "name": "data", "inputs": {"enableKeyRotation": True}}
CLUSTER = {"type": "aws:eks/cluster:Cluster", "name": "cluster", "inputs": {}}


def database(class_: str) -> dict[str, Any]:
    inputs = {"instanceClass": class_, "allocatedStorage": 100}
    return {"type": "aws:rds/instance:Instance", "name": "database", "inputs": inputs}


def state(one: dict[str, Any]) -> dict[str, Any]:
    return {"urn": f"{PREFIX}{one['type']}::{one['name']}", "type": one["type"], "inputs": one["inputs"]}


def step(op: str, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None) -> dict[str, Any]:
    """As `pulumi preview --json` writes one."""
    found: dict[str, Any] = {"op": op, "urn": state(new or old or {})["urn"]}
    return {**found, **({"oldState": state(old)} if old else {}), **({"newState": state(new)} if new else {})}


def preview(*steps: dict[str, Any]) -> str:
    return json.dumps({"config": {}, "steps": list(steps), "duration": 1, "changeSummary": {}})


CHANGES = preview(
    step("same", PROVIDER, PROVIDER),
    step("same", KEY, KEY),
    step("update", database("db.r7g.large"), database("db.r7g.xlarge")),
    step("delete", CLUSTER),
    step("create-replacement", NAT, NAT),
    step("replace", NAT, NAT),
    step("delete-replaced", NAT),
    step("create", new={"type": "aws:lambda/function:Function", "name": "new", "inputs": {}}),
)


def said(request: Request) -> tuple[int, str]:
    out = io.StringIO()
    code = cost(Console(file=out, width=160), request)
    return code, out.getvalue()


def written(folder: Path, text: str) -> str:
    path = folder / "document.json"
    path.write_text(text)
    return str(path)


def test_a_preview_is_compared_with_what_is_there() -> None:
    found = costing.compare(costing.read(CHANGES), Usage())
    assert found.before.month - found.after.month == pytest.approx(73 + 1 - 0.239 * 730)
    changes = {name: (operation, round(dollars, 2)) for name, operation, dollars in found.changes()}
    assert changes == {"database": ("update", 174.47), "cluster": ("delete", -74.0)}
    assert found.after.unknown == ("aws:lambda/function:Function",)


def test_the_table_names_what_changes_and_what_has_no_price(tmp_path: Path) -> None:
    code, text = said(Request(stack="prod", preview=written(tmp_path, CHANGES)))
    assert code == 0
    assert "Cost of prod" in text
    assert "update database: +174.47 a month" in text
    assert "delete cluster: -74.00 a month" in text
    assert "not in the tables: aws:lambda/function:Function" in text
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line and line[0].isalpha()}
    assert rows["cluster"][-1] == "-73.00", "a component that goes is in the table"
    assert rows["keys"][:2] == ["0.001", "1.00"]


def test_json_is_for_checks_of_pull_requests(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noisy = f"Previewing update (prod):\n{CHANGES}\n"
    assert said(Request(stack="prod", preview=written(tmp_path, noisy), as_json=True))[0] == 0
    document = json.loads(capsys.readouterr().out)
    assert document["difference"] == pytest.approx(100.47)
    assert document["complete"] is False
    assert document["unknown"] == ["aws:lambda/function:Function"]
    assert document["components"]["keys"] == {
        "month": 1.0,
        "most": 3.0,
        "lines": [{"what": "data", "month": 1.0, "most": 3.0, "byUse": False}],
    }
    assert document["changes"][0] == {"resource": "database", "operation": "update", "month": 174.47}


def test_a_state_is_priced_as_it_is(tmp_path: Path) -> None:
    resources = [state(one) for one in (PROVIDER, KEY, database("db.t4g.medium"))]
    path = written(tmp_path, json.dumps({"version": 3, "deployment": {"resources": resources}}))
    text = said(Request(stack="dev", state=path, usage="nat_gb=1"))[1]
    assert "database" in text
    assert "change" not in text, "there is nothing to compare with"


def test_the_budget_of_the_stack_is_shown(tmp_path: Path) -> None:
    budget = {"type": "aws:budgets/budget:Budget", "name": "budget", "inputs": {"limitAmount": "2.00"}}
    steps = [step("create", new=one) for one in (PROVIDER, KEY, budget)]
    text = said(Request(stack="dev", preview=written(tmp_path, preview(*steps))))[1]
    assert "50% of the budget of 2 USD a month" in text


def test_the_local_stack_costs_nothing() -> None:
    code, text = said(Request(stack="local"))
    assert code == 0
    assert "0.00" in text


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        (Request(stack="staging"), "must be one of"),
        (Request(stack="prod", preview="/nowhere/preview.json"), "cannot be read"),
        (Request(stack="prod", usage="nat_gb=lots", preview="-"), "is a number"),
    ],
)
def test_what_cannot_be_understood_is_explained(request_: Request, says: str) -> None:
    with pytest.raises(PhaseError) as problem:
        said(request_)
    assert says in problem.value.message
    assert problem.value.remedy


@pytest.mark.parametrize(
    ("text", "says"),
    [("no json at all", "holds no JSON object"), ("{}", "no `steps`"), ('{"steps": [', "Expecting")],
)
def test_another_document_is_not_taken_for_a_preview(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(PhaseError) as problem:
        said(Request(stack="prod", preview=written(tmp_path, text)))
    assert says in problem.value.message
