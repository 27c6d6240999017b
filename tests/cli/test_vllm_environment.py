"""Which vLLM is tested, and what is said where none can be."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from local.progress import PhaseError, Quiet
from local.vllm import environment


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty cache, and nobody's own vLLM."""
    monkeypatch.delenv(environment.OWN, raising=False)
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path))
    return tmp_path


def installed(cache: Path, *, complete: bool) -> Path:
    """What an installation leaves."""
    lock = environment.LOCK_FILE.read_bytes()
    directory = cache / "vllm" / environment.key(lock)
    (directory / "bin").mkdir(parents=True)
    for name in ("python", "vllm"):
        (directory / "bin" / name).touch(0o755)
    if complete:
        (directory / ".complete").touch()
    return directory / "bin" / "vllm"


def test_none_is_there_at_first() -> None:
    assert environment.find() is None


def test_an_installation_counts_when_it_is_complete(cache: Path) -> None:
    executable = installed(cache, complete=False)
    assert environment.find() is None
    (executable.parents[1] / ".complete").touch()
    assert environment.find() == environment.provide(Quiet()) == executable


def test_ones_own_comes_first(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(cache, complete=True)
    own = cache / "vllm-of-mine"
    own.touch(0o755)
    monkeypatch.setenv(environment.OWN, str(own))
    assert environment.find() == environment.provide(Quiet()) == own


def test_one_that_cannot_be_run_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(environment.OWN, str(cache / "missing"))
    with pytest.raises(PhaseError, match="cannot be run"):
        environment.find()


def test_another_processor_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(PhaseError, match="this is linux on riscv64") as refused:
        environment.provide(Quiet())
    assert environment.OWN in refused.value.remedy


def test_the_lock_holds_hashes_and_no_addresses() -> None:
    lock = environment.LOCK_FILE.read_text()
    pins = [block for block in lock.split("\n") if "==" in block and not block.startswith(" ")]
    assert len(pins) > 100
    assert all(pin.endswith(" \\") for pin in pins)
    assert "://" not in lock
