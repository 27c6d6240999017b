"""Resource options by policy: what is protected, what outlives a destroy, and how long a step may take.

A component says what a resource is *for*; `_POLICIES` says what follows from it, in one place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pulumi

from infra.settings.settings import ProfileName

Purpose = Literal[
    "part",
    "data",
    "key",
    "final-copy",
    "shared",
    "database",
    "replica",
    "cache",
    "cluster",
    "node-group",
    "certificate",
]


@dataclass(frozen=True, kw_only=True)
class _Policy:
    protect: bool = False
    """In prod: neither deleted nor replaced until someone says `pulumi state unprotect`."""
    retain: bool = False
    """On AWS: stays in the account when the stack goes; without it a final snapshot could not be read."""
    minutes: tuple[int, int, int] | None = None
    """Time to create, update and delete; None keeps the provider's."""


_POLICIES: dict[Purpose, _Policy] = {
    "part": _Policy(),
    "data": _Policy(protect=True),
    "key": _Policy(protect=True, retain=True),
    "final-copy": _Policy(protect=True, retain=True),
    # A setting of the whole account, which other stacks may have as well: it stays when one of them goes.
    "shared": _Policy(retain=True),
    # A restore or a new class takes hours on a large instance; a time-out in the middle of it would leave
    # the state behind what AWS goes on doing.
    "database": _Policy(protect=True, minutes=(120, 180, 90)),
    # As slow as a database, and made again from it: losing one loses nothing.
    "replica": _Policy(minutes=(120, 180, 90)),
    # As slow as a database, and what is in it may vanish at any time anyway.
    "cache": _Policy(minutes=(60, 90, 60)),
    # What runs in a cluster can be made again, and yet its replacement is an outage of hours that detaches
    # every volume from the claims in it: nobody may cause one by the wrong setting (its name, subnets, keys).
    "cluster": _Policy(protect=True, minutes=(30, 90, 30)),
    "node-group": _Policy(minutes=(30, 120, 60)),
    # DNS validation waits for a delegation that a person may still have to make.
    "certificate": _Policy(minutes=(45, 45, 15)),
}


@dataclass(frozen=True)
class Options:
    """The options of every resource in a stack of this profile."""

    profile: ProfileName

    @property
    def protects_data(self) -> bool:
        """Whether this stack holds data that someone would miss."""
        return self.profile == "prod"

    def child(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A part that can be made again."""
        return self._options("part", parent, depends_on)

    def data(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """Holds data: a bucket, a volume."""
        return self._options("data", parent, depends_on)

    def key(self, parent: pulumi.Resource) -> pulumi.ResourceOptions:
        """A key that data is encrypted with."""
        return self._options("key", parent, None)

    def final_copy(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A copy that exists for the day when the original is gone."""
        return self._options("final-copy", parent, depends_on)

    def shared(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A setting of the whole account and region, the same in every stack that has it."""
        return self._options("shared", parent, depends_on)

    def database(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A database instance."""
        return self._options("database", parent, depends_on)

    def replica(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A database instance that only follows another."""
        return self._options("replica", parent, depends_on)

    def cache(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """A cache's nodes."""
        return self._options("cache", parent, depends_on)

    def cluster(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """The Kubernetes control plane, with all that it knows of volumes and workloads."""
        return self._options("cluster", parent, depends_on)

    def node_group(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """Nodes, whose update waits until pods have moved."""
        return self._options("node-group", parent, depends_on)

    def certificate(
        self, parent: pulumi.Resource, *, depends_on: Sequence[pulumi.Resource] | None = None
    ) -> pulumi.ResourceOptions:
        """The validation of a certificate."""
        return self._options("certificate", parent, depends_on)

    def _options(
        self, purpose: Purpose, parent: pulumi.Resource, depends_on: Sequence[pulumi.Resource] | None
    ) -> pulumi.ResourceOptions:
        policy = _POLICIES[purpose]
        timeouts = None
        if policy.minutes is not None:
            create, update, delete = (f"{minutes}m" for minutes in policy.minutes)
            timeouts = pulumi.CustomTimeouts(create=create, update=update, delete=delete)
        return pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on) if depends_on else None,
            # None rather than False: a False would undo a protection that the parent hands down.
            protect=True if policy.protect and self.protects_data else None,
            retain_on_delete=True if policy.retain and self.profile != "local" else None,
            custom_timeouts=timeouts,
        )


def waits(seconds: int) -> pulumi.CustomTimeouts:
    """Time-outs for a step with a deadline of its own: the engine gives up a minute after the step itself.

    The minute is for the failure to be reported by its cause and not by the clock.
    """
    limit = f"{seconds + 60}s"
    return pulumi.CustomTimeouts(create=limit, update=limit, delete=limit)
