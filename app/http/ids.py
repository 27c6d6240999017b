"""Identifiers on the wire: `<prefix>-<uuid4>`. A wrong shape is 422 before anything else happens."""

from __future__ import annotations

import re
from typing import Annotated, Any
from uuid import UUID, uuid4

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

UUID4 = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_UUID4 = re.compile(UUID4)


def new() -> UUID:
    """A fresh random identifier, without prefix."""
    return uuid4()


def parse(prefix: str, text: object) -> UUID:
    """The UUID of an identifier on the wire. Raises ValueError with a sentence for a wrong shape."""
    start = f"{prefix}-"
    if isinstance(text, str) and text.startswith(start) and _UUID4.fullmatch(text, len(start)):
        return UUID(text[len(start) :])
    raise ValueError(f"{text!r} is not an id of the form {prefix}-<uuid4>")


class Prefixed:
    """Annotation for a parameter or field: text with a prefix on the wire, a bare UUID inside."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda text: parse(self.prefix, text))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{self.prefix}-{UUID4}$"}


AgentId = Annotated[UUID, Prefixed("agent")]
BlockId = Annotated[UUID, Prefixed("block")]
ToolId = Annotated[UUID, Prefixed("tool")]
MessageId = Annotated[UUID, Prefixed("message")]
PassageId = Annotated[UUID, Prefixed("passage")]
RunId = Annotated[UUID, Prefixed("run")]
StepId = Annotated[UUID, Prefixed("step")]
ArchiveId = Annotated[UUID, Prefixed("archive")]
ConversationId = Annotated[UUID, Prefixed("conv")]
OrganizationId = Annotated[UUID, Prefixed("org")]
UserId = Annotated[UUID, Prefixed("user")]
KeyId = Annotated[UUID, Prefixed("key")]
