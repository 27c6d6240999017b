"""The outputs of a resource as far as they are known without asking AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from local.plugins.aws.resource import Resource
from local.plugins.aws.schema import Schema
from local.plugins.base.values import UNKNOWN, Properties, Secret, Value


def of_new(kind: Resource, known: Schema, news: Properties, region: str) -> Properties:
    """Of one that is to be made: its inputs and their defaults; what AWS will fill in is not known."""
    outputs: Properties = dict.fromkeys(known.always, UNKNOWN)
    outputs |= {name: value for name, value in kind.defaults.items() if value is not None}
    if "region" in known.outputs:
        outputs["region"] = region
    for path in kind.fills:
        news = _with_unknown(news, path.split("."))
    return only_outputs(kind, known, {**outputs, **news})


def overlaid(
    kind: Resource, known: Schema, old_inputs: Properties, old_outputs: Properties, news: Properties
) -> Properties:
    """Old outputs with the new inputs; one that was taken away leaves its default, or what AWS chose."""
    dropped = {name for name in old_inputs if name not in news and not known.filled_in(name)}
    kept = {name: value for name, value in old_outputs.items() if name not in dropped}
    defaults = {name: kind.defaults[name] for name in dropped if name in kind.defaults}
    overlaid = {
        name: _with_what_aws_filled(value, old_inputs.get(name), old_outputs.get(name))
        for name, value in news.items()
    }
    return {**kept, **defaults, **overlaid}


def _with_what_aws_filled(new: Value, old_input: Value, old_output: Value) -> Value:
    """A nested object with what AWS put into the old one, as an EKS cluster's security group."""
    if not (isinstance(new, dict) and isinstance(old_input, dict) and isinstance(old_output, dict)):
        return new
    filled = {key: value for key, value in old_output.items() if key not in old_input}
    given = {
        key: _with_what_aws_filled(value, old_input.get(key), old_output.get(key))
        for key, value in new.items()
    }
    return {**filled, **given}


def _with_unknown(properties: Properties, path: Sequence[str]) -> Properties:
    """`properties` with an unknown value at `path`, where the objects on the way to it are given."""
    name, *below = path
    value = properties.get(name)
    if not below:
        return {name: UNKNOWN, **properties}
    return {**properties, name: _with_unknown(value, below)} if isinstance(value, dict) else properties


def only_outputs(kind: Resource, known: Schema, values: Mapping[str, Value]) -> Properties:
    """What the SDK has as outputs, secret where the type says so."""
    return {
        name: Secret(value) if name in kind.secret and not isinstance(value, Secret) else value
        for name, value in values.items()
        if name in known.outputs
    }
