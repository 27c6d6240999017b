from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from tests.engine.aws.harness import ACCOUNT, World

# Read by moto when it is imported.
os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT


@pytest.fixture(scope="session")
def emulated_account() -> Generator[str]:
    """URL of an emulated account that lasts as long as the tests; the account's region is empty at first."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def world(emulated_account: str) -> World:
    """A provider without default tags."""
    return World(emulated_account)
