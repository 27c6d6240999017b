"""Every resource type that the fallback has, by token."""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache

from local.plugins.aws import types
from local.plugins.aws.resource import Resource


class UnmappedTypeError(Exception):
    """The fallback has no such type; the message says where it could be added."""


def resource(token: str) -> Resource:
    """The type of a token (`aws:ec2/vpc:Vpc`). UnmappedTypeError if nobody has mapped it."""
    found = resources().get(token)
    if found is None:
        raise UnmappedTypeError(
            f"{token} is not mapped by Roost's fallback aws plugin, which has only the types that Roost's "
            "stacks use. The official plugin has it (`pulumi plugin install resource aws`); to rehearse it "
            "here, add a Resource class to a module of local/plugins/aws/types/ and to its RESOURCES."
        )
    return found


@lru_cache(maxsize=1)
def resources() -> dict[str, Resource]:
    """All types. ValueError if two modules claim the same token."""
    found: dict[str, Resource] = {}
    for module in sorted(entry.name for entry in pkgutil.iter_modules(types.__path__)):
        loaded = importlib.import_module(f"{types.__name__}.{module}")
        for one in getattr(loaded, "RESOURCES", ()):
            if one.token in found:
                raise ValueError(f"{one.token} is claimed by two modules of {types.__name__}")
            found[one.token] = one
    return found
