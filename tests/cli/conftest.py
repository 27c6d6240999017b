"""State and caches of each test's own."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def roots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with `state` and `cache` in it, in force for `local.paths`."""
    monkeypatch.setenv("ROOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path / "cache"))
    return tmp_path
