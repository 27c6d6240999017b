"""Property paths: `spec.template.spec.containers[0].image`, `metadata.annotations["a.b/c"]`."""

from __future__ import annotations

import json
import re
from typing import Any, TypeAlias, cast

Path: TypeAlias = "tuple[str | int, ...]"
Object: TypeAlias = dict[str, Any]

_PLAIN = re.compile(r"[A-Za-z_$][\w$]*\Z")
_STEP = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]')


def render(path: Path) -> str:
    """A path as the engine writes it."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.match(step):
            text += f".{step}" if text else step
        else:
            text += f"[{json.dumps(step, ensure_ascii=False)}]"
    return text


def parse(text: str) -> Path:
    """The opposite of `render`; `[*]` becomes the step `*`. ValueError for what is not a path."""
    steps: list[str | int] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if not match:
            raise ValueError(f"{text!r} is not a property path: unexpected {text[position]!r} at {position}.")
        plain, index, quoted = match.groups()
        if plain is not None:
            steps.append(plain)
        elif index is not None:
            steps.append("*" if index == "*" else int(index))
        else:
            steps.append(str(json.loads(f'"{quoted}"')))
        position = match.end()
    return tuple(steps)


def covers(pattern: Path, path: Path) -> bool:
    """Whether `path` is at or below `pattern`, in which `*` stands for any step."""
    return len(pattern) <= len(path) and all(a in ("*", b) for a, b in zip(pattern, path, strict=False))


def related(one: Path, other: Path) -> bool:
    """Whether either path is at or below the other."""
    return covers(one, other) or covers(other, one)


def keep_live(live: Object, body: Object, pattern: Path) -> None:
    """Give what `body` has at `pattern` its live value; drop it where the live object has none."""
    _keep(live, body, pattern)


def _keep(live: Any, body: Any, path: Path) -> None:
    step, rest = path[0], path[1:]
    if isinstance(body, list):
        items = cast("list[Any]", body)
        others = cast("list[Any]", live) if isinstance(live, list) else []
        for index in range(len(items)) if step == "*" else [step]:
            if rest and isinstance(index, int) and index < min(len(items), len(others)):
                _keep(others[index], items[index], rest)
    elif isinstance(body, dict):
        fields = cast("Object", body)
        others_map = cast("Object", live) if isinstance(live, dict) else {}
        for key in list(fields) if step == "*" else [str(step)]:
            if key not in fields:
                continue
            if rest:
                _keep(others_map.get(key), fields[key], rest)
            elif key in others_map:
                fields[key] = others_map[key]
            else:
                del fields[key]
