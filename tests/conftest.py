"""How the suite is divided among processes: a folder stays together, since it shares what is dear to start."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_DIVIDED = {"engine": 2}
"""Folders whose own folders go apart."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        parts = item.path.relative_to(_TESTS).parent.parts
        item.add_marker(pytest.mark.xdist_group("/".join(parts[: _DIVIDED.get(parts[0] if parts else "", 1)])))
