"""The program's stacks as policy packs see them, recorded once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.aws_answers import answering_for_aws
from tests.support.program import run_program
from tests.support.recorded_stacks import Shown, shown

Stacks = Callable[..., Shown]


@pytest.fixture(scope="session")
def stacks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stacks]:
    """`stacks("prod")`, and `stacks("prod", preview=True)` for the very first preview."""
    known: dict[tuple[str, bool], Shown] = {}
    with pytest.MonkeyPatch.context() as patch:

        def stack(name: str, *, preview: bool = False) -> Shown:
            if (name, preview) not in known:
                state = tmp_path_factory.mktemp(name)
                with answering_for_aws(name):
                    known[name, preview] = shown(run_program(name, patch, state, preview=preview))
            return known[name, preview]

        yield stack
