"""The table in docs/rehearsal.md: the AWS types of the fallback plugin, and who answers for them."""

from __future__ import annotations

import sys
from pathlib import Path

from local.plugins.aws.catalogue import resources
from local.plugins.aws.resource import Resource

TARGET = Path(__file__).resolve().parents[2] / "docs" / "rehearsal.md"
BEGIN = "<!-- types: written by `make docs` from local/plugins/aws/types -->"
END = "<!-- end of types -->"


def table() -> str:
    """Markdown, a row for each type."""
    rows = [_row(token, resource) for token, resource in sorted(resources().items())]
    return "\n".join(["| type | answered by | inputs that nothing gives back |", "|---|---|---|", *rows])


def render(document: str) -> str:
    """`document` with the table as it is now. ValueError if the marks are not there."""
    head, begin, rest = document.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{TARGET.name} needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n{table()}\n{END}{tail}"


def _row(token: str, resource: Resource) -> str:
    who = "moto" if resource.emulated_by == "moto" else "`local/emulator`"
    unseen = ", ".join(f"`{name}`" for name in sorted(resource.unreadable)) or "none"
    return f"| `{token.removeprefix('aws:')}` | {who} | {unseen} |"


def main() -> int:
    """Write the table into the document."""
    TARGET.write_text(render(TARGET.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
