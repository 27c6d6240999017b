"""What the policy packs cost: in a warm preview that changes nothing, and per resource as a stack grows."""

from __future__ import annotations

import copy
import json
import shutil
import statistics
import time
from typing import Any

from local.progress import Progress
from local.rehearsal.stage import Stage, unchanged
from local.rehearsal.steps.policies import run_of

PAIRS = 5
SIZES = (300, 1000, 3000)


def preview_pairs(stage: Stage, progress: Progress) -> str:
    """Warm previews without and with the packs in turns, so that both see the same machine."""
    plain: list[float] = []
    policed: list[float] = []
    unchanged(stage.workspace.preview(progress))  # warms caches
    for number in range(PAIRS):
        plain.append(unchanged(stage.workspace.preview(progress)).seconds)
        run = run_of(stage, f"pair-{number}")
        policed.append(unchanged(stage.workspace.preview(progress, policies=run)).seconds)
    ratios = [with_packs / without for with_packs, without in zip(policed, plain, strict=True)]
    stage.facts["policy_cost"] = {"plain": plain, "policed": policed, "ratios": ratios}
    return (
        f"{statistics.median(plain):.1f} s without, {statistics.median(policed):.1f} s with all packs: "
        f"{statistics.median(ratios) - 1:+.0%} (median of {PAIRS} pairs, {min(ratios) - 1:+.0%} to "
        f"{max(ratios) - 1:+.0%})"
    )


def growth(stage: Stage, progress: Progress) -> str:
    """`pulumi policy analyze` on the stack's state, copied until it has that many resources."""
    state = stage.workspace.export()
    took: dict[int, float] = {}
    for size in SIZES:
        progress.note(f"{size} resources")
        file = stage.workspace.root / f"state-{size}.json"
        file.write_text(json.dumps(grown(state, size)))
        # The last copy is cut off somewhere, and exemptions are by name: what it breaks is not the question.
        run = run_of(stage, f"size-{size}", advice_only=True)
        began = time.monotonic()
        stage.workspace.analyze(run, file)
        took[size] = round(time.monotonic() - began, 1)
        shutil.rmtree(run.notes)
    stage.facts["policy_growth"] = took
    return ", ".join(
        f"{size}: {seconds} s ({1000 * seconds / size:.1f} ms each)" for size, seconds in took.items()
    )


def grown(state: dict[str, Any], size: int) -> dict[str, Any]:
    """The exported state with copies of its resources, each with URNs and ids of its own."""
    resources: list[dict[str, Any]] = state["deployment"]["resources"]
    root, *others = resources
    made = [root]
    for number in range(1 + size // len(others)):
        renamed = json.dumps(others)
        for one in others if number else ():
            renamed = renamed.replace(json.dumps(one["urn"])[1:-1] + '"', f'{one["urn"]}-{number}"')
            if len(one.get("id", "")) > 8:
                renamed = renamed.replace(f'"{one["id"]}"', f'"{one["id"]}-{number}"')
        made += json.loads(renamed)
    document = copy.deepcopy(state)
    document["deployment"]["resources"] = made[:size]
    return document
