"""Levels, settings and exemptions: what a configuration file may say, and what comes of it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2

from policies import configuration
from policies.catalogue import packs
from policies.lib import pack as pack_module
from policies.lib.pack import EXEMPTIONS, analyzer
from policies.lib.settings import Settings, parse, schema
from tests.support.policies import UNKNOWN, Judge, R, rule

DB = "aws:rds/instance:Instance"
PUBLIC = R(DB, {"publiclyAccessible": True}, name="db")
PRIVATE = R(DB, {"publiclyAccessible": False}, name="db")
EXEMPT = {
    "resource": f"{DB}::db",
    "reason": "A demonstration that holds no data.",
    "owner": "platform",
    "expires": "2027-03-31",
}


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(pack_module, "today", lambda: dt.date(2027, 3, 31))
    return None


def _judge(*exemptions: dict[str, Any], level: str = "mandatory", **settings: Any) -> Judge:
    return Judge(
        [rule("rds-private")],
        levels={"rds-private": level},
        config={"rds-private": {"exemptions": list(exemptions), **settings}},
    )


@pytest.mark.parametrize("level", ["advisory", "mandatory"])
def test_the_configured_level_is_that_of_the_violation(level: str) -> None:
    (violation,) = _judge(level=level).stack([PUBLIC]).violations
    assert violation.level == level


def test_a_disabled_rule_says_nothing() -> None:
    assert not _judge(level="disabled").stack([PUBLIC]).diagnostics


def test_a_rule_that_mends_refuses_what_is_still_wrong() -> None:
    (violation,) = _judge(level="remediate").stack([PUBLIC]).violations
    assert violation.level == "mandatory"


def test_without_a_configuration_the_levels_are_those_of_production() -> None:
    for one in packs():
        told = analyzer(one.name, one.title, one.rules).GetAnalyzerInfo(Empty(), None)
        assert told.displayName == one.title
        levels = {
            policy.name: analyzer_pb2.EnforcementLevel.Name(policy.enforcementLevel).lower()
            for policy in told.policies
        }
        assert {each.id: levels[each.id] for each in one.rules} == {
            each.id: each.levels.prod for each in one.rules
        }


def test_an_exemption_holds_on_its_last_day_and_is_reported() -> None:
    (used,) = _judge(EXEMPT).stack([PUBLIC]).diagnostics
    assert (used.rule, used.level, used.resource) == (EXEMPTIONS, "advisory", "db")
    assert EXEMPT["reason"] in used.message
    assert "2027-03-31" in used.message
    assert "platform" in used.message


def test_an_exemption_that_is_not_needed_is_not_reported() -> None:
    assert not _judge(EXEMPT).stack([PRIVATE]).diagnostics


def test_an_expired_exemption_is_a_violation_besides_the_one_that_it_covered() -> None:
    expired = {**EXEMPT, "expires": "2027-03-30"}
    said = _judge(expired).stack([PUBLIC])
    assert len(said.violations) == 2
    assert "expired on 2027-03-30" in said.violations[1].message


def test_an_expired_exemption_is_a_violation_even_where_all_is_well_by_now() -> None:
    (violation,) = _judge({**EXEMPT, "expires": "2027-03-30"}).stack([PRIVATE]).violations
    assert "expired" in violation.message


def test_of_two_exemptions_the_one_that_still_holds_counts() -> None:
    said = _judge({**EXEMPT, "expires": "2026-01-01"}, EXEMPT).stack([PUBLIC])
    assert [one.rule for one in said.diagnostics] == [EXEMPTIONS]


@pytest.mark.parametrize(
    ("glob", "covers"),
    [
        (f"{DB}::*", True),
        ("*::db", True),
        ("urn:pulumi:prod::*::db", True),
        ("urn:pulumi:dev::*", False),
        (f"{DB}::other", False),
        ("db*", False),
    ],
)
def test_an_exemption_covers_what_its_glob_matches(glob: str, covers: bool) -> None:
    said = _judge({**EXEMPT, "resource": glob}).stack([PUBLIC])
    assert bool(said.fired["rds-private"]) is not covers


def test_an_exempted_resource_hides_no_other() -> None:
    other = R(DB, {"publiclyAccessible": True}, name="other")
    said = _judge(EXEMPT).stack([PUBLIC, other])
    assert [one.resource for one in said.violations if one.rule == "rds-private"] == ["other"]


def test_an_exempted_resource_is_not_undetermined() -> None:
    said = _judge(EXEMPT).stack([R(DB, {"publiclyAccessible": UNKNOWN}, name="db")])
    assert [one.rule for one in said.diagnostics] == [EXEMPTIONS]


@pytest.mark.parametrize("missing", ["reason", "owner", "expires", "resource"])
def test_an_exemption_needs_a_resource_a_reason_an_owner_and_an_end(missing: str) -> None:
    incomplete = {key: value for key, value in EXEMPT.items() if key != missing}
    with pytest.raises(ValueError, match=rf"rds-private is wrong at exemptions\.0\.{missing}"):
        _judge(incomplete).stack([PRIVATE])


def test_a_setting_that_the_rule_does_not_know_is_refused_in_a_sentence() -> None:
    with pytest.raises(ValueError, match=r"rds-private is wrong at tpyo: .* It knows: exemptions, strict"):
        _judge(tpyo=1).stack([PRIVATE])


def test_a_wrong_setting_does_not_repeat_what_was_given() -> None:
    with pytest.raises(ValueError, match="strict") as refused:
        parse("any", Settings, {"strict": "hunter2"})
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("environment", configuration.ENVIRONMENTS)
def test_the_committed_files_name_rules_and_settings_that_exist(environment: str) -> None:
    assert set(configuration.read(environment)) == set(configuration.rules())


@pytest.mark.parametrize("environment", configuration.ENVIRONMENTS)
def test_no_committed_exemption_has_expired(environment: str) -> None:
    given = configuration.read(environment)
    now = dt.datetime.now(dt.UTC).date()
    for one in configuration.rules().values():
        for exemption in configuration.settings(given, one).exemptions:
            assert not exemption.expired(now), f"{one.id}: {exemption.resource}"


def test_a_file_with_a_rule_that_no_pack_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dev.json").write_text(json.dumps({"rds-pirvate": {"enforcementLevel": "mandatory"}}))
    monkeypatch.setattr(configuration, "DIRECTORY", tmp_path)
    with pytest.raises(ValueError, match="no pack has: rds-pirvate"):
        configuration.read("dev")


def test_writing_the_levels_anew_keeps_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"rds-private": {"enforcementLevel": "disabled", "exemptions": [EXEMPT]}}
    (tmp_path / "dev.json").write_text(json.dumps(given))
    monkeypatch.setattr(configuration, "DIRECTORY", tmp_path)
    written = json.loads(configuration.text("dev"))
    assert written["rds-private"] == {"enforcementLevel": "mandatory", "exemptions": [EXEMPT]}
    assert set(written) == set(configuration.rules())


def test_the_schema_that_the_engine_checks_has_no_references() -> None:
    for one in configuration.rules().values():
        assert "$ref" not in json.dumps(schema(one.settings).properties)
