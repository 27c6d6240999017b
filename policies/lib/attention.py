"""What the engine is asking a pack about, noticed once for all of its rules.

The SDK reads a resource anew for every policy of a pack, which is most of a pack's time. So the first policy
notices the resource's type, and a rule that is about other types says that it has nothing to validate before
the SDK reads anything for it (measured: `make bench-policies`).
"""

from __future__ import annotations

import threading
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
)

from policies.lib.resources import Inputs
from policies.lib.types import Types, canonical

RESOURCES = "resources"
"""The policy of every pack that comes first and notices each resource. It objects to none."""


class Attention:
    """Which resource is being judged, and what has been seen of all."""

    def __init__(self) -> None:
        self.inputs: Inputs = {}
        self._here = threading.local()  # the SDK answers several requests at once, each in one thread

    def notice(self, args: ResourceValidationArgs, _: ReportViolation) -> None:
        """Take note of the resource that all policies after this one are asked about."""
        self._here.type = canonical(args.resource_type)
        self.inputs[args.urn] = args.props

    def concerns(self, types: Types) -> bool:
        """Whether the resource is one of these; yes while nothing was noticed."""
        type_: str | None = getattr(self._here, "type", None)
        return type_ is None or type_ in types

    def policy(self) -> ResourceValidationPolicy:
        """The policy that notices."""
        return ResourceValidationPolicy(
            name=RESOURCES,
            description="Takes note of every resource, and objects to none",
            validate=self.notice,
            enforcement_level=EnforcementLevel.ADVISORY,
        )


class AttentivePolicy(ResourceValidationPolicy):
    """A resource policy that the SDK only troubles with resources of its types."""

    def __init__(self, attention: Attention, types: Types, **described: Any) -> None:
        super().__init__(**described)
        self._attention = attention
        self._types = types

    def has_validation(self) -> bool:
        """Whether there is something to validate about the resource at hand."""
        return super().has_validation() and self._attention.concerns(self._types)
