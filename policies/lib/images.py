"""Container images: what a reference means, and where Kubernetes objects have them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from policies.lib.check import Check
from policies.lib.kubernetes import CONTAINER_LISTS, pod
from policies.lib.resources import Resource
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value

_DOCKER_HUB = "docker.io"
_TOKEN = re.compile(r"^kubernetes:(?P<group>[^/]+)/")
_DIGEST = re.compile(r"^sha256:[0-9a-f]{64}$")
_NOT_IMAGES = ("kyverno.io", "gatekeeper.sh", "sigstore.dev", "helm.sh")
"""API groups in which `image` is a pattern, or a value for a template."""

WITH_IMAGES = WORKLOADS | types("kubernetes:*")
"""Workloads, and custom resources of which an operator makes them."""


@dataclass(frozen=True)
class Image:
    """A reference as container runtimes read it: `nginx` is `docker.io/library/nginx`."""

    registry: str
    repository: str
    tag: str
    """Empty where there is none, which means `latest`."""
    digest: str

    @property
    def pinned(self) -> bool:
        """Whether a digest says exactly which bytes it is."""
        return bool(_DIGEST.match(self.digest))

    @property
    def text(self) -> str:
        """The whole reference."""
        tag, digest = self.tag and f":{self.tag}", self.digest and f"@{self.digest}"
        return f"{self.registry}/{self.repository}{tag}{digest}"


def image(text: str) -> Image:
    """Read a reference."""
    name, _, digest = text.strip().partition("@")
    head, slash, rest = name.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost"):
        registry, path = head.lower(), rest
    else:
        registry, path = _DOCKER_HUB, name
    directory, slash, last = path.rpartition("/")
    last, _, tag = last.partition(":")
    repository = f"{directory}{slash}{last}"
    if registry in (_DOCKER_HUB, f"index.{_DOCKER_HUB}"):
        registry = _DOCKER_HUB
        repository = repository if "/" in repository else f"library/{repository}"
    return Image(registry, repository, tag, digest)


def images(resource: Resource, check: Check) -> Iterator[tuple[Value, Image]]:
    """The images of a workload's containers and volumes, or those that a custom resource names.

    One that cannot be read is told to `check`, and hides none of the others.
    """
    for value in _references(resource, check):
        with check.part():
            found = image(_text(value))
            yield value, found


def _references(resource: Resource, check: Check) -> Iterator[Value]:
    if resource.type not in WORKLOADS:
        if _is_custom(resource.type):
            yield from _named_image(resource.props)
        return
    spec = pod(resource).spec
    for name in (*CONTAINER_LISTS, "volumes"):
        with check.part():
            for one in spec[name].items():
                reference = one["image"]["reference"] if name == "volumes" else one["image"]
                if reference.present:
                    yield reference


def _is_custom(token: str) -> bool:
    found = _TOKEN.match(token)
    group = found["group"] if found else ""
    built_in = "." not in group or (group.endswith(".k8s.io") and not group.endswith(".x-k8s.io"))
    return not built_in and not group.endswith(_NOT_IMAGES)


def _named_image(value: Value) -> Iterator[Value]:
    """Members called `image`, at any depth, that are a reference or the parts of one."""
    if value.is_list:
        for item in value.items():
            yield from _named_image(item)
    elif value.is_mapping:
        for key, member in value.entries().items():
            if key == "image" and not (member.is_list or (member.is_mapping and not _has_parts(member))):
                if member.present:
                    yield member
            else:
                yield from _named_image(member)


def _has_parts(value: Value) -> bool:
    return value["repository"].present


def _text(value: Value) -> str:
    if not value.is_mapping:
        return value.text()
    if not _has_parts(value):
        raise Undetermined(value.path, "is not an image")
    parts = {key: value[key].text() for key in ("registry", "repository", "tag", "digest")}
    whole = f"{parts['registry']}/{parts['repository']}" if parts["registry"] else parts["repository"]
    return f"{whole}{parts['tag'] and ':' + parts['tag']}{parts['digest'] and '@' + parts['digest']}"
