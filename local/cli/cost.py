"""`make cost`: what a stack costs by the hour and the month, and what a preview would change in that."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from infra.sizing.cost import Estimate
from infra.sizing.cost_lines import Usage
from local import cost_tables, costing, paths
from local.cli.phases import PhaseFailedError, Run
from local.cli.rehearse import STACKS
from local.progress import PhaseError, Progress
from local.rehearsal.stage import succeeded
from local.rehearsal.steps.life import NOWHERE
from local.rehearsal.workspace import Workspace
from local.toolchain import plugins, pulumi

STDIN = "-"
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Request:
    """What `make cost` was asked."""

    stack: str
    preview: str = ""
    """File with what `pulumi preview --json --show-sames` printed; `-` is the standard input."""
    state: str = ""
    """File with what `pulumi stack export` printed; `-` is the standard input."""
    usage: str = ""
    """Assumptions, as `nat_gb=500`."""
    as_json: bool = False


def cost(console: Console, asked: Request) -> int:
    """0 if there is an estimate, whatever it says.

    Without a document the program of dev or prod runs in a preview from nothing, with no account at all.

    Raises:
        PhaseError: there is no such stack, or a document or an assumption cannot be read.
    """
    usage = _explained(lambda: Usage.parse(asked.usage), "docs/cost.md lists the assumptions.")
    if asked.preview:
        found = _of(asked.preview, lambda text: costing.compare(costing.read(text), usage))
    elif asked.state:
        found = _of(asked.state, lambda text: costing.of_state(costing.read(text), usage))
    elif asked.stack == pulumi.STACK:
        found = Estimate(())
    elif asked.stack in STACKS:
        quiet = Console(stderr=True, highlight=False) if asked.as_json else console
        text = _previewed(quiet, asked.stack)
        if text is None:
            return 1
        found = costing.compare(costing.read(text), usage)
    else:
        raise PhaseError(
            f"STACK must be one of {', '.join((pulumi.STACK, *STACKS))}, not {asked.stack!r}.",
            "Another stack: `pulumi preview -s NAME --json --show-sames >preview.json`, then "
            "make cost PREVIEW=preview.json",
        )
    if asked.as_json:
        print(json.dumps(costing.as_json(asked.stack, found), indent=2))
    else:
        cost_tables.show(console, f"Cost of {asked.stack or 'the stack'}", found)
    return 0


def _of(path: str, read: Callable[[str], costing.Comparison | Estimate]) -> costing.Comparison | Estimate:
    try:
        text = sys.stdin.read() if path == STDIN else Path(path).read_text()
    except OSError as error:
        raise PhaseError(f"{path} cannot be read: {error}.", "Give the path of a file, or - .") from error
    return _explained(
        lambda: read(text), "`pulumi preview --json --show-sames` or `pulumi stack export` writes it."
    )


def _explained(work: Callable[[], _T], remedy: str) -> _T:
    try:
        return work()
    except ValueError as error:
        raise PhaseError(str(error), remedy) from error


def _previewed(console: Console, profile: str) -> str | None:
    """What the engine prints about the profile's stack, were it made from nothing; None if it failed."""
    root = paths.private_state() / "cost" / profile
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    try:
        with Run(console).phase("Preview") as phase:
            text = _preview(root, profile, phase)
            phase.result("from nothing, with no AWS that answers")
            return text
    except PhaseFailedError:
        return None


def _preview(root: Path, profile: str, progress: Progress) -> str:
    engine, _, _ = pulumi.engine(progress)
    plugins.provide(engine, pulumi.environment(), progress, plugins.needed(aws=True))
    workspace = Workspace(root, profile, engine, plugins.home(), ())
    workspace.prepare()
    workspace.configure({"aws.emulator": NOWHERE})
    return succeeded(workspace.preview(progress, "--json", "--show-sames")).text
