"""A model of how CloudWatch evaluates an alarm. It is ours: nothing here asks AWS.

It follows the User Guide's pages on evaluating an alarm and on missing data, and is simpler in one thing: it
looks at exactly the last `periods` periods, where CloudWatch looks some further back for data that came late.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from infra.aws.alarm_spec import AlarmSpec, Comparison

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Datapoint = float | None

_BEYOND: dict[Comparison, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def states(
    spec: AlarmSpec, series: Sequence[Datapoint], *, first: State = "INSUFFICIENT_DATA"
) -> list[State]:
    """The alarm's state after each period of `series`, beginning with the first full window."""
    found: list[State] = []
    state = first
    for end in range(spec.periods, len(series) + 1):
        state = _state(spec, series[end - spec.periods : end], state)
        found.append(state)
    return found


def _state(spec: AlarmSpec, window: Sequence[Datapoint], before: State) -> State:
    known = [one for one in window if one is not None]
    beyond = sum(_BEYOND[spec.comparison](one, spec.threshold) for one in known)
    gaps = len(window) - len(known)
    if not known and spec.missing == "missing":
        return "INSUFFICIENT_DATA"
    if not known and spec.missing == "ignore":
        return before
    if spec.missing == "breaching":
        beyond += gaps
    return "ALARM" if beyond >= spec.datapoints else "OK"


def computed(expression: str, values: Mapping[str, Datapoint]) -> Datapoint:
    """A datapoint of metric math with IF and FILL, as far as our expressions use it."""
    names = {name: _Value(value) for name, value in values.items()}
    found = eval(re.sub(r"\bIF\(", "IF_(", expression), {"__builtins__": {}}, {**names, **_FUNCTIONS})
    return _Value(found).value


class _Value:
    """A number, or its absence, which makes whatever is computed with it absent."""

    def __init__(self, value: Any) -> None:
        self.value: Datapoint = value.value if isinstance(value, _Value) else value

    def _with(self, other: Any, compute: Callable[[float, float], Any]) -> _Value:
        one, two = self.value, _Value(other).value
        if one is None or two is None or (compute is operator.truediv and two == 0):
            return _Value(None)
        return _Value(compute(one, two))

    def __mul__(self, other: Any) -> _Value:
        return self._with(other, operator.mul)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> _Value:
        return self._with(other, operator.truediv)

    def __ge__(self, other: Any) -> _Value:
        return self._with(other, lambda one, two: float(one >= two))


def _if(condition: _Value, yes: Any, no: Any) -> _Value:
    return _Value(None if condition.value is None else yes if condition.value else no)


def _fill(value: _Value, instead: float) -> _Value:
    return _Value(instead) if value.value is None else value


_FUNCTIONS: dict[str, Callable[..., _Value]] = {"IF_": _if, "FILL": _fill}
