"""CloudWatch: alarms on other alarms, which moto has no call for, and what AWS refuses of them.

A rule may only name alarms that are there, and one that is named cannot go.
"""

from __future__ import annotations

import re
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from local.emulator.errors import Refusal

_NAMED = re.compile(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*\"?([^\")]+)\"?\s*\)")


def install() -> None:
    """Once for the process."""
    delete = CloudWatchBackend.delete_alarms

    def put_composite_alarm(self: Any) -> Any:
        backend: CloudWatchBackend = self.cloudwatch_backend
        missing = sorted(named(self._get_param("AlarmRule")) - backend.alarms.keys())
        if missing:
            message = f"Could not save the composite alarm as alarms {missing} in the alarm rule do not exist"
            raise Refusal("ValidationError", message)
        return self.put_metric_alarm()

    def delete_alarms(self: CloudWatchBackend, alarm_names: list[str]) -> None:
        for one in self.alarms.values():
            rule: str | None = one.rule
            held = named(rule) & set(alarm_names) if rule and one.name not in alarm_names else set[str]()
            if held:
                message = f"Alarms {sorted(held)} cannot be deleted: {one.name} depends on them"
                raise Refusal("ValidationError", message)
        for name in alarm_names:
            if name in self.alarms:
                self.tagger.delete_all_tags_for_resource(self.alarms[name].alarm_arn)
        delete(self, alarm_names)

    CloudWatchResponse.put_composite_alarm = put_composite_alarm  # pyright: ignore[reportAttributeAccessIssue]
    CloudWatchBackend.delete_alarms = delete_alarms


def named(rule: str) -> set[str]:
    """The alarms that a rule is about."""
    return set(_NAMED.findall(rule))
