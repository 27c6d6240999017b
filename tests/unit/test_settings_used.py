"""No setting without an effect."""

from __future__ import annotations

import ast

from infra.settings.base import Section
from infra.settings.local import PlatformFacts
from infra.settings.schema import section_of
from infra.settings.settings import Settings
from tests.unit.sources import python_sources

ASSURANCES = {"runner_in_vpc", "permanent", "acknowledged_overrun"}
"""Settings by which a person vouches for something that the program cannot see; only the check reads them."""

MERGED = {"addon_versions"}
"""Settings that the program reads through a property beside them (`addons`)."""


READERS = {"settings.py", "demand.py", "inference_plan.py"}
"""Modules of the settings that compute what the program then uses."""


def field_names(section: type[Section]) -> set[str]:
    """Python names of all plain settings in a section and below it."""
    found: set[str] = set()
    for name, field in section.model_fields.items():
        below = section_of(field)
        if below is None:
            found.add(name)
        elif below is not PlatformFacts:
            found |= field_names(below)
    return found


def names_read() -> set[str]:
    """Attributes that the program reads, outside the modules that only define and check settings."""
    readers = [
        source
        for path, source in python_sources()
        if path.is_relative_to("infra")
        and (not path.is_relative_to("infra/settings") or path.name in READERS)
    ]
    nodes = (node for source in readers for node in ast.walk(ast.parse(source)))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


def test_every_setting_is_read_by_the_program() -> None:
    assert field_names(Settings) - names_read() - ASSURANCES - MERGED == set()
