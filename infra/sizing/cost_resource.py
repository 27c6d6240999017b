"""A resource as the engine shows it, in a preview or in a state, and safe reading of its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that only the update knows."""


class UndeterminedError(LookupError):
    """An input that the price depends on is unknown until the update, or missing; the message names it."""


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One custom resource."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    urn: str = ""
    made_from: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """For each input the URNs of the resources that it comes from."""

    def number(self, path: str, default: float | None = None) -> float:
        """A number at `scalingConfig.minSize`.

        UndeterminedError if it is unknown, or missing with no default.
        """
        value = self.get(path)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float):
            try:
                return float(str(value))
            except ValueError:
                raise UndeterminedError(f"{path} is {'missing' if value is None else 'unknown'}") from None
        return float(value)

    def text(self, path: str, default: str | None = None) -> str:
        """A text; as `number`."""
        value = self.get(path)
        if value is None and default is not None:
            return default
        if value is None or value == UNKNOWN:
            raise UndeterminedError(f"{path} is {'missing' if value is None else 'unknown'}")
        return str(value)

    def items(self, path: str) -> list[Any]:
        """A list, whose members may be unknown; an empty one where it is missing. As `number`."""
        value = self.get(path)
        if value is None:
            return []
        if not isinstance(value, list):
            raise UndeterminedError(f"{path} is unknown")
        return cast("list[Any]", value)

    def true(self, path: str) -> bool:
        """Whether a switch is on; off where it is missing."""
        return self.get(path) in (True, "true")

    def get(self, path: str) -> Any:
        """The value at a dotted path, through lists by number; None where there is none."""
        value: Any = self.inputs
        for part in path.split("."):
            if isinstance(value, list) and part.isdigit():
                members = cast("list[Any]", value)
                value = members[int(part)] if int(part) < len(members) else None
            elif isinstance(value, Mapping):
                value = cast("Mapping[str, Any]", value).get(part)
            else:
                return None
        return value
