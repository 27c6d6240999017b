"""What a docstring says of a function and of its arguments: Google's, NumPy's and Sphinx's styles."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field

ARGUMENT_SECTIONS = frozenset(
    {"args", "arguments", "parameters", "params", "keyword args", "other parameters"}
)
SECTIONS = ARGUMENT_SECTIONS | {
    "returns", "return", "yields", "raises", "examples", "example", "notes", "note", "attributes", "warnings",
    "see also", "references", "todo",
}  # fmt: skip

GOOGLE_ARGUMENT = re.compile(r"\*{0,2}(\w+)\s*(?:\([^)]*(?:\([^)]*\)[^)]*)*\))?\s*:\s*(.*)")
NUMPY_ARGUMENT = re.compile(r"\*{0,2}(\w+)\s*(?::.*)?$")
SPHINX_ARGUMENT = re.compile(r":(?:param|parameter|arg|argument)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)")
SPHINX_FIELD = re.compile(r":\w+[^:]*:")


@dataclass
class Docstring:
    """A docstring, read."""

    summary: str = ""
    arguments: dict[str, str] = field(default_factory=dict[str, str])


def read(text: str | None) -> Docstring:
    """Take a docstring apart. What belongs to no known section is part of the summary."""
    lines = inspect.cleandoc(text or "").splitlines()
    found = Docstring()
    summary: list[str] = []
    position = 0
    while position < len(lines):
        title = _section(lines, position)
        if title is None and SPHINX_FIELD.match(lines[position].strip()):
            position = _sphinx(lines, position, found)
        elif title is None:
            summary.append(lines[position])
            position += 1
        else:
            underlined = not lines[position].rstrip().endswith(":")
            position = _body(lines, position + 1 + underlined, title, found, numpy=underlined)
    found.summary = "\n".join(summary).strip()
    return found


def _section(lines: list[str], position: int) -> str | None:
    line = lines[position].strip()
    name = line.rstrip(":").lower()
    if name not in SECTIONS or lines[position].startswith(" "):
        return None
    below = lines[position + 1].strip() if position + 1 < len(lines) else ""
    underlined = len(below) >= 3 and set(below) <= {"-", "="}
    return name if line.endswith(":") or underlined else None


def _body(lines: list[str], position: int, title: str, found: Docstring, *, numpy: bool) -> int:
    """Read a section; where the next one begins."""
    name: str | None = None
    base: int | None = None
    while position < len(lines) and _section(lines, position) is None:
        line = lines[position]
        text, indent = line.strip(), len(line) - len(line.lstrip())
        if not numpy and text and indent == 0:
            break  # text after the section belongs to the summary
        if text and title in ARGUMENT_SECTIONS:
            base = indent if base is None else base
            match = (NUMPY_ARGUMENT if numpy else GOOGLE_ARGUMENT).match(text) if indent <= base else None
            if match:
                name = str(match[1])
                found.arguments[name] = "" if numpy else match[2].strip()
            elif name:
                found.arguments[name] = f"{found.arguments[name]} {text}".strip()
        position += 1
    return position


def _sphinx(lines: list[str], position: int, found: Docstring) -> int:
    match = SPHINX_ARGUMENT.match(lines[position].strip())
    text = [match[2].strip()] if match else []
    position += 1
    while position < len(lines) and lines[position].startswith(" "):
        text.append(lines[position].strip())
        position += 1
    if match:
        found.arguments[match[1]] = " ".join(text).strip()
    return position
