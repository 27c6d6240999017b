"""`make preflight`: whether the AWS account can carry the stack, asked before anything is made in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from local.account import identity, machines, references, services
from local.account.check import Account, Check, Finding, Outcome, run
from local.account.stack import settings_of

CHECKS: tuple[Check, ...] = (
    *identity.CHECKS,
    *references.CHECKS,
    *machines.CHECKS,
    *services.CHECKS,
)
"""After `identity.CALLER`."""

_MARKS: dict[Outcome, tuple[str, str]] = {
    "right": ("✓", "green"),
    "note": ("·", "yellow"),
    "wrong": ("✗", "bold red"),
    "open": ("?", "yellow"),
}
_NAME_WIDTH = 15
NOT_ASKED = (
    "Not asked: whether a zone has a machine of a type free at this moment, what else in the account already "
    "uses the quotas, organization policies (SCPs), and whether the role may create all that it has to."
)


@dataclass
class Tally:
    """How many findings of each kind."""

    counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(_MARKS, 0))

    def add(self, findings: Iterable[Finding]) -> None:
        """Count them."""
        for finding in findings:
            self.counts[finding.outcome] += 1

    def sentence(self) -> str:
        """`12 as they must be, 1 in the way, 2 not answered.`"""
        words = {
            "right": "as they must be",
            "note": "to know",
            "wrong": "in the way of `pulumi up`",
            "open": "not answered",
        }
        return ", ".join(f"{self.counts[kind]} {words[kind]}" for kind in _MARKS if self.counts[kind]) + "."


def preflight(console: Console, stack: str) -> int:
    """Ask the account of `Pulumi.<stack>.yaml`; 1 where something is in the way, or nothing could be asked.

    Raises:
        PhaseError: there is no such stack on AWS, or its settings are refused.
    """
    settings = settings_of(stack)
    assert settings.aws is not None  # `settings_of` takes only such stacks
    console.print(f"\n  Preflight of {stack}: account {settings.aws.account}, {settings.aws.region}\n")
    return ask(console, Account(settings, settings.aws.emulator))


def ask(console: Console, account: Account) -> int:
    """Ask everything, and show each answer as it comes."""
    tally = Tally()
    found = run(identity.CALLER, account)
    tally.add(found)
    _show(console, identity.CALLER, found)
    if any(finding.outcome != "right" for finding in found):
        console.print("\n  Nothing else was asked.", style="dim")
        return 1
    for check in CHECKS:
        found = run(check, account)
        tally.add(found)
        _show(console, check, found)
    console.print(f"\n  {tally.sentence()}", style="bold red" if tally.counts["wrong"] else "bold")
    console.print(Padding(NOT_ASKED, (0, 0, 0, 2), expand=False), style="dim")
    return 1 if tally.counts["wrong"] else 0


def _show(console: Console, check: Check, findings: list[Finding]) -> None:
    for position, finding in enumerate(findings):
        mark, style = _MARKS[finding.outcome]
        name = check.name if position == 0 else ""
        line = Text.assemble((f"{mark} ", style), (f"{name:<{_NAME_WIDTH}}", "bold"), finding.text)
        line.append("." if not finding.text.endswith(".") else "")
        _indented(console, line, mark=2 + 2 + _NAME_WIDTH)
        if finding.remedy:
            _indented(console, Text(" " * (2 + _NAME_WIDTH) + f"→ {finding.remedy}", "dim"), mark=21)


def _indented(console: Console, line: Text, *, mark: int) -> None:
    """Wrapped lines go on where the text begins."""
    width = max(40, console.width - mark - 1)
    head, rest = line[: mark - 2], line[mark - 2 :]
    for position, part in enumerate(rest.wrap(console, width)):
        start = head if position == 0 else Text(" " * (mark - 2))
        console.print(Text.assemble("  ", start, part), no_wrap=True, crop=False, overflow="ignore")
