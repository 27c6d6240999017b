"""From what the program says to what is stored as inputs: checked, named, tagged."""

from __future__ import annotations

import json
from collections.abc import Mapping

from local.plugins.aws import naming, tags
from local.plugins.aws.resource import Properties as Plain
from local.plugins.aws.resource import Resource
from local.plugins.aws.schema import Schema
from local.plugins.base.fields import Problem
from local.plugins.base.secrets import unmarked
from local.plugins.base.values import Properties, Secret, Value, has_unknown, plain


def prepared(
    kind: Resource,
    schema: Schema,
    news: Properties,
    *,
    logical: str,
    olds: Mapping[str, Value],
    seed: bytes,
    default_tags: Mapping[str, str],
) -> tuple[Properties, list[Problem]]:
    """The inputs to store, and what is wrong with those that were given."""
    wrong = schema.problems(news)
    if wrong:
        return news, wrong
    inputs = {name: _as_text(schema, name, value) for name, value in news.items() if value is not None}
    if kind.autoname:
        try:
            inputs = naming.named(kind.autoname, inputs, logical=logical, olds=olds, seed=seed)
        except ValueError as error:
            return news, [(kind.autoname.property, str(error))]
    return (tags.with_all(inputs, default_tags) if schema.tagged else inputs), []


def for_type(kind: Resource, inputs: Mapping[str, Value]) -> Plain:
    """Stored inputs as a type sees them: plain, with its defaults, `tags` being all tags."""
    given = unmarked(inputs)
    given.pop(naming.DEFAULTS, None)
    if "tagsAll" in given:
        given["tags"] = given.pop("tagsAll")
    return {**{name: value for name, value in kind.defaults.items() if value is not None}, **given}


def _as_text(schema: Schema, name: str, value: Value) -> Value:
    """A document that the program gave as an object, as the JSON text that AWS wants."""
    given = value.value if isinstance(value, Secret) else value
    if not schema.inputs[name].shape.or_text or not isinstance(given, dict) or has_unknown(given):
        return value
    text = json.dumps(plain(given))
    return Secret(text) if isinstance(value, Secret) else text
