"""The stacks dev and prod under the mock engine, once for all tests that only look at them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.aws_answers import answering_for_aws
from tests.support.monitor import Recording
from tests.support.program import changed, run_program

Variant = Callable[..., Recording]


@pytest.fixture(scope="session")
def aws(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mock engine answers for AWS."""
    with answering_for_aws():
        yield


@pytest.fixture(scope="session")
def dev(aws: None, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_program("dev", patch, tmp_path_factory.mktemp("dev"))


@pytest.fixture(scope="session")
def prod(aws: None, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_program("prod", patch, tmp_path_factory.mktemp("prod"))


@pytest.fixture(scope="session")
def prod_dr(patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """Prod rebuilt in the region of its copies."""
    with answering_for_aws("prod-dr"):
        return run_program("prod-dr", patch, tmp_path_factory.mktemp("prod-dr"))


@pytest.fixture(scope="session")
def dev_preview(aws: None, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_program("dev", patch, tmp_path_factory.mktemp("dev-preview"), preview=True)


@pytest.fixture(scope="session")
def prod_preview(aws: None, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    return run_program("prod", patch, tmp_path_factory.mktemp("prod-preview"), preview=True)


@pytest.fixture(scope="session")
def variant(aws: None, patch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """Runs a stack's file with changes laid over it, and under another name if one is given."""

    def run(stack: str, changes: dict[str, Any], **options: Any) -> Recording:
        state = tmp_path_factory.mktemp(stack)
        return run_program(stack, patch, state, config=changed(stack, changes), **options)

    return run
