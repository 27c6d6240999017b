"""The order of versions."""

from __future__ import annotations

import pytest

from policies.lib.values import Undetermined, Value
from policies.lib.versions import parse, version_of

IN_ORDER = ("1.9", "1.29", "1.30", "v1.36", "1.36.1", "1.37.0-beta.1", "15.9", "15.10", "16", "16.10", "17.1")


def test_versions_sort_by_their_numbers_and_not_as_texts() -> None:
    assert sorted(sorted(IN_ORDER), key=parse) == list(IN_ORDER)


@pytest.mark.parametrize(
    ("one", "other"), [("v1.36", "1.36"), ("1.36", "1.36.0"), ("16", "16.0"), ("1.36.2-eks-1", "1.36.2")]
)
def test_what_does_not_change_the_order_makes_no_difference(one: str, other: str) -> None:
    assert parse(one) == parse(other)
    assert hash(parse(one)) == hash(parse(other))
    assert not parse(one) < parse(other)


def test_a_version_is_written_as_it_came() -> None:
    assert str(parse("v16.10")) == "16.10"
    assert parse("16.10").major == 16


@pytest.mark.parametrize(
    ("text", "line", "within"),
    [("16.10", "16", True), ("16", "16", True), ("160.1", "16", False), ("16", "16.10", False)],
)
def test_a_line_has_the_versions_that_begin_like_it(text: str, line: str, within: bool) -> None:
    assert parse(text).within(parse(line)) is within


@pytest.mark.parametrize("text", ["", "latest", "v", "1..2", "1.x", ".5", "1.2 3", "9" * 5000, "१.२"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a version"):
        parse(text)


@pytest.mark.parametrize("raw", ["latest", ["1.36"], None, True])
def test_a_property_without_a_version_leaves_the_rule_undetermined(raw: object) -> None:
    with pytest.raises(Undetermined, match="engineVersion"):
        version_of(Value(raw, "engineVersion"))


def test_a_property_with_one_is_read() -> None:
    assert version_of(Value("16.10", "engineVersion")) > version_of(Value(16.0, "engineVersion"))
