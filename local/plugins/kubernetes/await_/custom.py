"""The annotation `pulumi.com/waitFor`: readiness in the program's own words."""

from __future__ import annotations

import json
import re
from typing import Any

from local.plugins.base.paths import Path, parse
from local.plugins.kubernetes.await_.verdict import READY, Lookup, Rule, Verdict, condition, says, waiting
from local.plugins.kubernetes.errors import OperationError
from local.plugins.kubernetes.objects import Object, dig

_CONDITION = re.compile(r"condition=(?P<type>[^=]+)(?:=(?P<status>\w+))?\Z")
_JSONPATH = re.compile(r"jsonpath=\{?\$?\.?(?P<path>[^{}=]+)\}?(?:=(?P<value>.*))?\Z")


def wait_for(text: str) -> Rule:
    """A rule for `condition=Ready`, `jsonpath={.status.phase}=Running`, or a JSON list of such.

    OperationError where it is neither.
    """
    wanted = _texts(text)
    rules = [_rule(item) for item in wanted]

    def all_of(obj: Object, lookup: Lookup) -> Verdict:
        for rule in rules:
            verdict = rule(obj, lookup)
            if verdict.state != "ready":
                return verdict
        return READY

    return all_of


def _texts(text: str) -> list[str]:
    if not text.lstrip().startswith("["):
        return [text]
    try:
        parsed: Any = json.loads(text)
    except ValueError as error:
        raise _bad(text) from error
    return [str(item) for item in parsed]


def _rule(text: str) -> Rule:
    match = _CONDITION.match(text)
    if match:
        return _condition(match["type"], match["status"] or "True")
    match = _JSONPATH.match(text)
    if not match:
        raise _bad(text)
    try:
        return _value(text, parse(match["path"]), match["value"])
    except ValueError as error:
        raise _bad(text) from error


def _condition(kind: str, status: str) -> Rule:
    def rule(obj: Object, _: Lookup) -> Verdict:
        if says(condition(obj, kind), status):
            return READY
        return waiting(f"waiting for condition {kind} to be {status}")

    return rule


def _value(text: str, path: Path, expected: str | None) -> Rule:
    def rule(obj: Object, _: Lookup) -> Verdict:
        found = dig(obj, *path)
        shown = found if isinstance(found, str) else json.dumps(found)
        if found is not None and expected in (None, shown):
            return READY
        return waiting(f"waiting for {text} (now {shown})")

    return rule


def _bad(text: str) -> OperationError:
    return OperationError(
        f"The annotation pulumi.com/waitFor says {text!r}; expected `condition=<type>[=<status>]`, "
        "`jsonpath={.path.to.field}[=<value>]`, or a JSON list of these."
    )
