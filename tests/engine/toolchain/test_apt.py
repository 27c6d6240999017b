"""Debian packages: only what is missing, and a word where there is no Debian."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.progress import PhaseError, Quiet
from local.toolchain import apt


def test_what_is_installed_is_not_touched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "run_logged", lambda *_, **__: pytest.fail("apt-get was started"))
    assert apt.install(["bash", "dpkg"], Quiet()) == []


def test_a_package_that_is_missing_is_found_out() -> None:
    assert apt.absent(["bash", "no-such-package-at-all"]) == ["no-such-package-at-all"]


def test_another_system_is_refused_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PhaseError, match="this machine has no apt") as caught:
        apt.install(["containerd"], Quiet())
    assert "make up CONTEXT=" in caught.value.remedy


def test_someone_who_is_not_root_gets_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PhaseError, match="only root may install") as caught:
        apt.install(["no-such-package-at-all"], Quiet())
    assert "sudo apt-get install no-such-package-at-all" in caught.value.remedy
