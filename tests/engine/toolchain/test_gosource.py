"""Files out of Go modules: the right version, and nothing else than what go.sum names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from local.progress import PhaseError, Quiet
from local.toolchain import gosource, versions
from local.toolchain.versions import POD_SECURITY

GO = "local/toolchain/go"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The go.mod and go.sum of the module, copied so that a test can spoil them."""
    copied = tmp_path / GO / POD_SECURITY.name
    shutil.copytree(POD_SECURITY.directory, copied)
    monkeypatch.setattr(versions, "REPO", tmp_path)
    return copied


def test_a_source_is_fetched_at_the_version_of_its_go_mod() -> None:
    for source in versions.SOURCES:
        required = next(
            line.removeprefix("require ").replace(" ", "@")
            for line in (source.directory / "go.mod").read_text().splitlines()
            if line.startswith("require ")
        )
        assert str(gosource.fetch(source, Quiet())).endswith(required)


def test_what_go_sum_does_not_name_is_refused(elsewhere: Path) -> None:
    sums = elsewhere / "go.sum"
    first, rest = sums.read_text().split(" h1:", maxsplit=1)
    sums.write_text(f"{first} h1:{'A' * 43}={rest[44:]}")
    with pytest.raises(PhaseError, match="checksum mismatch"):
        gosource.fetch(POD_SECURITY, Quiet())


def test_without_go_the_reason_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PhaseError, match="did not fetch"):
        gosource.fetch(POD_SECURITY, Quiet())
