"""A live object reduced to what the program said about it, so that only drift shows."""

from __future__ import annotations

import base64
import re
from decimal import Decimal
from typing import Any, cast

from local.plugins.kubernetes.objects import Object, dig

# What identifies an item in Kubernetes' associative lists, most specific first.
_LIST_KEYS = (
    "mountPath",
    "devicePath",
    "containerPort",
    "port",
    "name",
    "key",
    "ip",
    "topologyKey",
    "type",
    "uid",
)
_QUANTITY = re.compile(r"([+-]?\d+(?:\.\d*)?|[+-]?\.\d+)(m|k|[KMGTPE]i?|e[+-]?\d+)?\Z")
_SUFFIXES = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    **{unit: Decimal(1000) ** (power + 2) for power, unit in enumerate("MGTPE")},
    **{f"{unit}i": Decimal(1024) ** (power + 1) for power, unit in enumerate("KMGTPE")},
}
# Below these the server spells numbers in its own way.
_QUANTITIES = frozenset(
    {
        "averageValue",
        "capacity",
        "default",
        "defaultRequest",
        "divisor",
        "hard",
        "limits",
        "max",
        "maxLimitRequestRatio",
        "min",
        "overhead",
        "requests",
        "sizeLimit",
    }
)
_BOOKKEEPING = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid", "selfLink")
_WRITTEN_BY_CONTROLLERS = (
    "deployment.kubernetes.io/revision",
    "kubectl.kubernetes.io/last-applied-configuration",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
)


def to_shape(live: Object, inputs: Object) -> Object:
    """The live values of exactly the fields in `inputs`. Equal quantities keep the program's spelling."""
    trimmed: Object = _trim(live, inputs, quantity=False)
    if live.get("kind") == "Secret" and "stringData" in inputs:
        trimmed["stringData"] = _string_data(live, inputs["stringData"])
    return trimmed


def to_inputs(live: Object) -> Object:
    """Inputs for an object that no program described yet: everything but what the server itself writes."""
    inputs = {key: value for key, value in live.items() if key != "status"}
    metadata: Object = {
        k: v for k, v in dict(dig(live, "metadata", default={})).items() if k not in _BOOKKEEPING
    }
    annotations: Object = dict(metadata.get("annotations") or {})
    for key in _WRITTEN_BY_CONTROLLERS:
        annotations.pop(key, None)
    metadata["annotations"] = annotations
    return {**inputs, "metadata": {k: v for k, v in metadata.items() if v}}


def _string_data(live: Object, inputs: Object) -> Object:
    """`stringData` never comes back: the server merges it into `data`."""
    data: Object = dig(live, "data", default={})
    return {
        key: base64.b64decode(data[key]).decode(errors="replace") if isinstance(data[key], str) else value
        for key, value in inputs.items()
        if key in data
    }


def _trim(live: Any, shape: Any, *, quantity: bool) -> Any:
    if isinstance(live, dict) and isinstance(shape, dict):
        fields, wanted = cast("Object", live), cast("Object", shape)
        return {
            key: _trim(fields[key], value, quantity=quantity or key in _QUANTITIES)
            for key, value in wanted.items()
            if key in fields
        }
    if isinstance(live, list) and isinstance(shape, list):
        return _trim_list(cast("list[Any]", live), cast("list[Any]", shape), quantity=quantity)
    return shape if quantity and _same_quantity(live, shape) else live


def _trim_list(live: list[Any], shape: list[Any], *, quantity: bool) -> list[Any]:
    keys = _list_keys(live, shape)
    if keys:
        by_key = {tuple(item.get(k) for k in keys): item for item in live}
        known = [(by_key.get(tuple(item.get(k) for k in keys)), item) for item in shape]
        return [_trim(found, item, quantity=quantity) for found, item in known if found is not None]
    if len(live) == len(shape):
        return [_trim(a, b, quantity=quantity) for a, b in zip(live, shape, strict=True)]
    return live


def _list_keys(live: list[Any], shape: list[Any]) -> tuple[str, ...]:
    """The fields that tell the items of both lists apart, if there are such."""
    items = [*live, *shape]
    if not shape or not all(isinstance(item, dict) for item in items):
        return ()
    for key in _LIST_KEYS:
        keys = (key, "protocol") if key in ("containerPort", "port") else (key,)
        if all(key in item for item in items) and all(_distinct(side, keys) for side in (live, shape)):
            # A protocol is defaulted by the server: only compare by it where it was given.
            with_protocol = all("protocol" in item for item in items)
            return keys if with_protocol else (key,)
    return ()


def _distinct(items: list[Object], keys: tuple[str, ...]) -> bool:
    return len({tuple(str(item.get(k)) for k in keys) for item in items}) == len(items)


def _same_quantity(live: Any, wanted: Any) -> bool:
    """The same amount in another spelling: `1` and `1000m`."""
    if not isinstance(live, (str, int, float)) or not isinstance(wanted, (str, int, float)):
        return False
    amount = _quantity(live)
    return amount is not None and amount == _quantity(wanted)


def _quantity(value: str | float) -> Decimal | None:
    match = _QUANTITY.match(str(value))
    if not match:
        return None
    number, suffix = match.group(1), match.group(2) or ""
    if suffix.startswith("e"):
        return Decimal(number + suffix)
    return Decimal(number) * _SUFFIXES[suffix]
