"""kubectl against the cluster of the last `make up`."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from local.cli import tools
from local.cli.platform import Target
from local.progress import PhaseError

SECONDS = 30


def argv(target: Target, *arguments: str) -> list[str]:
    """The command line, for callers that run it themselves."""
    return [tools.kubectl(), f"--kubeconfig={target.kubeconfig}", f"--context={target.context}", *arguments]


def run(target: Target, *arguments: str, seconds: float = SECONDS) -> str:
    """Standard output of one kubectl call.

    Raises:
        PhaseError: the cluster did not answer, or refused.
    """
    try:
        result = subprocess.run(
            argv(target, *arguments), capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise _refused(arguments, f"no answer within {seconds:.0f} s") from None
    if result.returncode != 0:
        raise _refused(arguments, result.stderr.strip())
    return result.stdout


def get(target: Target, *arguments: str) -> dict[str, Any]:
    """`kubectl get … -o json`."""
    return json.loads(run(target, "get", *arguments, "--output=json"))


def _refused(arguments: Sequence[str], reason: str) -> PhaseError:
    return PhaseError(
        f"`kubectl {' '.join(arguments[:3])}` failed: {reason}",
        "`make status` shows the cluster; `make up` starts it.",
    )
