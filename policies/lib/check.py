"""What a rule says about resources while it judges: violations, and what it could not decide."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

from policies.lib.exemptions import Exemption
from policies.lib.resources import Resource
from policies.lib.settings import Settings
from policies.lib.values import Undetermined, Value

_S = TypeVar("_S", bound=Settings)


@dataclass
class Verdict:
    """What one rule found about one resource."""

    resource: Resource
    violations: list[str] = field(default_factory=list[str])
    """What is wrong, each with the property's path; never a value."""
    undetermined: list[Undetermined] = field(default_factory=list[Undetermined])
    exemption: Exemption | None = None
    """The one that covers it; with one that is still good, violations do not count."""

    def outcome(self, today: dt.date) -> str:
        """`passed`, `violated`, `undetermined` or `exempted`.

        An exemption that has expired is a violation, whatever the resource looks like by now.
        """
        if self.exemption and self.exemption.expired(today):
            return "violated"
        if not self.violations and not self.undetermined:
            return "passed"
        if self.exemption:
            return "exempted"
        return "violated" if self.violations else "undetermined"


class Check:
    """Collects verdicts. A rule reports with `violation`, and wraps in `part` what can be undecided."""

    def __init__(self, settings: Settings, today: dt.date) -> None:
        self._settings = settings
        self.today = today
        self.verdicts: dict[str, Verdict] = {}
        self._current: Verdict | None = None

    def settings(self, model: type[_S]) -> _S:
        """The rule's configuration, as the model that it declared."""
        assert isinstance(self._settings, model)
        return self._settings

    @contextlib.contextmanager
    def on(self, resource: Resource) -> Generator[None, None, None]:
        """What happens inside is about `resource`; what it cannot decide there hides nothing elsewhere."""
        outer, self._current = self._current, self._verdict(resource)
        try:
            with self.part():
                yield
        finally:
            self._current = outer

    @contextlib.contextmanager
    def part(self) -> Generator[None, None, None]:
        """One of several questions about a resource: an unknown in it leaves the others to be answered."""
        try:
            yield
        except Undetermined as reason:
            self._about().undetermined.append(reason)

    def violation(self, what: str, at: Value | str = "") -> None:
        """The resource breaks the rule: `what` says how, `at` where.

        `what` may hold numbers, addresses and words of the rule; never a text out of the properties.
        """
        path = at.path if isinstance(at, Value) else at
        text = f"{what} ({path})" if path else what
        verdict = self._about()
        if text not in verdict.violations:
            verdict.violations.append(text)

    def _about(self) -> Verdict:
        assert self._current is not None, "a rule reports only inside `on`"
        return self._current

    def _verdict(self, resource: Resource) -> Verdict:
        found = self.verdicts.get(resource.urn)
        if found is None:
            covering = [
                one
                for one in self._settings.exemptions
                if one.covers(resource.type, resource.name, resource.urn)
            ]
            longest = max(covering, key=lambda one: one.expires, default=None)
            found = self.verdicts[resource.urn] = Verdict(resource, exemption=longest)
        return found
