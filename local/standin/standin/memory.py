"""Where the stand-in finds and puts what an agent knows, by comparing words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import orjson

from .conversation import Block, Conversation

_WORD = re.compile(r"[^\W_]+")
_SMALL_WORDS = (
    "a about am an and are at do for from have i in is it me my mine of on our say that the they this to was "
    "we were what which who with you your"
)
_EMPTY_WORDS = frozenset(_SMALL_WORDS.split())


def writable_block(conversation: Conversation) -> str | None:
    """`human`, else the first block that is not the agent's persona; None where none can be written."""
    labels = [block.label for block in conversation.blocks if not block.read_only]
    if "human" in labels or not conversation.blocks:
        return "human"
    others = [label for label in labels if label != "persona"]
    return others[0] if others else None


def topic_words(topic: str) -> frozenset[str]:
    """The words that matter: lower case, without small words and plural endings."""
    words = (word.casefold() for word in _WORD.findall(topic))
    return frozenset(_stem(word) for word in words if word not in _EMPTY_WORDS)


def lines_about(topic: str, texts: Iterable[str]) -> list[str]:
    """Lines that hold every word of `topic` and are no questions. A topic without words matches all."""
    wanted = topic_words(topic)
    lines = (line.strip() for text in texts for line in text.splitlines())
    found = [line for line in lines if line and not line.endswith("?") and wanted <= topic_words(line)]
    return list(dict.fromkeys(found))


def block_texts(blocks: Iterable[Block]) -> list[str]:
    """What the blocks say about the user and the world: the agent's own persona comes last."""
    ordered = sorted(blocks, key=lambda block: block.label == "persona")
    return [block.value for block in ordered]


def texts_in(result: str) -> list[str]:
    """Every string in a tool's result, which may be JSON or plain text."""
    try:
        return list(_strings(orjson.loads(result)))
    except orjson.JSONDecodeError:
        return [result]


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for entry in value.values():
            yield from _strings(entry)
    elif isinstance(value, list):
        for entry in value:
            yield from _strings(entry)


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
