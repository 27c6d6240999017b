"""How pip reaches its registry from inside a build never becomes part of an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.images.archive import one_builder
from local.images.build import build_all
from local.images.buildah import Buildah
from local.images.debian import load_bases
from local.images.pip_access import pip_volumes
from local.images.specs import IMAGES, REGISTRY
from local.progress import Quiet
from tests.images.conftest import Built, Root

CANARY = "canary-7f3a.invalid"
HOST_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


def test_a_build_sees_pips_settings_and_keeps_none(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built("postgres")  # the base image exists from here on
    monkeypatch.setenv("PIP_TRUSTED_HOST", CANARY)
    base = load_bases()["build"]
    context = tmp_path / "context"
    context.mkdir()
    # The last step makes the layer new each time: nothing may come from an earlier run's cache.
    (context / "Dockerfile").write_text(
        f"FROM {REGISTRY}/base-build:{base.key}\n"
        f"RUN grep -q {CANARY[:6]} /etc/pip.conf && echo {tmp_path} > /built\n"
    )
    buildah, log, archive = Buildah(), tmp_path / "log", tmp_path / "image.tar"
    ref = f"{REGISTRY}/canary:test"
    with one_builder(Quiet()):
        buildah.build(ref, context, "Dockerfile", log, Quiet(), volumes=pip_volumes(tmp_path))
        buildah.export(ref, archive, log)
        buildah.forget(ref)
    assert str(tmp_path).encode() in archive.read_bytes()
    assert CANARY.encode() not in archive.read_bytes()
    assert oct((tmp_path / "pip.conf").stat().st_mode & 0o777) == "0o600"


@pytest.mark.parametrize("name", sorted(IMAGES))
def test_no_image_holds_pip_settings_or_this_machines_own_authorities(root: Root, name: str) -> None:
    base = root(name)
    assert not (base / "etc/pip.conf").exists()
    assert not (base / "root/.cache").exists()
    private = certificates(HOST_BUNDLE) - mozilla(root("standin"))
    for bundle in (*base.rglob("*.crt"), *base.rglob("*.pem")):
        assert certificates(bundle) & private == set()


def mozilla(root: Path) -> set[str]:
    """The authorities of Debian's package, which are in the base's bundle."""
    found = {c for path in (root / "usr/share/ca-certificates").rglob("*.crt") for c in certificates(path)}
    assert found == certificates(root / "etc/ssl/certs/ca-certificates.crt")
    return found


def certificates(path: Path) -> set[str]:
    blocks = path.read_text().split("-----BEGIN CERTIFICATE-----")[1:]
    return {block.split("-----END")[0].strip() for block in blocks}


def test_an_unknown_image_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        build_all(Quiet(), ["nothing"])
