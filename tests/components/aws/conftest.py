"""Makes the mock engine answer for AWS."""

from __future__ import annotations

import pytest
from tests.support import realism
from tests.support.aws_answers import AWS_RESOURCES


@pytest.fixture(autouse=True)
def _aws_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    for token, answer in AWS_RESOURCES.items():
        monkeypatch.setitem(realism.RESOURCES, token, answer)
