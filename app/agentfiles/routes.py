"""`/v1/agents/{id}/export` and `/v1/agents/import`."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from app.agentfiles.export import export
from app.agentfiles.importing import Options, load, parse
from app.conversations.service import thread_of
from app.errors import NotServed, Unprocessable
from app.http import multipart
from app.http.context import App, Who
from app.http.fields import Text
from app.http.ids import AgentId
from app.http.respond import json, json_bytes
from app.http.routing import APIRouter

router = APIRouter(prefix="/v1/agents", tags=["agents"])

FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {
                        "file": {"type": "string", "format": "binary"},
                        "override_name": {"type": "string"},
                        "append_copy_suffix": {"type": "boolean", "default": True},
                        "model": {"type": "string"},
                        "embedding": {"type": "string"},
                        "project_id": {"type": "string"},
                        "secrets": {"type": "string", "description": "A JSON object of text."},
                        "override_existing_tools": {"type": "boolean", "default": True},
                        "strip_messages": {"type": "boolean", "default": False},
                    },
                }
            }
        },
    }
}


@router.get("/{agent_id}/export")
async def export_agent(
    app: App,
    who: Who,
    agent_id: AgentId,
    conversation_id: Text | None = None,
    use_legacy_format: Annotated[bool, Query(deprecated=True)] = False,
    scrub_messages: bool = False,
) -> Response:
    """An agent as a file, which `/v1/agents/import` takes on any server."""
    if use_legacy_format:
        raise NotServed("The legacy format of agent files is not served; leave `use_legacy_format` out.")
    conversation = None
    if conversation_id is not None:
        conversation = (await thread_of(app.db, who.org_id, conversation_id, agent_id)).conversation_id
    return json_bytes(await export(app.db, who.org_id, agent_id, conversation, messages=not scrub_messages))


@router.post("/import", openapi_extra=FORM)
async def import_agents(app: App, who: Who, request: Request) -> Response:
    """Make the agents of a file."""
    form = await multipart.read(request)
    if "file" not in form.files:
        raise Unprocessable("The request is not valid: the form has no part `file`.")
    given = form.fields
    options = Options(
        name=given.get("override_name") or given.get("name"),
        copy_suffix=form.flag("append_copy_suffix", default=True),
        model=given.get("model") or given.get("override_model_handle"),
        embedding=given.get("embedding")
        or given.get("override_embedding_handle")
        or request.headers.get("x-override-embedding-model"),
        project_id=given.get("project_id"),
        secrets=_secrets(given.get("env_vars_json")) | _secrets(given.get("secrets")),
        override_tools=form.flag("override_existing_tools", default=True),
        strip_messages=form.flag("strip_messages", default=False),
    )
    return json({"agent_ids": await load(app, who.org_id, parse(form.files["file"]), options)})


def _secrets(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise Unprocessable("The request is not valid: `secrets` is no JSON object of text.")
    return found
