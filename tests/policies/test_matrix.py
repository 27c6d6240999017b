"""Every rule through the real servicer, in the cases that make policies lie.

The examples say what is right and wrong; from each of them these tests make the rest: other names of a type,
null, other spellings of a value, unknowns in the property and beside it, secrets, long lists, other types.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from policies.catalogue import packs
from policies.lib.pack import EXEMPTIONS
from policies.lib.rule import Rule, Unknown
from policies.lib.settings import CreateOnly
from policies.lib.types import canonical
from tests.policies.examples.case import Bad, Example
from tests.policies.examples.found import each, examples
from tests.support.policies import UNKNOWN, Hidden, Judge, R, Said, leaves, put, rule

_ALL = [pytest.param(example, id=name) for name, example in each()]
_SENTINEL = re.compile(re.escape(UNKNOWN))
_LONG = 300
_judges: dict[str, Judge] = {}


def for_each_bad(test: Callable[[Example, Bad], None]) -> Callable[..., None]:
    """One test for an example, with every change that breaks the rule as a case of it."""

    def looped(example: Example) -> None:
        for what, bad in example.broken():
            try:
                test(example, bad)
            except AssertionError as failure:
                failure.add_note(f"when {what}")
                raise

    looped.__name__ = test.__name__
    return pytest.mark.parametrize("example", _ALL)(looped)


def _judge(example: Example, resources: Sequence[R], **config: Any) -> Said:
    one = rule(example.rule)
    settings = {**example.config, **config}
    key = json.dumps([one.id, settings], default=str)
    if key not in _judges:
        _judges[key] = Judge([one], config={one.id: settings})
    said = _judges[key].stack(resources)
    assert {d.rule for d in said.diagnostics} <= {one.id, EXEMPTIONS}
    assert not any(_SENTINEL.search(d.message) for d in said.diagnostics)
    return said


def _keeps(said: Said) -> None:
    assert not said.diagnostics, [one.message for one in said.diagnostics]


def _breaks(said: Said, count: int | None = None) -> None:
    assert said.violations
    assert count is None or len(said.violations) == count, [one.message for one in said.violations]
    assert not said.undetermined, [one.message for one in said.undetermined]


@pytest.mark.parametrize("rule_", [pytest.param(one, id=one.id) for p in packs() for one in p.rules])
def test_every_rule_has_an_example_that_breaks_it(rule_: Rule) -> None:
    assert any(example.bad for example in examples().get(rule_.id, ()))


@pytest.mark.parametrize("example", _ALL)
def test_a_compliant_stack_is_left_alone(example: Example) -> None:
    _keeps(_judge(example, example.good))
    for what, change in example.fine.items():
        said = _judge(example, change(example.good))
        assert not said.diagnostics, (what, [one.message for one in said.diagnostics])


@for_each_bad
def test_a_violation_is_reported_as_often_as_it_is_there(example: Example, bad: Bad) -> None:
    said = _judge(example, bad.change(example.good))
    _breaks(said, bad.count)
    for one in said.violations:
        assert one.level == "mandatory"
        assert one.resource
        assert repr(one.resource) in one.message  # where
        assert one.message.endswith(rule(example.rule).fix)  # how to mend it


@pytest.mark.parametrize("example", [param for param in _ALL if param.values[0].open])
def test_what_cannot_be_decided_is_said_once(example: Example) -> None:
    for what, change in example.open.items():
        resources = change(example.good)
        said = _judge(example, resources)
        assert not said.violations, what
        assert len(said.undetermined) == 1, what
        assert said.undetermined[0].level == "advisory"
        strict = _judge(example, resources, strict=True)
        assert {one.level for one in strict.diagnostics} == {"mandatory"}, what


def _renamed(resources: Sequence[R], rename: Callable[[str], str | None]) -> list[R] | None:
    """The stack with every type under another of its names; None if none has one."""
    made = [replace(one, type=rename(one.type) or one.type) for one in resources]
    assert all(canonical(new.type) == canonical(old.type) for new, old in zip(made, resources, strict=True))
    return made if [one.type for one in made] != [one.type for one in resources] else None


def _v2(token: str) -> str | None:
    found = re.fullmatch(r"aws:s3/(bucket\w*):(Bucket\w*)", token)
    return f"aws:s3/{found[1]}V2:{found[2]}V2" if found else None


OTHER_NAMES: dict[str, Callable[[str], str | None]] = {
    "alb": lambda token: token.replace("aws:lb/", "aws:alb/"),
    "elasticloadbalancingv2": lambda token: token.replace("aws:lb/", "aws:elasticloadbalancingv2/"),
    "s3 V2": _v2,
    "Patch": lambda token: f"{token}Patch" if re.match(r"kubernetes:[\w.]+/v\w+:", token) else None,
}


@for_each_bad
def test_another_name_of_a_type_changes_nothing(example: Example, bad: Bad) -> None:
    for names, rename in OTHER_NAMES.items():
        broken = _renamed(bad.change(example.good), rename)
        if broken is not None and (names != "Patch" or example.patches):
            _breaks(_judge(example, broken), bad.count)


@for_each_bad
def test_the_objects_of_a_list_are_judged_each(example: Example, bad: Bad) -> None:
    def listed(one: R) -> R:
        if not re.match(r"kubernetes:[\w.]+/v\w+:", one.type) or one.type.startswith("kubernetes:helm"):
            return one
        return replace(one, type=f"{one.type}List", props={"items": [one.props]})

    broken = [listed(one) for one in bad.change(example.good)]
    if broken == bad.change(example.good):
        return
    _breaks(_judge(example, broken), bad.count)
    _keeps(_judge(example, [listed(one) for one in example.good]))


def _respelled(value: Any) -> Any:
    """The same in other types: booleans and numbers as the texts that providers accept for them."""
    if isinstance(value, dict):
        return {key: _respelled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_respelled(item) for item in value]
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, (int, float)) else value


@pytest.mark.parametrize("example", _ALL)
def test_numbers_and_booleans_may_be_texts(example: Example) -> None:
    def spelled(resources: Sequence[R]) -> list[R]:
        return [replace(one, props=_respelled(one.props)) for one in resources]

    _keeps(_judge(example, spelled(example.good)))
    for what, bad in example.broken():
        assert _judge(example, spelled(bad.change(example.good))).violations, what


def _places(resources: Sequence[R]) -> Iterator[tuple[R, str]]:
    for resource in resources:
        yield from ((resource, path) for path, _ in leaves(resource.props))


@pytest.mark.parametrize("example", _ALL)
def test_an_unknown_is_judged_without_it_or_called_undetermined_once(example: Example) -> None:
    undecided = 0
    for resource, path in _places(example.good):
        at = f"{resource.type}::{resource.name}"
        said = _judge(example, put(at, path, UNKNOWN)(example.good))
        assert len(said.undetermined) <= 1, path
        assert not said.violations, (path, [one.message for one in said.violations])
        undecided += len(said.undetermined)
        assert all(one.level == "advisory" for one in said.undetermined)
        if said.undetermined:
            strict = _judge(example, put(at, path, UNKNOWN)(example.good), strict=True)
            assert strict.violations, path
            assert not strict.undetermined, path
    if rule(example.rule).unknown is Unknown.UNDETERMINED and not example.decided:
        assert undecided or example.open, (
            "no unknown of this example makes the rule say that it cannot decide"
        )
    elif not example.decided:
        assert not undecided, "the rule says that it takes an unknown as set"


@for_each_bad
def test_an_unknown_beside_hides_no_violation(example: Example, bad: Bad) -> None:
    broken = [
        replace(one, props={**one.props, "unrelated": UNKNOWN, "tagsAll": UNKNOWN})
        for one in bad.change(example.good)
    ]
    assert len(_judge(example, broken).violations) >= bad.count


@for_each_bad
def test_an_unknown_resource_hides_no_violation_of_another(example: Example, bad: Bad) -> None:
    broken = bad.change(example.good)
    blank = [
        R(one.type, dict.fromkeys(one.props, UNKNOWN), name=f"{one.name}-blank", provider=one.provider)
        for one in broken
        if one.props
    ]
    missed = Counter(one.resource for one in _judge(example, broken).violations)
    missed.subtract(one.resource for one in _judge(example, [*blank, *broken]).violations)
    if not example.companions_hide:
        assert not +missed


@pytest.mark.parametrize("example", _ALL)
def test_null_is_the_same_as_absent(example: Example) -> None:
    def without_it(path: str, name: str, value: Any) -> Counter[str]:
        return _judge(example, put(name, path, value)(example.good)).fired

    for resource in example.good:
        for key in resource.props:
            at = f"{resource.type}::{resource.name}"
            left_out = [
                replace(one, props={k: v for k, v in one.props.items() if k != key})
                if one is resource
                else one
                for one in example.good
            ]
            null = put(at, key, None)(example.good)
            assert _judge(example, null).fired == _judge(example, left_out).fired, key


@for_each_bad
def test_a_type_that_is_none_of_the_rules_business_is_not_judged(example: Example, bad: Bad) -> None:
    if rule(example.rule).types.prefixes:
        return
    others = [replace(one, type="random:index/randomString:RandomString") for one in bad.change(example.good)]
    _keeps(_judge(example, others))


@pytest.mark.parametrize("example", _ALL)
def test_a_long_list_is_judged_like_a_short_one(example: Example) -> None:
    def long(value: Any) -> Any:
        """The outermost lists with their elements many times over."""
        if isinstance(value, dict):
            return {key: long(item) for key, item in value.items()}
        return value * (_LONG // max(1, len(value))) if isinstance(value, list) else value

    if example.repeatable:
        _keeps(_judge(example, [replace(one, props=long(one.props)) for one in example.good]))


@pytest.mark.parametrize("example", _ALL)
def test_an_element_that_is_unknown_is_not_taken_for_anything(example: Example) -> None:
    for resource in example.good:
        for key, value in resource.props.items():
            if isinstance(value, list):
                at = f"{resource.type}::{resource.name}"
                said = _judge(example, put(at, f"{key}[{len(value)}]", UNKNOWN)(example.good))
                assert not said.violations, key
                assert len(said.undetermined) <= 1, key


@for_each_bad
def test_no_text_of_a_resource_gets_into_a_message(example: Example, bad: Bad) -> None:
    broken = bad.change(example.good)
    said = _judge(example, broken)
    texts = {
        str(value.value if isinstance(value, Hidden) else value)
        for one in broken
        for _, value in leaves(one.props)
        if isinstance(value, (str, Hidden))
    }
    agreed = f"{rule(example.rule).fix} {example.vocabulary}"
    told = " ".join(one.message.replace(rule(example.rule).fix, "") for one in said.diagnostics)
    names = " ".join(f"{one.name} {one.type}" for one in broken)
    for text in texts:
        if len(text) > 3 and text not in agreed and text not in names:
            assert not re.search(rf"(?<![\w.\[]){re.escape(text)}(?![\w(])", told), text


@for_each_bad
def test_a_remedy_mends_and_mends_once_and_touches_nothing_else(example: Example, bad: Bad) -> None:
    one = rule(example.rule)
    if not one.remedy:
        return
    broken = [
        replace(r, props={**r.props, "untouched": {"secret": Hidden("s"), "unknown": [UNKNOWN]}})
        for r in bad.change(example.good)
    ]
    created = {"newResources": ["*"]} if issubclass(one.settings, CreateOnly) else {}
    config = {one.id: {**example.config, **created}, one.remedy_id: {**example.config, **created}}
    at_work = Judge([one], levels={one.id: "remediate", one.remedy_id: "remediate"}, config=config)
    mended = [at_work.remedied(r) for r in broken]
    assert [at_work.remedied(r).props for r in mended] == [r.props for r in mended]  # once is enough
    for before, after in zip(broken, mended, strict=True):
        assert after.props["untouched"] == before.props["untouched"]
        known = dict(leaves(before.props))
        lost = {path for path in known if path not in dict(leaves(after.props))}
        assert not {path for path in lost if known[path] not in (None, {}, [], ())} - set(example.removed)
    if [r.props for r in mended] != [r.props for r in broken]:
        left = Judge([one], config=config).stack(mended)
        assert len(left.violations) < bad.count or not left.violations, [v.message for v in left.violations]
    else:
        assert example.by_hand, "the remedy does nothing about this"


@for_each_bad
def test_a_remedy_that_would_replace_refuses_what_may_exist(example: Example, bad: Bad) -> None:
    one = rule(example.rule)
    if not issubclass(one.settings, CreateOnly):
        return
    for resource in bad.change(example.good):
        closed = Judge([one], levels={one.id: "remediate"}, config={one.id: example.config})
        assert closed.remedied(resource) == resource
        new = {one.id: {**example.config, "newResources": ["*"]}}
        protected = replace(resource, protect=True)
        assert Judge([one], levels={one.id: "remediate"}, config=new).remedied(protected) == protected


def test_how_much_the_examples_say(record_property: Callable[[str, object], None]) -> None:
    """Counts, for the end of the run's log."""
    each_example: list[Example] = [param.values[0] for param in _ALL]
    said = {name: sum(len(getattr(one, name)) for one in each_example) for name in ("bad", "fine", "open")}
    record_property(
        "summary",
        f"policies: {len(_ALL)} examples with {said['bad']} violations, {said['fine']} changes that are fine "
        f"and {said['open']} that leave it open, each through every test of the matrix",
    )
    assert said["bad"] >= len(_ALL)
