"""What comes over the pipe of a call."""

from __future__ import annotations

from typing import Any

import orjson

from app.sandbox.inside import frames
from app.sandbox.types import Result


class Gathered:
    """What came over a call's pipe so far."""

    def __init__(self) -> None:
        self._reader = frames.Reader()
        self._printed: dict[bytes, list[str]] = {frames.STDOUT: [], frames.STDERR: []}
        self.size = 0
        self.answer: dict[str, Any] | None = None

    def take(self, data: bytes) -> None:
        """More of it."""
        self.size += len(data)
        for kind, body in self._reader.feed(data):
            if kind == frames.RESULT and self.answer is None:
                self.answer = _answer(body)
            elif kind in self._printed:
                self._printed[kind].append(body.decode("utf-8", "replace"))

    def result(self) -> Result:
        """What the tool answered."""
        answer = self.answer or {}
        return Result(
            answer.get("ok") is True, str(answer.get("text")), *self._lines(), value=answer.get("value")
        )

    def failed(self, name: str, why: str) -> Result:
        """What there is of a tool that did not answer."""
        return Result(False, f"{name} did not finish: {why}.", *self._lines())

    def _lines(self) -> tuple[list[str], list[str]]:
        out, err = ("".join(self._printed[kind]).splitlines() for kind in (frames.STDOUT, frames.STDERR))
        return out, err


def _answer(body: bytes) -> dict[str, Any]:
    """What was sent as a result, or what is wrong with it: a tool can write to its pipe itself."""
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        answer = None
    return answer if isinstance(answer, dict) else {"ok": False, "text": "The tool sent no valid result."}
