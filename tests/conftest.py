"""What holds for the whole suite, and what it says at its end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

# How fast this machine is at the moment is no property of what is tested.
settings.register_profile("roost", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("roost")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Counts and scores that tests record as `summary`, at the end of the log."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, said in getattr(report, "user_properties", ()):
            if name == "summary":
                terminalreporter.write_line(str(said))
