"""What is generated from the rules is current, and every rule says what a reader needs."""

from __future__ import annotations

import pytest
import yaml

from policies import VERSION, configuration, document
from policies.catalogue import packs
from policies.lib.rule import Rule

_RULES = [pytest.param(one, id=one.id) for pack in packs() for one in pack.rules]


def test_the_document_is_what_the_rules_say() -> None:
    assert document.TARGET.read_text() == document.render(), "run `make docs`"


@pytest.mark.parametrize("environment", configuration.ENVIRONMENTS)
def test_the_levels_are_those_that_the_rules_declare(environment: str) -> None:
    assert configuration.path(environment).read_text() == configuration.text(environment), "run `make docs`"


def test_all_packs_have_the_same_version() -> None:
    for pack in packs():
        folder = configuration.DIRECTORY.parent / pack.name
        described = yaml.safe_load((folder / "PulumiPolicy.yaml").read_text())
        assert described["version"] == VERSION
        assert f'serve_pack("{pack.name}")' in (folder / "__main__.py").read_text()


def test_no_two_rules_have_the_same_id() -> None:
    ids = [one.id for pack in packs() for one in pack.rules]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("rule", _RULES)
def test_a_rule_tells_what_why_how_and_where_from(rule: Rule) -> None:
    assert rule.url.startswith("https://")
    assert rule.title[0].isupper()
    assert not rule.title.endswith(".")
    assert rule.why.endswith(".")
    assert rule.fix.endswith(".")
    assert rule.refs or rule.url
    if rule.departs:
        assert rule.departs.endswith(".")
