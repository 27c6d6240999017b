"""The local stack under the mock engine, once for all tests that only look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.monitor import Recording
from tests.support.program import run_program


@pytest.fixture(scope="session")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as context:
        yield context


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Recording:
    return run_program("local", patch, tmp_path_factory.mktemp("local"))


@pytest.fixture(scope="session")
def local_preview(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Recording:
    return run_program("local", patch, tmp_path_factory.mktemp("preview"), preview=True)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path
