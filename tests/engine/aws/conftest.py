from __future__ import annotations

from collections.abc import Generator

import pytest

from local.emulator import child
from local.emulator.child import ClusterEndpoint, Emulated
from tests.engine.aws.harness import REGION, World


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """One emulated account for all tests: none may count on being alone there."""
    ca = tmp_path_factory.mktemp("cluster") / "ca.crt"
    ca.write_text("-----BEGIN CERTIFICATE-----\nno cluster runs in these tests\n-----END CERTIFICATE-----\n")
    cluster = ClusterEndpoint("https://127.0.0.1:1", ca)
    with child.running(clusters={REGION: cluster}) as started:
        yield started


@pytest.fixture
def world(emulated: Emulated) -> World:
    """A provider without default tags."""
    return World(emulated.url)
