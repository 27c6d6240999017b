"""What the stacks register, resource by resource, as files that are reviewed when they change.

A changed type token, logical name or parent makes a new resource of an old one; a lost `protect` or
`retain` loses data. `make contract` writes the files anew.
"""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest

from tests.support.monitor import Recording, Registration

FOLDER = Path(__file__).parent / "contract"
WRITE = "ROOST_WRITE_CONTRACT"


def line(resource: Registration) -> str:
    """Type chain as in the URN, logical name, and the options that matter for what is kept."""
    parent = resource.urn.split("::")[2].removeprefix("pulumi:pulumi:Stack$")
    options = [
        *(["protect"] if resource.protect else []),
        *(["retain"] if resource.retain_on_delete else []),
        *(["delete-before-replace"] if resource.delete_before_replace else []),
        *(f"ignores {path}" for path in sorted(resource.ignore_changes)),
        *(f"hides {path}" for path in sorted(resource.additional_secret_outputs)),
        *(f"{what} {limit}" for what, limit in sorted(resource.timeouts.items())),
        *(f"was {alias}" for alias in resource.aliases),
    ]
    return "  ".join([parent, resource.name, *([", ".join(options)] if options else [])])


@pytest.mark.parametrize("stack", ["dev", "prod", "prod-dr"])
def test_the_stack_registers_what_the_contract_says(stack: str, request: pytest.FixtureRequest) -> None:
    recording: Recording = request.getfixturevalue(stack.replace("-", "_"))
    now = sorted(line(resource) for resource in recording.registrations)
    path = FOLDER / f"{stack}.txt"
    if os.environ.get(WRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(now) + "\n")
    agreed = path.read_text().splitlines()
    difference = "\n".join(difflib.unified_diff(agreed, now, "agreed", "now", lineterm="", n=0))
    assert not difference, f"{difference}\nIf that is what you want: make contract, and review the diff."
