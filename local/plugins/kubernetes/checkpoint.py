"""What the state keeps of an object: the live object, plus what we need to know about our own part in it.

The keys are those of the official provider, so that a stack can change from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping

from local.plugins.base.values import UNKNOWN, Properties, Value, plain
from local.plugins.kubernetes.marking import marked, unmarked
from local.plugins.kubernetes.objects import Object, dig

_INPUTS = "__inputs"
_INITIAL_VERSION = "__initialApiVersion"
_MANAGER = "__fieldManager"
_OURS = (_INPUTS, _INITIAL_VERSION, _MANAGER)
# What a dry run invents anew each time: a preview must not pass it on as a fact.
_INVENTED = ("resourceVersion", "generation")
_INVENTED_AT_CREATION = (*_INVENTED, "uid", "creationTimestamp")


def outputs(live: Object, inputs: Mapping[str, Value], manager: str, initial_version: str) -> Properties:
    """The properties to store for a live object, secret wherever the inputs are.

    `metadata.managedFields` are left out: the API server keeps them, and they change with every touch.
    """
    metadata: Object = {k: v for k, v in dict(live["metadata"]).items() if k != "managedFields"}
    kept = marked({**live, "metadata": metadata}, inputs)
    return {
        **kept,
        _INPUTS: dict(marked(unmarked(inputs), inputs)),
        _INITIAL_VERSION: initial_version,
        _MANAGER: manager,
    }


def preview_outputs(result: Object, inputs: Mapping[str, Value], *, created: bool) -> Properties:
    """The properties of an object that a dry run made: what it merely invented is unknown."""
    metadata: Object = {k: v for k, v in dict(result["metadata"]).items() if k != "managedFields"}
    metadata |= dict.fromkeys(_INVENTED_AT_CREATION if created else _INVENTED, UNKNOWN)
    known: Object = {**{k: v for k, v in result.items() if k != "status"}, "metadata": metadata}
    if created and result.get("kind") == "Service":
        known["spec"] = _without_allocations(dict(known["spec"]), dig(unmarked(inputs), "spec", default={}))
    return marked(known, inputs)


def _without_allocations(spec: Object, sent: Object) -> Object:
    for field in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
        if field in spec and field not in sent:
            spec[field] = UNKNOWN
    sent_ports: list[Object] = sent.get("ports", [])
    spec["ports"] = [
        port
        if "nodePort" not in port or dig(sent_ports, index, "nodePort")
        else {**port, "nodePort": UNKNOWN}
        for index, port in enumerate(spec.get("ports", []))
    ]
    return spec


def live_object(state: Mapping[str, Value]) -> Object:
    """The object as it was when the state was written."""
    return unmarked({key: value for key, value in state.items() if key not in _OURS})


def stored_inputs(state: Mapping[str, Value]) -> Properties:
    """The inputs that led to the state, for requests that do not bring them."""
    found = state.get(_INPUTS)
    return found if isinstance(found, dict) else {}


def recorded_manager(state: Mapping[str, Value]) -> Value:
    """The field manager that applied the object, if the state knows it."""
    return plain(state.get(_MANAGER))


def initial_version(state: Mapping[str, Value], default: str) -> str:
    """The apiVersion with which the object was first created."""
    found = plain(state.get(_INITIAL_VERSION))
    return found if isinstance(found, str) and found else default
