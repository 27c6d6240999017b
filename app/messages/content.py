"""What messages contain: text and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from app.http.fields import Body, Text

Detail = Literal["low", "high", "auto"]


class TextPart(Body):
    """A piece of text."""

    type: Literal["text"] = "text"
    text: Text


class UrlSource(Body):
    """An image that the model's provider fetches."""

    type: Literal["url"] = "url"
    url: Text = Field(min_length=1)


class Base64Source(Body):
    """An image in the message itself."""

    type: Literal["base64"] = "base64"
    media_type: Text = Field(pattern=r"^image/[\w.+-]+$")
    data: Text = Field(min_length=1)
    detail: Detail | None = None


class ImagePart(Body):
    """An image, by URL or as base64 data."""

    type: Literal["image"] = "image"
    source: Annotated[UrlSource | Base64Source, Discriminator("type")]


Part = Annotated[TextPart | ImagePart, Field(discriminator="type")]
Content = Text | list[Part]


def text_of(content: str | Sequence[TextPart | ImagePart]) -> str:
    """The text of a content, without its images."""
    if isinstance(content, str):
        return content
    return "\n".join(part.text for part in content if isinstance(part, TextPart))


def parts_of(content: str | Sequence[TextPart | ImagePart]) -> list[dict[str, Any]] | None:
    """The parts when there is more than text."""
    if isinstance(content, str) or all(isinstance(part, TextPart) for part in content):
        return None
    return [part.model_dump() for part in content]
