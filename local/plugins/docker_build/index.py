"""An Index without a push: the manifest list of several images, by a digest of what it lists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pulumi_docker_build import Index as SdkIndex
from pulumi_docker_build import IndexArgs

from local.plugins.aws.schema import described
from local.plugins.base.changes import Change
from local.plugins.base.fields import Problem
from local.plugins.base.values import Value

TOKEN = "docker-build:index:Index"  # noqa: S105 - a type, not a password
_SCHEMA = described(SdkIndex, IndexArgs)
_COMPARED = ("push", "sources", "tag")
"""The registry's login is another one at every run, and no change."""


def problems(given: Mapping[str, Value]) -> list[Problem]:
    """Everything that is wrong with the inputs; what is not known yet is taken to be right."""
    return _SCHEMA.problems(given)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """What differs; all of it means another push, in place."""
    return [Change((name,), "update") for name in _COMPARED if old.get(name) != new.get(name)]


def ref(inputs: Mapping[str, Any]) -> str:
    """`tag@digest`; one that is not pushed has its tag alone. `inputs` are plain and known."""
    if inputs.get("push") is False:
        return str(inputs["tag"])
    content = json.dumps(sorted(inputs["sources"]))
    return f"{inputs['tag']}@sha256:{hashlib.sha256(content.encode()).hexdigest()}"
