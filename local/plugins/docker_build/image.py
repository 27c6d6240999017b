"""An Image without a build: what is wrong with its inputs, what changed, and which digest stands for it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pulumi_docker_build import Image as SdkImage
from pulumi_docker_build import ImageArgs

from local.plugins.aws.schema import described
from local.plugins.base.changes import Change
from local.plugins.base.fields import Problem
from local.plugins.base.values import UNKNOWN, Properties, Value, has_unknown, plain_map
from local.plugins.docker_build.context import context_hash, is_remote

TOKEN = "docker-build:index:Image"  # noqa: S105 - a type, not a password
HASH = "contextHash"
# What goes into an image besides its context: of these a change makes another digest.
_CONTENT = ("addHosts", "buildArgs", "labels", "network", "platforms", "target")
_SCHEMA = described(SdkImage, ImageArgs)


@dataclass(frozen=True)
class Outcome:
    """The outputs that a build would have had."""

    context_hash: str
    digest: str | None
    """Only of an image that is pushed."""
    ref: str


def problems(given: Mapping[str, Value]) -> list[Problem]:
    """Everything that is wrong with the inputs; what is not known yet is taken to be right."""
    found = _SCHEMA.problems(given)
    return found or list(_own_problems(plain_map(given)))


def outcome(inputs: Mapping[str, Any]) -> Outcome:
    """What the official plugin would answer, with a digest of our own. `inputs` are plain and known."""
    hashed = hash_of(inputs)
    tags: list[str] = inputs.get("tags") or []
    first = tags[0] if tags else ""
    if not _pushes(inputs):
        return Outcome(hashed, None, first)
    content = {name: inputs.get(name) for name in _CONTENT} | {"context": hashed, "inline": _inline(inputs)}
    digest = f"sha256:{hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()}"
    return Outcome(hashed, digest, f"{_tagged(first)}@{digest}")


def hash_of(inputs: Mapping[str, Any]) -> str:
    """The context's hash."""
    context: Mapping[str, Any] = inputs.get("context") or {}
    named = {name: one["location"] for name, one in (context.get("named") or {}).items()}
    return context_hash(_location(inputs), _dockerfile(inputs), named)


def hashable(inputs: Mapping[str, Value]) -> bool:
    """Whether everything is known that the context's hash is made of."""
    return not has_unknown(inputs.get("context")) and not has_unknown(inputs.get("dockerfile"))


def changes(old: Mapping[str, Any], new: Mapping[str, Any], old_hash: object) -> list[Change]:
    """What differs: an input, or the files of the context. All of it means another build, in place."""
    ignored: list[str] = _known(new, "ignoreSecretsInDiffCalculation", [])
    both = [_known(each, "secrets", {}) for each in (old, new)]
    short_lived = {name for name in ignored if all(name in secrets for secrets in both)}
    found = [
        Change((name,), "add" if old.get(name) is None else "delete" if new.get(name) is None else "update")
        for name in dict.fromkeys((*old, *new))
        if _compared(name, old.get(name), short_lived) != _compared(name, new.get(name), short_lived)
    ]
    always = new.get("pull") is True and _pushes(new)
    if always or not hashable(new) or hash_of(new) != old_hash:
        found.append(Change((HASH,), "update"))
    return found


def _compared(name: str, value: Any, short_lived: set[str]) -> Any:
    """An input as it counts: the password of a registry is another one at every run."""
    if value is UNKNOWN:
        return object()
    if name == "registries" and isinstance(value, list):
        registries = cast("list[dict[str, Any]]", value)
        return [(one.get("address"), one.get("username")) for one in registries]
    if name == "secrets" and isinstance(value, dict):
        secrets = cast("dict[str, Any]", value)
        return {key: item for key, item in secrets.items() if key not in short_lived}
    return value or None


def _own_problems(inputs: Properties) -> Iterator[Problem]:
    context = inputs.get("context")
    location = _location(inputs) if hashable(inputs) else "-"
    if not is_remote(location) and not Path(location).is_dir():
        yield "context.location", f"{location!r}: not a valid directory or URL"
    elif not is_remote(location):
        yield from _dockerfile_problems(inputs)
    if _pushes(inputs) and inputs.get("tags") in (None, []):
        yield "tags", "at least one tag is needed when pushing to a registry"
    if context is None and inputs.get("dockerfile") is None and not Path("Dockerfile").is_file():
        yield "context", "neither context nor dockerfile is given, and there is no Dockerfile here"


def _dockerfile_problems(inputs: Mapping[str, Any]) -> Iterator[Problem]:
    chosen: Mapping[str, Any] = inputs.get("dockerfile") or {}
    path = _dockerfile(inputs)
    if chosen.get("location") and chosen.get("inline"):
        yield "dockerfile", "only one of location and inline can be given"
    elif path is not None and not path.is_file():
        yield "dockerfile.location", f"{str(path)!r}: no such file"


def _location(inputs: Mapping[str, Any]) -> str:
    return (inputs.get("context") or {}).get("location") or "."


def _dockerfile(inputs: Mapping[str, Any]) -> Path | None:
    """The file on this machine; None for one that is inline or elsewhere."""
    chosen: Mapping[str, Any] = inputs.get("dockerfile") or {}
    location = _location(inputs)
    if chosen.get("inline"):
        return None
    if chosen.get("location"):
        return None if is_remote(chosen["location"]) else Path(chosen["location"])
    return None if is_remote(location) else Path(location) / "Dockerfile"


def _inline(inputs: Mapping[str, Any]) -> str | None:
    return (inputs.get("dockerfile") or {}).get("inline")


def _pushes(inputs: Mapping[str, Any]) -> bool:
    exports: list[dict[str, Any]] = _known(inputs, "exports", [])
    return inputs.get("push") is True or any(one.get("registry") is not None for one in exports)


def _known(inputs: Mapping[str, Any], name: str, otherwise: Any) -> Any:
    """The input, unless it is not given or something in it is not known yet."""
    value = inputs.get(name)
    return otherwise if value is None or has_unknown(value) else value


def _tagged(reference: str) -> str:
    return reference if ":" in reference.rpartition("/")[2] else f"{reference}:latest"
