"""The model of CloudWatch's evaluation keeps the rules that its documents state."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from infra.aws.alarm_spec import AlarmSpec, Metric, Missing
from tests.support.cloudwatch import Datapoint, computed, states

BUSY = AlarmSpec(
    id="busy",
    runbook="busy",
    severity="warning",
    says="Busy.",
    metrics={"m": Metric(namespace="Test", name="Busy", of="stack", statistic="Average")},
    comparison=">",
    threshold=10,
    period=60,
    periods=3,
    datapoints=2,
    missing="missing",
)
MISSING: tuple[Missing, ...] = ("breaching", "notBreaching", "ignore", "missing")
datapoints = st.one_of(st.none(), st.floats(min_value=0, max_value=20))
series = st.lists(datapoints, min_size=3, max_size=12)


def _spec(periods: int, share: float, missing: Missing) -> AlarmSpec:
    return replace(BUSY, periods=periods, datapoints=max(1, round(periods * share)), missing=missing)


specs = st.builds(_spec, st.integers(1, 5), st.floats(0.1, 1), st.sampled_from(MISSING))


@given(specs, st.lists(st.floats(min_value=0, max_value=20), min_size=5, max_size=12))
def test_with_all_data_an_alarm_is_a_count_of_what_is_beyond(spec: AlarmSpec, values: list[float]) -> None:
    for end, state in enumerate(states(spec, values), start=spec.periods):
        beyond = sum(one > spec.threshold for one in values[end - spec.periods : end])
        assert state == ("ALARM" if beyond >= spec.datapoints else "OK")


@given(specs, series, st.integers(0, 11))
def test_a_worse_datapoint_never_ends_an_alarm(spec: AlarmSpec, values: list[Datapoint], at: int) -> None:
    worse = [20.0 if index == at else value for index, value in enumerate(values)]
    for before, after in zip(states(spec, values), states(spec, worse), strict=True):
        assert before != "ALARM" or after == "ALARM"


@given(specs, st.sampled_from(["OK", "ALARM"]))
def test_silence_is_what_the_alarm_says_it_is(spec: AlarmSpec, before: str) -> None:
    expected = {
        "breaching": "ALARM",
        "notBreaching": "OK",
        "missing": "INSUFFICIENT_DATA",
        "ignore": before,
    }
    silence: list[Datapoint] = [None] * spec.periods
    assert states(spec, silence, first=before) == [expected[spec.missing]]  # pyright: ignore[reportArgumentType]


@given(series)
def test_gaps_count_for_or_against_or_not_at_all(values: list[Datapoint]) -> None:
    loud, calm = (states(replace(BUSY, missing=missing), values) for missing in ("breaching", "notBreaching"))
    for with_gaps, without in zip(loud, calm, strict=True):
        assert without != "ALARM" or with_gaps == "ALARM"


def test_metric_math_without_a_value_has_none() -> None:
    share = "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    assert computed(share, {"errors": None, "requests": 40}) == 0
    assert computed(share, {"errors": 10, "requests": 40}) == 25
    assert computed(share, {"errors": 5, "requests": 5}) == 0
    assert computed(share, {"errors": None, "requests": None}) is None
    assert computed("100 * FILL(errors, 0) / requests", {"errors": None, "requests": 0}) is None
