"""What a tool's Python source defines: name, description and JSON schema, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any

from app.errors import Unprocessable
from app.tools import docstrings
from app.tools.annotations import Annotations

MAX_NAME = 48
MAX_SOURCE = 500_000
DEEPEST = 40

PASSED_BY_US = frozenset({"self", "agent_state"})
"""Parameters that the model is not asked for."""

Def = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Function:
    """The function that is the tool."""

    name: str
    description: str
    schema: dict[str, Any]


def function(source: str, name: str | None = None) -> Function:
    """Read the function `name`, or the last one. Raises Unprocessable with a sentence."""
    module = parse(source)
    node = _function(module, name)
    text = docstrings.read(ast.get_docstring(node, clean=False))
    parameters = _parameters(node, text, Annotations(module))
    schema = {"name": node.name, "description": text.summary, "parameters": parameters}
    return Function(node.name, text.summary, schema)


def name_of(source: str, wanted: str | None = None) -> tuple[str, str]:
    """The function's name and description, for a tool that comes with its schema. Raises Unprocessable."""
    node = _function(parse(source), wanted)
    return node.name, docstrings.read(ast.get_docstring(node, clean=False)).summary


def wants_agent_state(source: str, name: str) -> bool:
    """Whether the function asks for the agent."""
    arguments = _function(parse(source), name).args
    return any(one.arg == "agent_state" for one in (*arguments.args, *arguments.kwonlyargs))


def parse(source: str) -> ast.Module:
    """The syntax of a source. Raises Unprocessable."""
    if len(source) > MAX_SOURCE:
        raise Unprocessable(f"The source has {len(source)} characters; {MAX_SOURCE} are allowed.")
    try:
        return ast.parse(source)
    except SyntaxError as error:
        line = f" in line {error.lineno}" if error.lineno else ""
        raise Unprocessable(f"The source is not valid Python: {error.msg}{line}.") from None
    except (ValueError, RecursionError, MemoryError):
        raise Unprocessable("The source is not valid Python, or too deeply nested.") from None


def _function(module: ast.Module, name: str | None) -> Def:
    functions = {node.name: node for node in module.body if isinstance(node, Def)}
    if not functions:
        raise Unprocessable("The source defines no function; define the tool as one, at the top level.")
    if name is not None and name not in functions:
        raise Unprocessable(
            f"The source defines no function {name!r}; it has {', '.join(sorted(functions))}."
        )
    found = functions[name] if name is not None else next(reversed(functions.values()))
    if len(found.name) > MAX_NAME:
        raise Unprocessable(f"The function's name has {len(found.name)} characters; {MAX_NAME} are allowed.")
    return found


def _parameters(node: Def, text: docstrings.Docstring, annotations: Annotations) -> dict[str, Any]:
    given = node.args
    if given.posonlyargs or given.vararg or given.kwarg:
        raise Unprocessable(
            f"The function {node.name} takes positional-only arguments, *args or **kwargs;"
            " name every argument."
        )
    positional: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults)) + list(
        given.defaults
    )
    pairs = [
        *zip(given.args, positional, strict=True),
        *zip(given.kwonlyargs, given.kw_defaults, strict=True),
    ]
    properties: dict[str, Any] = {}
    required: list[str] = []
    for argument, default in pairs:
        if argument.arg in PASSED_BY_US:
            continue
        schema = annotations.schema(argument.annotation, f"The argument {argument.arg!r} of {node.name}")
        if about := text.arguments.get(argument.arg):
            schema["description"] = about
        if default is None:
            required.append(argument.arg)
        elif (value := _constant(default)) is not None:
            schema["default"] = value
        properties[argument.arg] = schema
    return {"type": "object", "properties": properties, "required": required}


def _constant(node: ast.expr) -> Any:
    """The default, if it is a JSON value; what is computed is left to the call."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return None
    return value if isinstance(value, str | int | float | bool | list | dict) else None
