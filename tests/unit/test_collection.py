"""No test is lost silently: neither in a file that pytest does not read, nor behind a skip."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from tests.unit.collection import faults
from tests.unit.sources import python_sources

LOST = {
    "a file of another name": ("tests/unit/check_it.py", "def test_it(): ..."),
    "a name at the end": ("tests/unit/it_test.py", "class TestIt:\n    def test_it(self): ..."),
    "outside tests": ("infra/test_it.py", "def test_it(): ..."),
    "in a conftest": ("tests/unit/conftest.py", "async def test_it(): ..."),
    "in a folder that is not entered": ("tests/build/test_it.py", "def test_it(): ..."),
    "in a class of another name": ("tests/test_it.py", "class It:\n    def test_it(self): ..."),
    "in a class with a constructor": (
        "tests/test_it.py",
        "class TestIt:\n    def __init__(self): ...\n    def test_it(self): ...",
    ),
    "in another function": ("tests/test_it.py", "def helper():\n    def test_it(): ..."),
    "under a condition": ("tests/test_it.py", "if FAST:\n    def test_it(): ..."),
    "replaced": ("tests/test_it.py", "def test_it(): ...\ndef test_it(): ..."),
    "replaced in a class": (
        "tests/test_it.py",
        "class TestIt:\n    def test_it(self): ...\n    def test_it(self): ...",
    ),
    "ignored": ("tests/conftest.py", "collect_ignore = ['test_it.py']"),
    "switched off": ("tests/test_it.py", "__test__ = False"),
    "skipped": ("tests/test_it.py", "@pytest.mark.skip(reason='later')\ndef test_it(): ..."),
    "skipped without a reason": ("tests/test_it.py", "@pytest.mark.skip\ndef test_it(): ..."),
    "skipped inside": ("tests/test_it.py", "def test_it():\n    pytest.skip('no docker')"),
    "skipped in a helper": ("tests/support/it.py", "def need():\n    pytest.importorskip('docker')"),
    "expected to fail": ("tests/test_it.py", "@pytest.mark.xfail(reason='bug')\ndef test_it(): ..."),
}


@pytest.mark.parametrize("name", LOST)
def test_the_guard_sees_a_lost_test(name: str) -> None:
    path, source = LOST[name]
    assert len(faults(PurePosixPath(path), source)) == 1


def test_the_guard_is_content_with_tests_that_run() -> None:
    source = """
class TestIt:
    def test_one(self): ...
    def test_two(self): ...
class TestThat:
    def test_one(self): ...
def testing_ground(): ...
async def test_three(): ...
"""
    assert faults(PurePosixPath("tests/unit/test_it.py"), source) == []


def test_no_test_of_the_repository_is_lost() -> None:
    found = [fault for path, source in python_sources() for fault in faults(path, source)]
    assert found == []
