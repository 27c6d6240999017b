"""Adds up streams that come as numbered content blocks: Anthropic's and Bedrock's."""

from __future__ import annotations

from app.llm.types import Completion, Delta, ToolCall, Usage


class BlockGatherer:
    """What the blocks of one answer have in them so far."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._signature = ""
        self._calls: dict[int, tuple[int, str, str, list[str]]] = {}  # block -> number, id, name, pieces
        self._deltas: list[Delta] = []
        self.finish = ""
        self.usage = Usage()

    def text(self, piece: str) -> None:
        """More of what is said."""
        if piece:
            self._text.append(piece)
            self._deltas.append(Delta(text=piece))

    def reasoning(self, piece: str) -> None:
        """More of what is thought."""
        if piece:
            self._reasoning.append(piece)
            self._deltas.append(Delta(reasoning=piece))

    def signature(self, piece: str) -> None:
        """More of the proof for what was thought."""
        self._signature += piece

    def call(self, block: int, call_id: str, name: str) -> None:
        """A call begins."""
        number = len(self._calls)
        self._calls[block] = (number, call_id, name, [])
        self._deltas.append(Delta(tool_index=number, tool_id=call_id, tool_name=name))

    def arguments(self, block: int, piece: str) -> None:
        """More of a call's JSON."""
        number, call_id, _, pieces = self._calls[block]
        if piece:
            pieces.append(piece)
            self._deltas.append(Delta(tool_index=number, tool_id=call_id, tool_arguments=piece))

    def fresh(self) -> list[Delta]:
        """The deltas since the last time."""
        deltas, self._deltas = self._deltas, []
        return deltas

    def whole(self) -> Completion | None:
        """The answer, or None when its end is missing."""
        if not self.finish:
            return None
        calls = tuple(
            ToolCall(call_id, name, "".join(pieces) or "{}")
            for _, call_id, name, pieces in self._calls.values()
        )
        return Completion(
            "".join(self._text), "".join(self._reasoning), calls, self.finish, self.usage, self._signature
        )
