"""Writes docs/server-settings.md from the server's own models: `python -m local.server_settings`."""

from __future__ import annotations

import sys
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app import settings_names as names
from app.settings import Settings
from app.settings_base import SECRETS
from app.settings_database import DatabaseSettings, KeySettings
from app.settings_models import ModelSettings
from app.settings_telemetry import TelemetrySettings
from app.settings_tools import ToolSettings

TARGET = Path(__file__).resolve().parents[1] / "docs" / "server-settings.md"

HEADER = """# Settings of the server

<!-- Written by `make docs` from app/settings*.py. A test fails when the two differ. -->

The agent server reads its settings from environment variables, once, at the start. The stack sets them for
its own server (see [settings.md](settings.md)); this page is for whoever runs the server alone.

Names are those of Letta where Letta has one. A variable that begins with `LETTA_` and is not on this page
stops the start with the nearest name, and so do two that contradict each other. Secrets may be given as a
file: its path in `<NAME>_FILE`. Durations are seconds.
"""

SECTIONS: tuple[tuple[str, type[Any], tuple[type[Any], ...]], ...] = (
    ("The server", Settings, (KeySettings, ModelSettings, ToolSettings, TelemetrySettings)),
    ("Models", ModelSettings, ()),
    ("Tools of users", ToolSettings, ()),
    ("Traces and the watchdog", TelemetrySettings, ()),
    ("Database", DatabaseSettings, ()),
    ("Encryption", KeySettings, (DatabaseSettings,)),
)

_WORDS: dict[Any, str] = {
    int: "whole number",
    str: "text",
    bool: "true or false",
    float: "number",
    SecretStr: "secret",
}


def render() -> str:
    """The whole document."""
    parts = [HEADER]
    for title, kind, less in SECTIONS:
        known = {name for base in less for name in base.model_fields}
        rows = [_row(field) for name, field in kind.model_fields.items() if name not in known]
        parts.append(f"## {title}\n\n" + _table(["Variable", "Value", "Default", "Meaning"], rows))
    same = [[f"`{other}`", f"`{name}`"] for other, name in (names.SAME | names.FALLBACKS).items()]
    parts.append(
        "## Other names\n\nRead when a setting is not given under its own name.\n\n"
        + _table(["Variable", "Means"], same)
    )
    idle = [[f"`{name}`", why[0].upper() + why[1:] + "."] for name, why in sorted(names.IDLE.items())]
    parts.append(
        "## Without effect\n\nAccepted, so that an environment made for Letta can be used as it is; the start"
        " says in one line for each why it does nothing.\n\n" + _table(["Variable", "Why"], idle)
    )
    return "\n".join(parts)


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _row(field: FieldInfo) -> list[str]:
    name = f"`{field.alias}`" + (f" or `{field.alias}_FILE`" if field.alias in SECRETS else "")
    return [name, _type(field), _default(field), field.description or ""]


def _type(field: FieldInfo) -> str:
    kinds = [kind for kind in get_args(field.annotation) or (field.annotation,) if kind is not NoneType]
    if get_origin(field.annotation) is Literal:
        return ", ".join(f"`{kind}`" for kind in kinds)
    if kinds and get_origin(kinds[0]) is Literal:
        return ", ".join(f"`{kind}`" for kind in get_args(kinds[0]))
    word = "JSON" if field.alias == "ROOST_MODEL_PRICES" else _WORDS.get(kinds[0], "text")
    bounds = {type(one): one for one in field.metadata}
    low, above, high = bounds.get(Ge), bounds.get(Gt), bounds.get(Le)
    if low and high:
        return f"{word}, {low.ge:,} to {high.le:,}"
    if above:
        return f"{word}, more than {above.gt:,}" + (f", at most {high.le:,}" if high else "")
    return f"{word}, at least {low.ge:,}" if low else word


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "**required**"
    default: Any = field.get_default(call_default_factory=True, validated_data={})
    if default is None or default in ("", {}):
        return "-"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    if "--check" in sys.argv and TARGET.read_text(encoding="utf-8") != render():
        print("docs/server-settings.md is not what the models say: run `make docs`.", file=sys.stderr)
        sys.exit(1)
    TARGET.write_text(render(), encoding="utf-8")
