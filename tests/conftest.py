"""How the suite is divided among processes, and what it says at its end."""

from __future__ import annotations

from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_DIVIDED = {"engine": 2, "policies": 2}
"""Folders that are not one whole: their own folders, or files, go apart."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        parts = item.path.relative_to(_TESTS).parts
        depth = _DIVIDED.get(parts[0], 1)
        # A folder stays together: its tests share what is dear to start.
        item.add_marker(pytest.mark.xdist_group("/".join(parts[:depth])))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Counts and scores that tests record as `summary`, at the end of the log."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, said in getattr(report, "user_properties", ()):
            if name == "summary":
                terminalreporter.write_line(str(said))
