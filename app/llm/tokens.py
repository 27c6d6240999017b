"""How many tokens a request has: an estimate from its size that learns from what endpoints report.

No tokenizer is loaded: their tables cost more memory than the whole server, and those of hosted models are
secret. An endpoint that can count by the model's own tokenizer is asked through `Client.count`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

PER_BYTE = 0.25
"""Tokens per byte of JSON before an endpoint has reported any; English prose has about this."""

PLAUSIBLE = (1 / 8, 1.0)
"""Reports outside of this are not about the text that we sent, and teach nothing."""

LEARNED_FROM = 1000
"""Bytes; in smaller requests the chat template outweighs the text."""

WEIGHT = 0.3
"""Of the newest report in the moving average."""

IMAGE_TOKENS = 1500
"""For an image of about a megapixel, whatever the length of its data."""

MAX_MODELS = 256

Messages = Sequence[dict[str, Any]]


class Tokens:
    """The estimates of one process, by the model's name."""

    def __init__(self) -> None:
        self._per_byte: dict[str, float] = {}

    def count(self, messages: Messages, tools: Messages, model: str) -> int:
        """About how many tokens the model will see. Costs no I/O; `messages` are in OpenAI's shape."""
        size, images = measure(messages, tools)
        return round(size * self._per_byte.get(model, PER_BYTE)) + images * IMAGE_TOKENS

    def learn(self, messages: Messages, tools: Messages, model: str, reported: int) -> None:
        """Take note of the prompt tokens that an endpoint reported for a request."""
        size, images = measure(messages, tools)
        if size < LEARNED_FROM or images:
            return
        ratio = reported / size
        if not PLAUSIBLE[0] <= ratio <= PLAUSIBLE[1]:
            return
        known = self._per_byte.pop(model, ratio)
        self._per_byte[model] = known + WEIGHT * (ratio - known)
        if len(self._per_byte) > MAX_MODELS:
            del self._per_byte[next(iter(self._per_byte))]


def measure(messages: Messages, tools: Messages) -> tuple[int, int]:
    """Bytes of JSON without the data of images, and the number of images."""
    text, images = orjson.dumps(messages), 0
    if b'"image_url"' in text:
        kept: list[Any] = []
        for message in messages:
            content = message.get("content")
            parts = content if isinstance(content, list) else ()
            shown = [part for part in parts if part.get("type") != "image_url"]
            images += len(parts) - len(shown)
            kept.append({**message, "content": shown} if parts else message)
        text = orjson.dumps(kept)
    return len(text) + (len(orjson.dumps(tools)) if tools else 0), images
