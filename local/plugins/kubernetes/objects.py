"""Kubernetes objects as plain JSON, and how they are named and identified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

Object: TypeAlias = dict[str, Any]

SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
WAIT_FOR = "pulumi.com/waitFor"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_FIELD_MANAGER = "pulumi.com/patchFieldManager"
DELETION_PROPAGATION = "pulumi.com/deletionPropagationPolicy"
AUTONAMED = "pulumi.com/autonamed"


@dataclass(frozen=True)
class Kind:
    """A group, version and kind; the core group is the empty string."""

    group: str
    version: str
    name: str

    @property
    def api_version(self) -> str:
        """As in `apiVersion:`, e.g. `v1` or `apps/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def built_in(self) -> bool:
        """Whether Kubernetes itself defines the group (custom resources cannot use such a group)."""
        return "." not in self.group or self.group.endswith(".k8s.io")

    def __str__(self) -> str:
        return f"{self.api_version} {self.name}"


def parse_kind(api_version: str, kind: str) -> Kind:
    """The Kind of an `apiVersion` and a `kind`; `core/v1`, which SDK tokens use, is `v1`."""
    group, _, version = api_version.rpartition("/")
    return Kind("" if group == "core" else group, version, kind)


def kind_of(obj: Mapping[str, Any]) -> Kind:
    """The Kind that an object states."""
    return parse_kind(str(obj.get("apiVersion", "")), str(obj.get("kind", "")))


def dig(obj: object, *path: str | int, default: Any = None) -> Any:
    """The value at `path`, or `default` where any step is missing or null."""
    here: Any = obj
    for step in path:
        if isinstance(here, dict):
            here = cast("Object", here).get(str(step))
        elif isinstance(here, list) and isinstance(step, int) and step < len(cast("list[Any]", here)):
            here = cast("list[Any]", here)[step]
        else:
            return default
    return default if here is None else here


def name_of(obj: object) -> str:
    """`metadata.name`, or the empty string."""
    name = dig(obj, "metadata", "name", default="")
    return name if isinstance(name, str) else ""


def namespace_of(obj: object) -> str:
    """`metadata.namespace`, or the empty string."""
    namespace = dig(obj, "metadata", "namespace", default="")
    return namespace if isinstance(namespace, str) else ""


def annotation(obj: object, key: str) -> str:
    """One annotation, or the empty string."""
    value = dig(obj, "metadata", "annotations", key, default="")
    return value if isinstance(value, str) else ""


def flag(obj: object, key: str) -> bool:
    """Whether an annotation says `true`."""
    return annotation(obj, key).strip().lower() == "true"


def identity(obj: object) -> str:
    """The resource ID that Pulumi stores: `namespace/name`, or `name` for cluster-scoped objects."""
    namespace = namespace_of(obj)
    return f"{namespace}/{name_of(obj)}" if namespace else name_of(obj)


def parse_identity(identifier: str) -> tuple[str, str]:
    """(namespace or empty, name) of a resource ID."""
    namespace, _, name = identifier.rpartition("/")
    return namespace, name


def label(obj: Mapping[str, Any]) -> str:
    """How messages call an object: `Deployment roost/server`."""
    return f"{obj.get('kind', 'object')} {identity(obj)}"
