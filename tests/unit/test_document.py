"""docs/settings.md says what the models say."""

from __future__ import annotations

import re

import pytest

from infra.settings.document import TARGET, render
from infra.settings.local import PlatformFacts
from infra.settings.schema import section_of
from infra.settings.settings import Settings
from tests.unit.stacks import settings_of


def leaves(section: type, path: tuple[str, ...] = ()) -> list[str]:
    """Every key that a user may set, as the document writes it."""
    found: list[str] = []
    for name, field in section.model_fields.items():
        here = (*path, field.alias or name)
        below = section_of(field)
        if below is None:
            found.append(".".join(here))
        elif below is not PlatformFacts:
            found += leaves(below, here)
    return found


def rows() -> dict[str, list[str]]:
    """Cells of each row by full key."""
    found: dict[str, list[str]] = {}
    section = ""
    for line in render().splitlines():
        if match := re.fullmatch(r"## `roost:(\w+)`", line):
            section = match[1]
        elif section and line.startswith("| `"):
            cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found[f"{section}.{cells[0].strip('`')}"] = cells[1:]
        elif line.startswith("## "):
            section = ""
    return found


def test_the_page_in_the_repository_is_current() -> None:
    assert TARGET.read_text() == render(), "run `make docs`"


def test_every_setting_has_a_row_with_a_meaning() -> None:
    documented = rows()
    assert set(documented) == set(leaves(Settings)) - {"profile"}
    assert [key for key, cells in documented.items() if not cells[-1]] == []


def test_defaults_are_those_that_a_stack_gets() -> None:
    local = settings_of("local")
    cells = rows()
    assert cells["server.replicas.max"][1] == f"`{local.server.replicas.max}`"
    assert cells["migration.resources.memoryLimit"][1] == f"`{local.migration.resources.memory_limit}`"
    assert cells["edge.idleTimeoutSeconds"][1] == f"`{local.edge.idle_timeout_seconds}`"


def test_what_must_be_said_is_marked() -> None:
    assert rows()["aws.account"][1:3] == ["**required**", "**required**"]


@pytest.mark.parametrize("key", ["model.apiKey", "model.embedding.apiKey"])
def test_secrets_are_marked(key: str) -> None:
    assert rows()[key][0] == "text, secret"
