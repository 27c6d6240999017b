"""Writes docs/policies.md from the rules: `python -m policies.document`, which is in `make docs`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from policies import configuration
from policies.catalogue import Pack, packs
from policies.lib.exemptions import Exemption
from policies.lib.rule import Rule
from policies.lib.settings import Settings

TARGET = Path(__file__).resolve().parents[1] / "docs" / "policies.md"
_INTRODUCTION = Path(__file__).with_name("introduction.md")
_LETTERS = {"disabled": "off", "advisory": "advise", "mandatory": "refuse", "remediate": "mend"}


def render() -> str:
    """The whole document."""
    chosen = {environment: configuration.read(environment) for environment in configuration.ENVIRONMENTS}
    parts = [
        "# Policies",
        "<!-- Written by `make docs` from the rules in policies/rules/ and policies/introduction.md. -->",
        _INTRODUCTION.read_text().strip(),
        "## The packs",
        _summary(),
    ]
    for pack in packs():
        parts += [f"## {pack.name}", f"{pack.title}.", _table(pack)]
        parts += [part for rule in pack.rules for part in _section(rule, chosen)]
    return "\n\n".join(parts) + "\n"


def _summary() -> str:
    rows = ["| Pack | Rules | critical | high | medium | low |", "| --- | --- | --- | --- | --- | --- |"]
    for pack in packs():
        counts = Counter(rule.severity.value for rule in pack.rules)
        cells = " | ".join(str(counts[severity]) for severity in ("critical", "high", "medium", "low"))
        rows.append(f"| [{pack.name}](#{pack.name}) | {len(pack.rules)} | {cells} |")
    return "\n".join(rows)


def _table(pack: Pack) -> str:
    rows = ["| Rule | Severity | local | dev | prod | What holds |", "| --- | --- | --- | --- | --- | --- |"]
    for rule in pack.rules:
        levels = " | ".join(_LETTERS[rule.levels.of(one)] for one in configuration.ENVIRONMENTS)
        rows.append(f"| [{rule.id}](#{rule.id}) | {rule.severity.value} | {levels} | {_cell(rule.title)} |")
    return "\n".join(rows)


def _section(rule: Rule, chosen: dict[str, dict[str, dict[str, object]]]) -> Iterator[str]:
    yield f"### {rule.id}"
    yield f"{rule.title}. {rule.why}"
    facts = [
        f"**Fix**: {rule.fix}",
        f"**Looks at**: {_types(rule)}" + (", together" if rule.about_stack else ""),
        f"**A value that is not known yet**: {rule.unknown.value}",
        f"**References**: {', '.join(map(str, rule.refs)) or 'none'} ([more]({rule.url}))",
    ]
    if rule.remedy:
        facts.append(f"**Remedy**: {_remedy(rule)}")
    facts += [f"**Setting** {one}" for one in _settings(rule.settings)]
    facts += [f"**In {environment}**: {said}" for environment, said in _given(rule, chosen)]
    if rule.departs:
        facts.append(f"**Differs from the baseline**: {rule.departs}")
    yield "\n".join(f"- {fact}" for fact in facts)


def _types(rule: Rule) -> str:
    shown = sorted(rule.types.tokens) + [f"{prefix}…" for prefix in rule.types.prefixes]
    return ", ".join(f"`{one}`" for one in shown)


def _remedy(rule: Rule) -> str:
    if rule.create_only:
        return "yes, for resources that `newResources` names: it would replace one that exists"
    if rule.about_stack:
        return f"`{rule.remedy_id}`, a policy of its own, at the level `remediate`"
    return "yes, at the level `remediate`"


def _settings(model: type[Settings]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if name not in Settings.model_fields:
            default = json.dumps(field.get_default(call_default_factory=True), default=str)
            yield f"`{field.alias or name}`: {field.description} Default: `{default}`."


def _given(rule: Rule, chosen: dict[str, dict[str, dict[str, object]]]) -> Iterator[tuple[str, str]]:
    """What the committed configuration says beyond the level: settings, and exemptions with their reasons."""
    for environment, given in chosen.items():
        parsed = configuration.settings(given, rule)
        own = {
            key: value
            for key, value in given.get(rule.id, {}).items()
            if key not in ("enforcementLevel", "exemptions")
        }
        if own:
            yield environment, ", ".join(f"`{key}` is `{json.dumps(value)}`" for key, value in own.items())
        yield from ((environment, _exemption(one)) for one in parsed.exemptions)


def _exemption(one: Exemption) -> str:
    return f"`{one.resource}` is exempt until {one.expires}: {one.reason} ({one.owner})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    TARGET.write_text(render())
