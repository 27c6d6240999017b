"""The files `policies/config/<environment>.json`: one for all packs, in the engine's own format.

A rule's level there is the one that it declares for the environment, written by `make docs`; what else an
entry has (limits, lists, exemptions) is kept by hand. `python -m policies.configuration` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from policies.catalogue import packs
from policies.lib.rule import Rule
from policies.lib.settings import Settings, parse

ENVIRONMENTS = ("local", "dev", "prod")
DIRECTORY = Path(__file__).parent / "config"


def path(environment: str) -> Path:
    """The file of an environment."""
    return DIRECTORY / f"{environment}.json"


def read(environment: str) -> dict[str, dict[str, Any]]:
    """What the file says, by rule.

    Raises:
        ValueError: it names a rule that no pack has, or settings that a rule does not know.
    """
    given: dict[str, dict[str, Any]] = json.loads(path(environment).read_text())
    by_id = rules()
    if unknown := sorted(set(given) - set(by_id)):
        raise ValueError(f"{path(environment).name} names rules that no pack has: {', '.join(unknown)}")
    for id_ in given:
        settings(given, by_id[id_])
    return given


def settings(given: dict[str, dict[str, Any]], rule: Rule) -> Settings:
    """The settings that a file gives a rule.

    Raises:
        ValueError: they are wrong.
    """
    entry = {key: value for key, value in given.get(rule.id, {}).items() if key != "enforcementLevel"}
    return parse(rule.id, rule.settings, entry)


def rules() -> dict[str, Rule]:
    """Every rule of every pack by the ids under which the configuration knows it."""
    return {id_: rule for pack in packs() for rule in pack.rules for id_ in (rule.id, _remedy(rule)) if id_}


def text(environment: str) -> str:
    """The file as it should be: the declared levels, and what else is there now."""
    file = path(environment)
    given: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    wanted: dict[str, dict[str, Any]] = {}
    for id_, rule in rules().items():
        level = rule.levels.of(environment) if id_ == rule.id else "disabled"
        rest = {key: value for key, value in given.get(id_, {}).items() if key != "enforcementLevel"}
        wanted[id_] = {"enforcementLevel": level, **rest}
    return json.dumps(wanted, indent=2) + "\n"


def _remedy(rule: Rule) -> str:
    """The policy beside a stack rule that mends, which is off unless somebody turns it on by hand."""
    return rule.remedy_id if rule.remedy and rule.about_stack else ""


if __name__ == "__main__":
    for one in ENVIRONMENTS:
        path(one).write_text(text(one))
