"""Writes docs/api-compatibility.md: every route of upstream's, and what this server answers there."""

from __future__ import annotations

import re
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI

from app.http.unserved import PREFIXES
from app.main import ROUTERS
from local import paths

TABLE = Path(__file__).parent / "upstream.txt"
DOCUMENT = paths.REPO / "docs" / "api-compatibility.md"
LINE = re.compile(r"([CSD]) (GET|POST|PUT|PATCH|DELETE) (/v1/\S*)(?: \| (.+))?")
CALLERS = {"C": "client", "S": "server only", "D": "deprecated"}

HEAD = """# What of Letta's API is served

<!-- Written by `make docs` from local/compatibility/upstream.txt and our routes; a test compares. -->

Every route of Letta's server 0.16.8, what calls it, and what this server answers. "client" is what the
official client (letta-client 1.12.1) calls. Both spellings, with and without the slash at the end, are
served, and so is `/latest` in place of `/v1`. What is not served answers 501 with a sentence that says so,
and the client does not try again.
"""


@dataclass(frozen=True)
class Route:
    """A route of upstream's."""

    section: str
    caller: str
    method: str
    path: str
    difference: str | None


def upstream() -> list[Route]:
    """The table. Raises ValueError for a line that is none of it."""
    section, found = "", list[Route]()
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line[3:]
        elif line and not line.startswith("# "):
            match = LINE.fullmatch(line)
            if match is None:
                raise ValueError(f"{TABLE.name}: {line!r} is not `C GET /v1/path | difference`.")
            found.append(Route(section, match[1], match[2], match[3], match[4]))
    return found


def served() -> dict[tuple[str, str], str]:
    """Our routes: method and path without the names of its parameters, to the path as it is."""
    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    operations = app.openapi()["paths"].items()
    return {(method.upper(), shape(path)): path for path, methods in operations for method in methods}


def shape(path: str) -> str:
    """A path without its last slash and the names of its parameters."""
    return re.sub(r"\{\w+\}", "{}", path.rstrip("/"))


def state(route: Route, ours: dict[tuple[str, str], str]) -> str:
    """`served`, `served, differs`, `501` or `absent`."""
    if (route.method, shape(route.path)) in ours:
        return "served, differs" if route.difference else "served"
    return "501" if route.path.split("/")[2] in PREFIXES else "absent"


def faults() -> list[str]:
    """What cannot be true of the table: two lines for a route, a difference of what is not served."""
    ours, routes = served(), upstream()
    twice = Counter((route.method, shape(route.path)) for route in routes)
    found = [f"{method} {path} is there twice" for (method, path), count in twice.items() if count > 1]
    return found + [
        f"{route.method} {route.path} is not served and says how it differs"
        for route in routes
        if route.difference and not state(route, ours).startswith("served")
    ]


def render() -> str:
    """The document."""
    ours, routes = served(), upstream()
    states = [state(route, ours) for route in routes]
    lines = [HEAD, *_counts(routes, states)]
    for section in dict.fromkeys(route.section for route in routes):
        lines += ["", f"## {section}", "", "| Route | Called by | State | Difference |", "|---|---|---|---|"]
        lines += [
            _row(route, found)
            for route, found in zip(routes, states, strict=True)
            if route.section == section
        ]
    theirs = {(route.method, shape(route.path)) for route in routes}
    lines += ["", "## Ours alone", "", "Routes that upstream does not have (any more).", ""]
    lines += [
        f"- `{method} {ours[method, path]}`" for method, path in sorted(ours) if (method, path) not in theirs
    ]
    return "\n".join(lines) + "\n"


def _row(route: Route, found: str) -> str:
    cells = (f"`{route.method} {route.path}`", CALLERS[route.caller], found, route.difference or "")
    return f"| {' | '.join(cells)} |"


def _counts(routes: list[Route], states: list[str]) -> list[str]:
    names = ("served", "served, differs", "501", "absent")
    lines = ["| Called by | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for caller, name in CALLERS.items():
        counted = Counter(
            found for route, found in zip(routes, states, strict=True) if route.caller == caller
        )
        lines.append(f"| {name} | " + " | ".join(str(counted[one]) for one in names) + " |")
    return lines


def main() -> int:
    """Write the document; a fault of the table is an error."""
    wrong = faults()
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    DOCUMENT.write_text(render(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
