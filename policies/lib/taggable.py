"""The AWS types to which the provider's default tags apply, as the pulumi-aws SDK has them.

A resource without any tags looks like one that cannot have any, so the types have to be known.
"""

from __future__ import annotations

from pathlib import Path

from policies.lib.types import types

_LIST = Path(__file__).with_name("taggable_aws_types.txt")

TAGGABLE = types(_LIST.read_text().split())
