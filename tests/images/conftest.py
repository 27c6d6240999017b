"""The images, built once or taken from the cache, and containers of them that clean up after themselves."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from local.images.build import ImageBuild, build_all
from local.progress import Quiet
from tests.images.containers import Container, unpack

Built = Callable[[str], ImageBuild]
Root = Callable[[str], Path]


@pytest.fixture(scope="session")
def built() -> Built:
    """An image by its name."""
    assert os.geteuid() == 0, "images are built and run as root; run these tests as root"
    return cache(lambda name: build_all(Quiet(), [name])[name])


@pytest.fixture(scope="session")
def root(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Root:
    """An image's file system, unpacked once. Tests only read it: containers mount it read-only."""
    base = tmp_path_factory.mktemp("roots")
    return cache(lambda name: unpack(built(name), base / name))


@pytest.fixture
def start(built: Built, root: Root, tmp_path: Path) -> Iterator[Callable[..., Container]]:
    """Start a container of an image: `start(name, arguments=…, environment=…, mounts=…)`."""
    started: list[Container] = []

    def run(name: str, **options: object) -> Container:
        bundle = tmp_path / f"bundle-{len(started)}"
        started.append(Container(built(name), root(name), bundle, **options))  # pyright: ignore[reportArgumentType]
        return started[-1]

    yield run
    for container in started:
        container.remove()
