"""Images for a cluster of one's own, with recorders in the place of docker and kind: neither runs here."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from local.images.external import load_images
from local.images.wanted import wanted_images
from local.progress import PhaseError, Quiet

RECORDER = """#!/bin/sh
echo "$(basename "$0") $*" >> "$RECORD"
case "$*" in
    "image inspect"*) exit "${HAS_IMAGE:-1}" ;;
    build*)
        eval "context=\\${$#}"
        test -f "$context/local/images/edge/Dockerfile" && touch "$RECORD.edge"
        exit 0 ;;
esac
"""


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the recorders write their calls."""
    for name in ("docker", "kind", "k3d"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(RECORDER)
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("RECORD", str(tmp_path / "record"))
    return tmp_path / "record"


def test_kind_gets_images_built_from_the_official_bases(record: Path) -> None:
    refs = load_images("kind-dev", Quiet())
    assert sorted(refs) == sorted(wanted_images())
    calls = record.read_text().splitlines()
    builds = [call for call in calls if call.startswith("docker build")]
    assert len(builds) == len(wanted_images())
    assert not any("build-arg" in call for call in builds)
    assert Path(f"{record}.edge").exists()
    assert calls[-1] == f"kind load docker-image {' '.join(refs.values())} --name dev"


def test_k3d_and_docker_desktop(record: Path) -> None:
    refs = load_images("k3d-lab", Quiet())
    assert record.read_text().splitlines()[-1] == f"k3d image import {' '.join(refs.values())} --cluster lab"
    record.unlink()
    load_images("docker-desktop", Quiet())
    assert "image import" not in record.read_text()


def test_nothing_is_built_twice(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HAS_IMAGE", "0")
    load_images("kind-dev", Quiet())
    assert "docker build" not in record.read_text()


def test_an_unknown_cluster_is_refused_with_the_ones_that_work() -> None:
    with pytest.raises(PhaseError) as refusal:
        load_images("arn:aws:eks:prod", Quiet())
    assert "arn:aws:eks:prod" in refusal.value.message
    assert "k3d-" in refusal.value.remedy
