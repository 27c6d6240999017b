"""When a cache is needed, and the windows that AWS asks for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.settings.windows import minutes_of
from tests.support.program import PLATFORM
from tests.unit.stacks import settings_of

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MINUTES = st.integers(0, 24 * 60 - 1)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def test_one_pod_needs_no_cache_outside_itself() -> None:
    alone = settings_of("local", {"server": {"usesCache": True, "replicas": {"min": 1, "max": 1}}})
    assert not alone.cache.enabled


def test_replicas_that_share_one_have_one() -> None:
    shared = {"server": {"usesCache": True}, "cache": {"enabled": True}}
    assert settings_of("local", shared, images={**PLATFORM["images"], "cache": "x"}).server.uses_cache


def test_the_family_of_parameters_follows_the_version() -> None:
    for engine, version, family in (
        ("valkey", None, "valkey8"),
        ("valkey", "9.0", "valkey9"),
        ("redis", None, "redis7"),
    ):
        changes = {"aws": {"cache": {"engine": engine, "engineVersion": version}}}
        aws = settings_of("prod", changes).aws
        assert aws is not None
        assert aws.cache.family == family


@given(start=_MINUTES, length=st.integers(0, 24 * 60 - 1))
def test_a_daily_window_may_go_over_midnight(start: int, length: int) -> None:
    assert minutes_of(f"{clock(start)}-{clock((start + length) % (24 * 60))}") == length


@given(day=st.integers(0, 6), start=_MINUTES, length=st.integers(0, 7 * 24 * 60 - 1))
def test_a_weekly_window_may_go_over_sunday(day: int, start: int, length: int) -> None:
    later, end = divmod(start + length, 24 * 60)
    window = f"{_DAYS[day]}:{clock(start)}-{_DAYS[(day + later) % 7]}:{clock(end)}"
    assert minutes_of(window) == length
