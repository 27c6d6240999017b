"""What the policy packs cost: in a warm preview that changes nothing, and per resource as a stack grows."""

from __future__ import annotations

import copy
import json
import shutil
import statistics
import time
from pathlib import Path
from typing import Any

from local.progress import Progress
from local.rehearsal.stage import Stage, unchanged
from local.rehearsal.steps.policies import run_of
from policies import catalogue

ROUNDS = 3
SIZES = (300, 1000, 3000)

_EMPTY = """from pulumi_policy import PolicyPack, ResourceValidationPolicy

PolicyPack("{name}", [ResourceValidationPolicy("silent", "Says nothing.", lambda args, report: None)])
"""


def previews(stage: Stage, progress: Progress) -> str:
    """Warm previews without packs, with empty ones and with ours in turns, so that all see the same machine.

    The empty packs are the SDK's own with one rule that says nothing: what the engine and the SDK take for
    as many packs, whatever is in them.
    """
    took: dict[str, list[float]] = {"no packs": [], "empty packs": [], "our packs": []}
    empty = _empty_packs(stage.workspace.root / "empty")
    unchanged(stage.workspace.preview(progress))  # warms caches
    for number in range(ROUNDS):
        took["no packs"].append(unchanged(stage.workspace.preview(progress)).seconds)
        took["empty packs"].append(unchanged(stage.workspace.preview(progress, *empty)).seconds)
        run = run_of(stage, f"round-{number}")
        took["our packs"].append(unchanged(stage.workspace.preview(progress, policies=run)).seconds)
    stage.facts["policy_cost"] = took
    said = [f"{statistics.median(took['no packs']):.1f} s without packs"]
    said += [f"{name} {_more(took[name], took['no packs'])}" for name in ("empty packs", "our packs")]
    return ", ".join(said)


def _more(seconds: list[float], base: list[float]) -> str:
    ratios = [one / plain - 1 for one, plain in zip(seconds, base, strict=True)]
    return f"{statistics.median(ratios):+.0%} ({min(ratios):+.0%} to {max(ratios):+.0%})"


def _empty_packs(root: Path) -> list[str]:
    flags: list[str] = []
    for number, pack in enumerate(catalogue.packs()):
        folder = root / f"empty-{number}"
        folder.mkdir(parents=True)
        (folder / "PulumiPolicy.yaml").write_text("runtime: python\n")
        (folder / "__main__.py").write_text(_EMPTY.format(name=f"empty-{pack.name}"))
        flags += ["--policy-pack", str(folder)]
    return flags


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
