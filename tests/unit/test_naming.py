"""Names that fit, differ and are what Kubernetes and AWS accept."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from infra.naming import bootstrap_job, fitted, migration_job, stack_prefix

LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
kebabs = st.from_regex(r"[a-z0-9]{1,20}(-[a-z0-9]{1,20}){0,6}", fullmatch=True)


@given(kebabs, st.integers(8, 63))
def test_a_fitted_name_is_within_its_limit_and_kebab_case(name: str, limit: int) -> None:
    result = fitted(name, limit)
    assert len(result) <= limit
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", result)
    assert result == name or len(name) > limit


@given(kebabs, kebabs, st.integers(16, 63))
def test_different_names_stay_different_when_they_are_cut(one: str, other: str, limit: int) -> None:
    assume(one != other)
    assert fitted(f"{'x' * 60}-{one}", limit) != fitted(f"{'x' * 60}-{other}", limit)


STACK_NAMES = st.from_regex(r"[A-Za-z0-9_.-]{1,60}", fullmatch=True)


@given(STACK_NAMES, STACK_NAMES)
def test_every_stack_has_a_short_prefix_of_its_own(one: str, other: str) -> None:
    assume(one != other)
    for stack in (one, other):
        assert len(stack_prefix(stack)) <= 24
        assert re.fullmatch(r"roost(-[a-z0-9]+)+", stack_prefix(stack))
    assert stack_prefix(one) != stack_prefix(other)


def test_an_ordinary_stack_is_named_in_full() -> None:
    assert stack_prefix("prod") == "roost-prod"


@given(st.from_regex(r"[0-9a-z]{1,20}(_[0-9a-z]{1,18})?", fullmatch=True))
def test_a_migration_job_is_named_by_its_revision(revision: str) -> None:
    name = migration_job(revision)
    assert name == f"migrate-{revision.replace('_', '-')}"
    assert LABEL.fullmatch(name)


@pytest.mark.parametrize("revision", ["", "A1", "../x", "a b", "x" * 41, "_", "a_", "a__b"])
def test_what_is_not_a_revision_is_refused(revision: str) -> None:
    with pytest.raises(ValueError, match="is not an alembic revision"):
        migration_job(revision)


def test_a_bootstrap_job_is_named_by_what_it_sets_up() -> None:
    assert bootstrap_job("a") == bootstrap_job("a")
    assert bootstrap_job("a") != bootstrap_job("b")
    assert re.fullmatch(r"bootstrap-[0-9a-f]{10}", bootstrap_job("a"))
