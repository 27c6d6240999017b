"""ClickHouse's real engine, and an emulated S3."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from infra.settings.clickhouse import ClickHouseSettings
from tests.clickhouse.engines import Engine


@pytest.fixture
def store(tmp_path: Path) -> Engine:
    """An empty engine on the default settings."""
    return Engine(tmp_path, ClickHouseSettings(kind="in-cluster"))


@pytest.fixture(scope="session")
def s3() -> Iterator[str]:
    """An emulated S3; its buckets are the tests' to make."""
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
