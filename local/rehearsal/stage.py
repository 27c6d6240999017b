"""What the steps of a rehearsal work on, and how they say that something is not as it should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.emulator import Emulated
from local.policing import Run
from local.progress import PhaseError, Progress
from local.rehearsal.cluster import Cluster
from local.rehearsal.outcome import Change, Outcome
from local.rehearsal.workspace import Workspace

STATEFUL = frozenset(
    {
        "aws:rds/instance:Instance",
        "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication",
        "aws:s3/bucket:Bucket",
        "aws:kms/key:Key",
        "aws:kms/replicaKey:ReplicaKey",
        "aws:eks/cluster:Cluster",
        "aws:ecr/repository:Repository",
        "random:index/randomPassword:RandomPassword",
    }
)
"""Types whose replacement loses data, or the whole cluster; no change of a setting may replace one."""


@dataclass
class Stage:
    """One emulated account with the stack in it."""

    profile: str
    """Whose policies the stack is held to."""
    account: Emulated
    clusters: dict[str, Cluster]
    """By region."""
    workspace: Workspace
    rebuild: Workspace | None
    """A second stack, in the DR region; where there is one."""
    policies: dict[str, Run] = field(default_factory=dict[str, Run])
    """Runs of the policy packs, by name, as they were made."""
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    """What the report shows beside durations, and what later steps need to know."""

    @property
    def region(self) -> str:
        return str(self.workspace.setting("aws.region"))

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client of the emulated account: for what happens outside Pulumi."""
        return self.account.client(service, region or self.region)


@dataclass(frozen=True)
class Step:
    """One thing that is shown. `run` returns a sentence for the report and raises PhaseError."""

    name: str
    run: Callable[[Stage, Progress], str]


def refuted(message: str, outcome: Outcome | None = None) -> PhaseError:
    """The rehearsal disproved what it was to show."""
    details = [f"  {error}" for error in outcome.errors[:5]] if outcome else []
    return PhaseError("\n".join([message, *details]), "The logs of every command are kept beside the report.")


def succeeded(outcome: Outcome) -> Outcome:
    """`outcome`, if its command did not fail."""
    if outcome.failed:
        raise refuted(f"`pulumi {outcome.command}` failed with exit code {outcome.code}.", outcome)
    return outcome


def unchanged(outcome: Outcome) -> Outcome:
    """`outcome`, if its command succeeded and found nothing to change."""
    if succeeded(outcome).changes:
        raise refuted(f"`pulumi {outcome.command}` was to change nothing: {listed(outcome.changes)}")
    return outcome


def expect(outcome: Outcome, said: set[str]) -> Outcome:
    """`outcome`, if it succeeded, changed exactly that, and replaced or deleted nothing that holds data."""
    lost = [
        change
        for change in succeeded(outcome).changes
        if change.operation in ("replace", "delete") and type_of(change) in STATEFUL
    ]
    if lost:
        raise refuted(f"`pulumi {outcome.command}` would lose data: {listed(lost)}")
    if outcome.said != said:
        missing, surplus = sorted(said - outcome.said), sorted(outcome.said - said)
        raise refuted(f"expected but absent: {missing or 'nothing'}; unexpected: {surplus or 'nothing'}")
    return outcome


def type_of(change: Change) -> str:
    """The resource's type token."""
    return change.urn.split("::")[2].rsplit("$", 1)[-1]


def listed(changes: tuple[Change, ...] | list[Change]) -> str:
    """Changes in a sentence, with the properties that differ."""
    shown = [f"{c.said} ({', '.join(c.properties)})" if c.properties else c.said for c in changes[:12]]
    more = len(changes) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
