"""The OpenAPI document: what each route answers, in success and in failure, which FastAPI cannot know."""

from __future__ import annotations

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

UUID4 = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

ERROR = {
    "type": "object",
    "description": "What was wrong: a sentence, or an object when a client must act on it.",
    "anyOf": [{"required": ["detail"]}, {"required": ["error"]}],
    "properties": {
        "detail": {},
        "error": {
            "type": "object",
            "required": ["type", "message"],
            "properties": {"type": {"type": "string"}, "message": {"type": "string"}, "detail": {}},
        },
    },
}

REASONS = {
    400: "The request contradicts itself or what it refers to.",
    401: "No key, or a wrong one.",
    403: "The key's role does not allow this.",
    404: "Something that the request names does not exist.",
    409: "The state of the object does not allow this now.",
    410: "It was kept once, and is not any more.",
    422: "Values that can never be accepted.",
    429: "Too many requests; `retry-after` says when to come back.",
    500: "An unknown error; the server's log has it.",
    501: "A part of Letta's API that this server does not serve yet.",
    502: "The model's endpoint failed.",
    503: "The database is away or busy, or the server is stopping.",
    504: "The model's endpoint took too long.",
}

KINDS = {
    "Agent": "agent", "Block": "block", "Tool": "tool", "Archive": "archive", "Passage": "passage",
    "Conversation": "conv", "Run": "run", "Step": "step", "Job": "job", "User": "user",
    "Organization": "org",
}  # fmt: skip

EVENTS = {"text/event-stream": {"schema": {"type": "string"}}}

ANSWERS: tuple[tuple[str, str, str], ...] = (
    (r"GET .*/count", "", "integer"),
    (r"GET /v1/tags", "", "strings"),
    (r"POST .*/recompile", "", "string"),
    (r"PATCH .*/archives/(at|de)tach/.*", "", "null"),
    (r"GET .*/(messages|messages/\{message_id\})", "Message", "many"),
    (r"GET /v1/(blocks|archives)/\{\w+\}/agents", "Agent", "many"),
    (r"(GET|POST) /v1/agents", "Agent", "by method"),
    (r"(GET|PATCH) /v1/agents/\{agent_id\}(/reset-messages)?", "Agent", "one"),
    (r"PATCH /v1/agents/\{agent_id\}/(tools|core-memory/blocks)/(at|de)tach/.*", "Agent", "one"),
    (r"GET /v1/agents/\{agent_id\}/tools", "Tool", "many"),
    (r"GET /v1/agents/\{agent_id\}/core-memory/blocks", "Block", "many"),
    (r"(GET|PATCH) /v1/agents/\{agent_id\}/core-memory/blocks/\{label\}", "Block", "one"),
    (r"(GET|POST) /v1/agents/\{agent_id\}/archival-memory", "Passage", "many"),
    (r"POST /v1/archives/\{archive_id\}/passages", "Passage", "one"),
    (r"POST /v1/archives/\{archive_id\}/passages/batch", "Passage", "many"),
    (r"POST /v1/agents/\{agent_id\}/messages/async", "Run", "one"),
    (r"(GET|POST) /v1/blocks", "Block", "by method"),
    (r"(GET|PATCH) /v1/blocks/\{block_id\}", "Block", "one"),
    (r"(GET|POST) /v1/archives", "Archive", "by method"),
    (r"(GET|PATCH) /v1/archives/\{archive_id\}", "Archive", "one"),
    (r"GET /v1/tools", "Tool", "many"),
    (r"(PUT|POST) /v1/tools", "Tool", "one"),
    (r"(GET|PATCH) /v1/tools/\{tool_id\}", "Tool", "one"),
    (r"(GET|POST) /v1/conversations", "Conversation", "by method"),
    (r"(GET|PATCH) /v1/conversations/\{conversation_id\}", "Conversation", "one"),
    (r"POST /v1/conversations/\{conversation_id\}/fork", "Conversation", "one"),
    (r"GET /v1/runs(/active)?", "Run", "many"),
    (r"(GET|DELETE) /v1/runs/\{run_id\}", "Run", "one"),
    (r"POST /v1/runs/\{run_id\}/cancel", "Run", "one"),
    (r"GET /v1/(steps|runs/\{run_id\}/steps)", "Step", "many"),
    (r"GET /v1/steps/\{step_id\}|PATCH /v1/steps/\{step_id\}/feedback", "Step", "one"),
    (r"GET /v1/jobs(/active)?", "Job", "many"),
    (r"(GET|DELETE) /v1/jobs/\{job_id\}|PATCH /v1/jobs/\{job_id\}/cancel", "Job", "one"),
    (r"GET /v1/(models|models/embedding)", "", "many"),
    (r"POST /v1/(passages|messages|tools)/search", "", "many"),
)
"""What a route answers: a pattern of method and path, the kind of object, and how many of it."""

STREAMS = re.compile(r"POST .*/messages(/stream)?|(GET|POST) .*/stream")
ASKS_MODELS = re.compile(r"(POST|PUT|PATCH) .*|GET .*/archival-memory/search|GET /v1/models.*")
OPEN = re.compile(r"GET /v1/(health|ready)")


def install(app: FastAPI) -> None:
    """Make the application's document ours; built when it is first asked for."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(title=app.title, version=app.version, routes=app.routes)
            )
        return app.openapi_schema

    app.openapi = document


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Error"] = ERROR
    schemas["Message"] = {
        "type": "object",
        "required": ["id", "message_type", "date"],
        "properties": {"id": _id("message"), "message_type": {"type": "string"}},
    }
    for name, prefix in KINDS.items():
        schemas[name] = {"type": "object", "required": ["id"], "properties": {"id": _id(prefix)}}
    document["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _complete(f"{method.upper()} {path}", operation)
    return document


def _complete(route: str, operation: dict[str, Any]) -> None:
    responses = operation["responses"]
    if not OPEN.fullmatch(route):
        operation["security"] = [{"key": []}]
    if STREAMS.fullmatch(route):
        responses["200"]["content"] = EVENTS | {"application/json": {"schema": {"type": "object"}}}
    elif "200" in responses:
        responses["200"]["content"] = {"application/json": {"schema": _answer(route)}}
    for status in _failures(route, operation):
        reference = {"$ref": "#/components/schemas/Error"}
        responses[str(status)] = {
            "description": REASONS[status],
            "content": {"application/json": {"schema": reference}},
        }


def _failures(route: str, operation: dict[str, Any]) -> list[int]:
    if OPEN.fullmatch(route):
        return [503]
    found = [401, 403, 429, 500, 503]
    if operation.get("parameters") or operation.get("requestBody"):
        found += [400, 404, 422, 501]
    if not route.startswith("GET"):
        found.append(409)
    if STREAMS.fullmatch(route):
        found.append(410)
    if ASKS_MODELS.fullmatch(route):
        found += [502, 504]
    return sorted(found)


def _answer(route: str) -> dict[str, Any]:
    for pattern, kind, shape in ANSWERS:
        if re.fullmatch(pattern, route):
            one = {"$ref": f"#/components/schemas/{kind}"} if kind else {"type": "object"}
            many = {"type": "array", "items": one}
            shapes: dict[str, dict[str, Any]] = {
                "one": one,
                "many": many,
                "by method": many if route.startswith("GET") else one,
                "strings": {"type": "array", "items": {"type": "string"}},
            }
            return shapes.get(shape, {"type": shape})
    return {"type": ["object", "array"]}


def _id(prefix: str) -> dict[str, Any]:
    return {"type": "string", "pattern": f"^{prefix}-{UUID4}$"}
