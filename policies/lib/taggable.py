"""The AWS types to which the provider's default tags apply, as the pulumi-aws SDK has them.

A resource without any tags looks like one that cannot have any, so the types have to be known.
"""

from __future__ import annotations

from pathlib import Path

from policies.lib.types import types
from policies.lib.values import Value

_LIST = Path(__file__).with_name("taggable_aws_types.txt")

TAGGABLE = types(_LIST.read_text().split())


def tags(own: Value, provider: Value) -> dict[str, Value]:
    """A resource's own tags over the default ones of its provider.

    The provider merges them only when it checks inputs, and where it then puts them differs between releases.

    Raises:
        Undetermined: the tags as a whole are unknown.
    """
    return {**provider["defaultTags"].document()["tags"].entries(), **own.entries()}
