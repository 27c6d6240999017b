"""The list of AWS types that can be tagged is that of the SDK which is installed."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from policies.lib.taggable import TAGGABLE
from policies.lib.types import canonical

_TYPE = re.compile(r"super\(\w+, __self__\)\.__init__\(\s*'(aws:[^']+)'")
_TAGS = ('__props__.__dict__["tags"] = tags\n', '__props__.__dict__["tags_all"] = None\n')


def test_the_types_are_those_of_the_sdk() -> None:
    found = importlib.util.find_spec("pulumi_aws")
    assert found
    assert found.origin
    sources = [path.read_text() for path in Path(found.origin).parent.rglob("*.py")]
    taggable = [
        canonical(match[1])
        for source in sources
        if all(tag in source for tag in _TAGS)
        for match in _TYPE.finditer(source)
    ]
    assert TAGGABLE.tokens == set(taggable)
    assert len(TAGGABLE.tokens) > 800
