"""Field types that request bodies share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict

from app.errors import NotServed


def _storable(text: str) -> str:
    """Drop NUL, which Postgres cannot store, and refuse text that is not Unicode."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("the text has half of a surrogate pair; send valid Unicode") from None
    return text.replace("\x00", "")


def _encodable(value: dict[str, Any]) -> dict[str, Any]:
    try:
        orjson.dumps(value)
    except TypeError as error:
        raise ValueError(f"it cannot be stored as JSON: {error}") from None
    return value


def _in_utc(moment: datetime) -> datetime:
    """A moment without a time zone is UTC."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("it is outside of the years 1 to 9999 in UTC") from None


Text = Annotated[str, AfterValidator(_storable)]
JsonObject = Annotated[dict[str, Any], AfterValidator(_encodable)]
Moment = Annotated[datetime, AfterValidator(_in_utc)]


class Body(BaseModel):
    """A request body: unknown keys are ignored, as upstream does for agents, blocks and messages."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    def given(self) -> dict[str, Any]:
        """The fields that the client set, by name."""
        return {name: getattr(self, name) for name in self.model_fields_set}


def refuse(body: Body, *names: str) -> None:
    """Raise NotServed when the client uses a field that would silently do nothing here."""
    for name in names:
        if getattr(body, name):
            raise NotServed(f"`{name}` is not served by this server yet; leave it out.")
