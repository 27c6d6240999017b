"""The arguments of a call as the model wrote them, checked against what the tool asks for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from app.turns.calls import ToolError


def parsed(text: str) -> dict[str, Any]:
    """The arguments as an object. Raises ToolError for what is not a JSON object."""
    try:
        arguments = orjson.loads(text or "{}")
    except orjson.JSONDecodeError as error:
        raise ToolError(f"The arguments are not valid JSON: {error}.") from None
    if not isinstance(arguments, dict):
        raise ToolError("The arguments must be a JSON object.")
    return arguments


def checked(arguments: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """The arguments that the tool knows, in the types that it wants. Raises ToolError."""
    parameters = schema["parameters"]
    properties = parameters.get("properties", {})
    absent = [name for name in parameters.get("required", ()) if arguments.get(name) is None]
    if absent:
        raise ToolError(f"{schema['name']} needs {', '.join(absent)}.")
    return {
        name: _typed(name, value, properties[name])
        for name, value in arguments.items()
        if name in properties and value is not None
    }


def _typed(name: str, value: Any, schema: dict[str, Any]) -> Any:
    """The value if it is what the schema says; models like to send numbers as text and one tag as text."""
    if schema["type"] == "string" and isinstance(value, str):
        if "enum" in schema and value not in schema["enum"]:
            raise ToolError(f"{name} is {value!r}; it must be one of {', '.join(schema['enum'])}.")
        return value.replace("\x00", "")
    if schema["type"] == "integer" and not isinstance(value, bool):
        try:
            return int(value)
        except (TypeError, ValueError, OverflowError):
            pass
    if schema["type"] == "array":
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) for item in items):
            return [item.replace("\x00", "") for item in items]
    raise ToolError(f"{name} is {value!r}; it must be of type {schema['type']}.")


def moment(text: str | None, *, end: bool = False) -> datetime | None:
    """An ISO date or time; an end given as a date includes that day. Without a zone it is UTC."""
    if not text:
        return None
    try:
        if len(text) <= 10:
            day = date.fromisoformat(text) + timedelta(days=1 if end else 0)
            return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(
                microseconds=1 if end else 0
            )
        given = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise ToolError(f"{text!r} is not an ISO 8601 date or time, such as 2026-01-31T09:00:00Z.") from None
    return given if given.tzinfo else given.replace(tzinfo=UTC)
