"""Resources for the estimate out of the engine's documents, and the estimate as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from infra.sizing.cost import Estimate, estimate
from infra.sizing.cost_lines import Usage, by_component, month, most
from infra.sizing.cost_resource import Resource
from infra.sizing.prices import HOURS_PER_MONTH

CENT = 0.005
"""USD a month: what is less than that did not change."""


@dataclass(frozen=True)
class Comparison:
    """What a stack costs now, and what it would cost after a preview's changes."""

    before: Estimate
    after: Estimate
    operations: Mapping[str, str]
    """By URN what would be done with it: `create`, `update`, `replace`, `delete`."""

    @property
    def difference(self) -> float:
        """USD a month."""
        return self.after.month - self.before.month

    def changes(self) -> list[tuple[str, str, float]]:
        """Resources whose cost changes: name, operation, USD a month; the largest first."""
        found: list[tuple[str, str, float]] = []
        for urn in self.before.by_urn.keys() | self.after.by_urn.keys():
            was = sum(line.month for line in self.before.by_urn.get(urn, ()))
            will = sum(line.month for line in self.after.by_urn.get(urn, ()))
            if abs(will - was) >= CENT:
                found.append((urn.rpartition("::")[2], self.operations.get(urn, "same"), will - was))
        return sorted(found, key=lambda one: (-abs(one[2]), one[0]))


def compare(document: Mapping[str, Any], usage: Usage | None = None) -> Comparison:
    """From what `pulumi preview --json --show-sames` prints.

    ValueError if it is not that, or says that the preview failed.
    """
    steps: Any = document.get("steps")
    if steps is None:
        raise ValueError("it has no `steps`: it is not what `pulumi preview --json` prints")
    before: dict[str, Resource] = {}
    after: dict[str, Resource] = {}
    operations: dict[str, str] = {}
    for step in steps:
        operation = str(step["op"])
        old, new = step.get("oldState"), step.get("newState")
        if old:
            before[str(old["urn"])] = _resource(old)
        if new:  # what goes has none
            after[str(new["urn"])] = _resource(new)
        operations[str(step["urn"])] = "replace" if "replace" in operation else operation
    return Comparison(estimate(before.values(), usage), estimate(after.values(), usage), operations)


def of_state(document: Mapping[str, Any], usage: Usage | None = None) -> Estimate:
    """From what `pulumi stack export` prints. ValueError if it is not that."""
    deployment: Any = document.get("deployment")
    if deployment is None:
        raise ValueError("it has no `deployment`: it is not what `pulumi stack export` prints")
    return estimate((_resource(one) for one in deployment.get("resources") or []), usage)


def _resource(entry: Mapping[str, Any]) -> Resource:
    return Resource(
        type=str(entry["type"]),
        name=str(entry["urn"]).rpartition("::")[2],
        inputs=entry.get("inputs") or {},
        urn=str(entry["urn"]),
        made_from=entry.get("propertyDependencies") or {},
    )


def read(text: str) -> dict[str, Any]:
    """The JSON object in what pulumi printed, whatever it said before or after it. ValueError for none."""
    start = 0 if text.startswith("{") else text.find("\n{") + 1
    if not text[start:].startswith("{"):
        raise ValueError("it holds no JSON object")
    document, _ = json.JSONDecoder().raw_decode(text[start:])
    return document


def as_json(stack: str, found: Comparison | Estimate) -> dict[str, Any]:
    """For a check of a pull request: `jq .difference`."""
    after = found.after if isinstance(found, Comparison) else found
    document: dict[str, Any] = {"stack": stack, "currency": "USD", **_figures(after)}
    if isinstance(found, Comparison):
        document |= {
            "before": found.before.month,
            "difference": found.difference,
            "changes": [
                {"resource": name, "operation": operation, "month": dollars}
                for name, operation, dollars in found.changes()
            ],
        }
    return _rounded(document)


def _figures(found: Estimate) -> dict[str, Any]:
    return {
        "hour": found.month / HOURS_PER_MONTH,
        "month": found.month,
        "fixed": found.fixed,
        "most": found.most,
        "limit": found.limit,
        "complete": found.complete,
        "unknown": list(found.unknown),
        "unpriced": list(found.unpriced),
        "components": {
            component: {
                "month": month(lines),
                "most": most(lines),
                "lines": [
                    {"what": line.what, "month": line.month, "most": line.most, "byUse": line.by_use}
                    for line in lines
                ],
            }
            for component, lines in by_component(found.lines).items()
        },
    }


def _rounded(value: Any) -> Any:
    """Figures to a hundredth of a cent: below that lies only how floats add up."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_rounded(one) for one in cast("list[Any]", value)]
    return value
