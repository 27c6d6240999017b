"""From what a client sends to the columns of a tool: its schema is read from the source, or given."""

from __future__ import annotations

import importlib.metadata
import re
from typing import Any

from app.errors import BadRequest, NotServed, Unprocessable
from app.tools import source
from app.tools.schemas import CreateTool, Requirement, RunSource, UpdateTool

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def columns(body: CreateTool | UpdateTool, code: str | None, packages: str | None) -> dict[str, Any]:
    """The columns that a request sets. `code` is the source afterwards. Raises AppError with a sentence."""
    check_language(body.source_type)
    check_requirements(body.pip_requirements, body.npm_requirements, packages)
    given = {name: value for name, value in body.given().items() if value is not None}
    for name in ("pip_requirements", "npm_requirements"):
        if name in given:
            given[name] = [requirement.model_dump() for requirement in given[name]]
    if given.keys() & {"source_code", "json_schema", "args_json_schema"} and code is not None:
        given |= _described(body, code)
    return given


def check_language(source_type: str | None) -> None:
    """Raise NotServed for what is not Python."""
    if source_type not in (None, "python"):
        raise NotServed(f"Tools in {source_type!r} are not served; write the tool in Python.")


def check_requirements(
    pip: list[Requirement] | None, npm: list[Requirement] | None, packages: str | None
) -> None:
    """Raise for packages that a tool could not import. The sandbox installs nothing: it has no network."""
    if npm:
        raise NotServed("Tools run in Python only; leave `npm_requirements` out.")
    for one in pip or ():
        found = _installed(one.name, packages)
        if found is None:
            raise BadRequest(
                f"The package {one.name!r} is not there for tools, and the sandbox has no network to"
                " install it from; use the standard library, or have it installed in the directory that"
                " ROOST_TOOL_PACKAGES names."
            )
        if one.version and one.version.removeprefix("==") != found:
            raise BadRequest(f"Tools have {one.name} in version {found}, not {one.version}.")


def function_of(body: RunSource) -> str:
    """The name of the function to run. Raises Unprocessable."""
    wanted = body.name or (body.json_schema or {}).get("name")
    return source.name_of(body.source_code, wanted)[0]


def _installed(name: str, packages: str | None) -> str | None:
    if packages is None:
        return None
    normal = re.sub(r"[-_.]+", "-", name).lower()
    for one in importlib.metadata.distributions(path=[packages]):
        if re.sub(r"[-_.]+", "-", one.name or "").lower() == normal:
            return one.version
    return None


def _described(body: CreateTool | UpdateTool, code: str) -> dict[str, Any]:
    """Name, description and schema: from a given schema, from given arguments, or from the source."""
    if body.json_schema:
        return _given(body.json_schema, code, body.description)
    if body.args_json_schema:
        name, description = source.name_of(code)
        schema = {"name": name, "description": description, "parameters": _inlined(body.args_json_schema)}
    else:
        found = source.function(code)
        name, description, schema = found.name, found.description, found.schema
    if body.description is not None:
        description = schema["description"] = body.description
    return {"name": name, "description": description, "json_schema": schema}


def _given(schema: dict[str, Any], code: str, description: str | None) -> dict[str, Any]:
    wanted = schema.get("name")
    if wanted is not None and not (isinstance(wanted, str) and NAME.fullmatch(wanted)):
        raise Unprocessable(f"json_schema.name is {wanted!r}; it must be the name of a function.")
    name, said = source.name_of(code, wanted)
    parameters = schema.get("parameters") or {"type": "object", "properties": {}, "required": []}
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        raise Unprocessable("json_schema.parameters must be a JSON schema of type object.")
    about = description if description is not None else str(schema.get("description") or said)
    return {
        "name": name,
        "description": about,
        "json_schema": {**schema, "name": name, "description": about, "parameters": parameters},
    }


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """A model's schema with its definitions put where they are used. Raises Unprocessable."""
    definitions: dict[str, Any] = schema.get("$defs") or schema.get("definitions") or {}
    if schema.get("type") != "object":
        raise Unprocessable("args_json_schema must be a JSON schema of type object, as pydantic makes it.")

    def put(value: Any, depth: int) -> Any:
        if depth > source.DEEPEST:
            raise Unprocessable("args_json_schema refers to itself or is too deeply nested.")
        if isinstance(value, list):
            return [put(one, depth + 1) for one in value]
        if not isinstance(value, dict):
            return value
        if isinstance(reference := value.get("$ref"), str):
            target = definitions.get(reference.rpartition("/")[2])
            if target is None:
                raise Unprocessable(f"args_json_schema refers to {reference!r}, which it does not define.")
            others = {name: one for name, one in value.items() if name != "$ref"}
            return put(target | others, depth + 1)
        return {name: put(one, depth + 1) for name, one in value.items()}

    parts = {name: value for name, value in schema.items() if name not in {"$defs", "definitions", "title"}}
    return {"required": [], **put(parts, 0)}
