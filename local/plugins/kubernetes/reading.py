"""Reads live objects back: for refresh, for import, and for `.get()`."""

from __future__ import annotations

from dataclasses import dataclass

from local.plugins.base.values import Properties
from local.plugins.kubernetes import checkpoint, trim
from local.plugins.kubernetes.connection import Connection
from local.plugins.kubernetes.errors import NoSuchKindError
from local.plugins.kubernetes.lifecycle import InitializationError, Lifecycle, Stored
from local.plugins.kubernetes.marking import marked, unmarked
from local.plugins.kubernetes.naming import manager_name
from local.plugins.kubernetes.objects import Kind, Object, kind_of, parse_identity


@dataclass(frozen=True)
class Found:
    """A live object as state and inputs."""

    stored: Stored
    inputs: Properties


def read(
    connection: Connection,
    lifecycle: Lifecycle,
    kind: Kind,
    identifier: str,
    state: Properties,
    inputs: Properties,
) -> Found | None:
    """The object that `identifier` names; None if it is gone, or its kind is.

    Without `inputs` (an import) they are made of the live object; else they are the live values of what
    the program set. InitializationError, with everything found in it, if the object is not ready.
    """
    namespace, name = parse_identity(identifier)
    known = checkpoint.live_object(state)
    try:
        live = connection.get(kind_of(known) if known.get("kind") else kind, namespace, name)
    except NoSuchKindError:
        return None
    if live is None:
        return None
    shape = unmarked(inputs)
    found: Object = trim.to_shape(live, shape) if shape else trim.to_inputs(live)
    secret_like = inputs or checkpoint.stored_inputs(state)
    new_inputs = marked(found, secret_like)
    manager = manager_name(live, checkpoint.recorded_manager(state))
    initial = checkpoint.initial_version(state, live["apiVersion"])
    stored = Stored(identifier, checkpoint.outputs(live, new_inputs, manager, initial))
    reasons = lifecycle.readiness(live)
    if reasons:
        raise InitializationError(stored, reasons, new_inputs)
    return Found(stored, new_inputs)
