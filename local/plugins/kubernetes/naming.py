"""Completes a program's inputs as the official provider does: kind, name and namespace."""

from __future__ import annotations

import random
from typing import Any

from local.plugins.base.values import UNKNOWN
from local.plugins.kubernetes.errors import OperationError
from local.plugins.kubernetes.objects import AUTONAMED, PATCH_FIELD_MANAGER, Object, dig, flag, name_of
from local.plugins.kubernetes.tokens import Token

_HEX_DIGITS = 8


def complete(
    inputs: Object, token: Token, logical: str, *, old: Object, seed: bytes, namespace: str | None
) -> Object:
    """Inputs with apiVersion, kind, metadata.name and metadata.namespace filled in where they are absent.

    `namespace` is the provider's default, None for cluster-scoped kinds. An autonamed object keeps its name
    over updates. What is not known yet stays so. OperationError for `generateName`, and for a patch
    resource without a name.
    """
    done: Object = {
        **inputs,
        "apiVersion": inputs.get("apiVersion") or token.kind.api_version,
        "kind": inputs.get("kind") or token.kind.name,
    }
    patch = is_patch(done, token)
    metadata: Any = done.get("metadata", {})
    if metadata is UNKNOWN:
        return done
    if metadata.get("generateName") and not metadata.get("name"):
        raise OperationError(
            "`metadata.generateName` is not supported with server-side apply; leave the name out instead, "
            "and the object is named after the resource with a random suffix."
        )
    done["metadata"] = dict(metadata)
    if "name" not in metadata:
        if patch:
            raise OperationError(
                "A patch resource changes an object that exists: `metadata.name` must be set."
            )
        _name(done["metadata"], old, logical, seed)
    if namespace and not metadata.get("namespace"):
        done["metadata"]["namespace"] = namespace
    return done


def is_patch(inputs: Object, token: Token) -> bool:
    """Whether the resource changes an object that it does not own."""
    patched = token.patch_of
    return patched is not None and inputs.get("kind") in (patched.name, None)


def autonamed(inputs: Object) -> bool:
    """Whether `complete` invented the name."""
    return flag(inputs, AUTONAMED)


def _name(metadata: Object, old: Object, logical: str, seed: bytes) -> None:
    annotations: Any = metadata.get("annotations", {})
    kept = name_of(old) if autonamed(old) else ""
    metadata["name"] = kept or f"{logical}-{_suffix(seed)}"
    if annotations is not UNKNOWN:
        metadata["annotations"] = {**annotations, AUTONAMED: "true"}


def _suffix(seed: bytes) -> str:
    """The engine's seed makes preview and update agree on the name."""
    source = random.Random(seed) if seed else random.SystemRandom()  # noqa: S311 - a name, not a secret
    return f"{source.getrandbits(4 * _HEX_DIGITS):0{_HEX_DIGITS}x}"


def manager_name(inputs: Object, recorded: Any) -> str:
    """The server-side apply field manager: the annotation's, the recorded one, or a new one."""
    chosen = dig(inputs, "metadata", "annotations", PATCH_FIELD_MANAGER)
    if isinstance(chosen, str) and chosen:
        return chosen
    if isinstance(recorded, str) and recorded:
        return recorded
    return f"pulumi-kubernetes-{_suffix(b'')}"
