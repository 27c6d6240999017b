"""The `agent_state` that tools may ask for: the agent as the API shows it, to read."""

from __future__ import annotations

from typing import Any, NoReturn


class View:
    """A JSON object whose keys are attributes too. It cannot be changed: the agent would not notice."""

    __slots__ = ("_fields",)

    def __init__(self, fields: dict[str, Any]) -> None:
        object.__setattr__(self, "_fields", fields)

    def __getattr__(self, name: str) -> Any:
        try:
            return view(self._fields[name])
        except KeyError:
            raise AttributeError(f"agent_state has no {name!r} here") from None

    def __getitem__(self, name: str) -> Any:
        return view(self._fields[name])

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("agent_state is read-only; return what should change, or use the memory tools")

    def get_block(self, label: str) -> Any:
        """The memory block with this label. Raises KeyError."""
        for block in self._fields.get("blocks", ()):
            if block["label"] == label:
                return view(block)
        raise KeyError(f"the agent has no memory block {label!r}")

    def list_block_labels(self) -> list[str]:
        """The labels of the memory blocks."""
        return [block["label"] for block in self._fields.get("blocks", ())]

    def __repr__(self) -> str:
        return f"agent_state({self._fields!r})"


def view(value: Any) -> Any:
    """JSON with attributes."""
    if isinstance(value, dict):
        return View(value)
    return [view(item) for item in value] if isinstance(value, list) else value
