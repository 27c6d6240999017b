"""`make policy`: the policy packs on a stack, as a preview shows it and as it is."""

from __future__ import annotations

import shutil

from rich.console import Console

from local import paths, policing
from local.cli import tools
from local.cli.phases import PhaseFailedError, Run
from local.cli.rehearse import STACKS, judge
from local.progress import PhaseError
from local.toolchain.pulumi import STACK


def policy(console: Console, stack: str) -> int:
    """`make policy STACK=<stack>`: 0 if no mandatory rule is violated.

    `local` is the stack that runs on this machine; the others come up on an emulated account first.

    Raises:
        PhaseError: there is no such stack, or the local one is not up.
    """
    if stack == STACK:
        return _local(console)
    if stack not in STACKS:
        raise PhaseError(
            f"STACK must be one of {', '.join((STACK, *STACKS))}, not {stack!r}.",
            "For example: make policy STACK=prod",
        )
    return judge(console, stack)


def _local(console: Console) -> int:
    running = tools.stack()
    if not running.outputs():
        raise PhaseError("The local stack is not up.", "`make up` first.")
    root = paths.private_state() / "policies"
    shutil.rmtree(root, ignore_errors=True)
    runs = {name: policing.prepare(root / name, STACK) for name in ("preview", "state")}
    run = Run(console)
    try:
        with run.phase("Preview") as phase:
            running.preview(runs["preview"])
            phase.result(policing.Tally(runs["preview"].judgements()).sentence())
        with run.phase("State") as phase:
            running.analyze(runs["state"])
            phase.result(policing.Tally(runs["state"].judgements()).sentence())
    except PhaseFailedError:
        return 1
    finally:
        policing.show(console, runs, f"Policy packs on {STACK}")
    return 0
