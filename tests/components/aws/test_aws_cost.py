"""What dev and prod cost: nothing forgotten, both estimates agree, and the document says the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from infra.settings.cost import lines_of
from infra.sizing.cost import Estimate, estimate
from infra.sizing.cost_free import FREE
from infra.sizing.cost_lines import COMPONENTS, Component, Line, by_component, month, most
from infra.sizing.cost_readers import READERS
from infra.sizing.cost_resource import Resource
from local.plugins.aws.catalogue import resources as rehearsable
from tests.components.aws.conftest import Variant
from tests.components.aws.test_aws_contract import WRITE
from tests.support.monitor import Recording
from tests.unit.stacks import settings_of

DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "cost.md"
STACKS = ("dev", "prod")
ALL_STACKS = (*STACKS, "prod-dr")


def seen(recording: Recording) -> list[Resource]:
    """The recorded stack as the walk takes it."""
    return [
        Resource(
            type=one.type,
            name=one.name,
            inputs=one.inputs,
            urn=one.urn,
            made_from={key: tuple(urns) for key, urns in one.property_dependencies.items()},
        )
        for one in recording.registrations
    ]


def of(request: pytest.FixtureRequest, stack: str) -> Estimate:
    return estimate(seen(request.getfixturevalue(stack.replace("-", "_"))))


@pytest.mark.parametrize("stack", [*ALL_STACKS, "dev-preview", "prod-preview"])
def test_everything_that_a_stack_has_is_priced_or_free(stack: str, request: pytest.FixtureRequest) -> None:
    found = of(request, stack)
    assert found.unknown == (), "declare them in infra/sizing/cost_free.py or cost_readers.py"
    assert found.unpriced == ()
    assert found.month > 300


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_costs_what_the_update_does(stack: str, request: pytest.FixtureRequest) -> None:
    assert of(request, f"{stack}-preview").month == pytest.approx(of(request, stack).month)


def test_every_type_that_can_be_rehearsed_is_declared() -> None:
    undeclared = rehearsable().keys() - FREE.keys() - READERS.keys()
    assert not undeclared, f"priced, or free for which reason? {', '.join(sorted(undeclared))}"
    assert not FREE.keys() & READERS.keys()


@pytest.mark.parametrize("stack", ALL_STACKS)
def test_settings_alone_come_to_the_same(stack: str, request: pytest.FixtureRequest) -> None:
    walked, told = of(request, stack), lines_of(settings_of(stack))
    assert month(told) == pytest.approx(walked.month, rel=0.03)
    assert most(told) == pytest.approx(walked.most, rel=0.03)
    groups, theirs = by_component(walked.lines), by_component(told)
    for component in ("cluster", "nodes", "inference", "database", "cache", "clickhouse"):
        assert month(theirs.get(component, [])) == pytest.approx(month(groups.get(component, [])), rel=0.03)


@pytest.mark.parametrize("stack", STACKS)
def test_both_grow_alike(stack: str, variant: Variant) -> None:
    changes = {
        "aws": {
            "database": {"readReplica": True, "multiAz": True, "storageGib": 200, "maxStorageGib": 400},
            "network": {"nat": "per-az", "interfaceEndpoints": ["sts", "logs"]},
            "cluster": {"appNodes": {"minNodes": 5, "maxNodes": 9, "diskGib": 200}},
            "budget": {"monthlyLimit": 20_000},
        }
    }
    walked = estimate(seen(variant(stack, changes)))
    assert walked.complete
    told = lines_of(settings_of(stack, changes))
    assert month(told) == pytest.approx(walked.month, rel=0.03)


@pytest.mark.parametrize("stack", ALL_STACKS)
def test_the_stack_is_within_its_own_budget(stack: str, request: pytest.FixtureRequest) -> None:
    found = of(request, stack)
    assert found.limit is not None
    assert found.month <= found.limit


@pytest.mark.parametrize("stack", ALL_STACKS)
def test_the_document_has_the_figures(stack: str, request: pytest.FixtureRequest) -> None:
    text = DOCUMENT.read_text()
    begin, end = f"<!-- {stack}: written by `make contract` -->\n", f"<!-- end of {stack} -->"
    table = rendered(of(request, stack))
    if os.environ.get(WRITE):
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        text = re.sub(pattern, lambda _: f"{begin}{table}{end}", text, count=1, flags=re.DOTALL)
        DOCUMENT.write_text(text)
    assert f"{begin}{table}{end}" in text, "docs/cost.md is not up to date: make contract"


def rendered(found: Estimate) -> str:
    """A table in whole dollars."""
    groups = by_component(found.lines)
    rows = [row(component, groups[component]) for component in COMPONENTS if component in groups]
    head = ["| component | a month | of it by use | at most |", "|---|--:|--:|--:|"]
    return "\n".join([*head, *rows, row("all", found.lines), ""])


def row(name: Component | str, lines: Iterable[Line]) -> str:
    there = list(lines)
    used = month(line for line in there if line.by_use)
    return f"| {name} | {month(there):.0f} | {used:.0f} | {most(there):.0f} |"
