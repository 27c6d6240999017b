"""What a rule can be told in the configuration of its pack."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, cast

from pulumi_policy import PolicyConfigSchema
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from policies.lib.exemptions import Exemption


class Settings(BaseModel):
    """What every rule understands; a rule with more says so in a subclass. Keys are camelCase outside."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)

    exemptions: tuple[Exemption, ...] = Field(default=(), description="Where the rule need not hold.")
    strict: bool = Field(
        default=False,
        description="Whether a resource that the rule cannot judge yet counts as a violation.",
    )


class CreateOnly(Settings):
    """Of a rule whose remedy replaces a resource that exists."""

    new_resources: tuple[str, ...] = Field(
        default=(),
        description="Globs over logical names: resources that do not exist yet, which alone are remedied.",
    )

    def is_new(self, name: str) -> bool:
        """Whether the resource of that logical name was declared as not existing yet."""
        return any(fnmatchcase(name, glob) for glob in self.new_resources)


def parse(rule: str, model: type[Settings], given: Mapping[str, Any]) -> Settings:
    """The settings of a rule from the pack's configuration.

    Raises:
        ValueError: a key or value that the rule does not know, in a sentence.
    """
    try:
        return model.model_validate(dict(given))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        known = ", ".join(field.alias or name for name, field in model.model_fields.items())
        raise ValueError(
            f"The policy configuration of {rule} is wrong at {where}: {first['msg']}. It knows: {known}."
        ) from None


@cache
def schema(model: type[Settings]) -> PolicyConfigSchema:
    """The same for the engine, which checks it and fills in the defaults."""
    whole = model.model_json_schema(by_alias=True)
    definitions = cast("dict[str, Any]", whole.get("$defs", {}))
    return PolicyConfigSchema({key: _inlined(one, definitions) for key, one in whole["properties"].items()})


def _inlined(schema: Any, definitions: Mapping[str, Any]) -> Any:
    """Without references, which the engine does not follow from inside one property."""
    if isinstance(schema, list):
        return [_inlined(one, definitions) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    entries = cast("dict[str, Any]", schema)
    if "$ref" in entries:
        return _inlined(definitions[str(entries["$ref"]).rpartition("/")[2]], definitions)
    return {key: _inlined(one, definitions) for key, one in entries.items()}
